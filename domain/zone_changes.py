"""What a policy becomes when it gets a time zone, and when it must be left alone.

``scheduleRunTimes`` are wall-clock times with a literal ``Z`` (recovery-services 1.3), so changing
the zone alone moves every backup's moment. ``set-zone`` does just that and touches nothing else;
``keep-moment`` rewrites the clock times so that the moments stay (DESIGN rule 6).
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from domain.codec import JsonObject
from domain.documents import Difference, diff_documents, path_text, value_at, walk, with_value
from domain.policies import Policy, ZoneState, parse_policy, put_body, time_paths, zone_path
from domain.requests import TimeZoneMode
from domain.time_zones import RECENT_ZONES, find_windows_zone, next_transitions, zone_info

RUN_MINUTES = (0, 30)
"""Minutes past the hour at which a backup may run (recovery-services 1.3)."""

_CLOCK = re.compile(r"^(\d{4}-\d{2}-\d{2}T)([01]\d|2[0-3]):([0-5]\d)(:00(?:\.0+)?Z)$")

_DAY_MEMBERS = frozenset({"scheduleRunDays", "daysOfTheWeek", "daysOfTheMonth"})
"""Lists of days; a run that slips over midnight would no longer fall on them."""


@dataclass(frozen=True, kw_only=True)
class Unchanged:
    """The policy has the zone already; nothing is written."""

    reason: str
    kind: Literal["unchanged"] = "unchanged"


@dataclass(frozen=True, kw_only=True)
class Change:
    """The policy gets a new document."""

    document: JsonObject
    """The body to write: the whole policy without id, name and type."""
    differences: tuple[Difference, ...]
    """Exactly what differs from the policy as it was read."""
    notes: tuple[str, ...] = ()
    """What a person should know before it is written."""
    kind: Literal["change"] = "change"


@dataclass(frozen=True, kw_only=True)
class NotApplicable:
    """Policies of this kind keep no zone in ARM; a person has to look at the machines."""

    reason: str
    kind: Literal["not_applicable"] = "not_applicable"


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The zone cannot be set without changing something nobody asked for."""

    reason: str
    kind: Literal["refused"] = "refused"


type ZoneChange = Unchanged | Change | NotApplicable | Refused


class _RefusedError(Exception):
    """Why one clock time cannot be rewritten."""


def _moments(day: date, clock: time, zone: ZoneInfo) -> set[datetime]:
    # Both folds agree unless the clock jumps over this time or shows it twice.
    naive = datetime.combine(day, clock)
    return {naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}


@dataclass(frozen=True, kw_only=True)
class _Conversion:
    """Rewrites clock times of one zone as clock times of another, as of one day."""

    old: ZoneInfo
    new: ZoneInfo
    day: date
    names_days: bool

    def rewrite(self, text: str) -> str:
        found = _CLOCK.match(text)
        if found is None:
            raise _RefusedError(f"{text!r} is not a time of a form known here")
        clock = time(int(found[2]), int(found[3]))
        moments = _moments(self.day, clock, self.old)
        # The earlier of the two where the clock shows the time twice; the check below then refuses
        # it.
        local = min(moments).astimezone(self.new)
        self._check(clock, local, moments)
        # The date stays: only the clock time counts, and a date in the future is refused (1.3).
        return f"{found[1]}{local:%H:%M}{found[4]}"

    def _check(self, clock: time, local: datetime, moments: set[datetime]) -> None:
        if len(moments) > 1 or len(_moments(local.date(), local.time(), self.new)) > 1:
            raise _RefusedError(f"{clock:%H:%M} falls into a change of the clocks on {self.day}")
        if local.minute not in RUN_MINUTES or local.second:
            raise _RefusedError(
                f"{clock:%H:%M} becomes {local:%H:%M}; backups run on the hour or half hour only"
            )
        if local.date() != self.day and self.names_days:
            raise _RefusedError(
                f"{clock:%H:%M} becomes {local:%H:%M} of another day, and the policy names days"
            )


def _names_days(document: JsonObject) -> bool:
    return any(value and not _DAY_MEMBERS.isdisjoint(path) for path, value in walk(document))


def _offsets_drift(old: str, new: str, day: date) -> bool:
    # Between two clock changes nothing moves, so one look after each change is enough.
    start = datetime.combine(day, time(12), tzinfo=UTC)
    changes = [*next_transitions(old, start), *next_transitions(new, start)]
    distances = {
        moment.astimezone(zone_info(old)).replace(tzinfo=None)
        - moment.astimezone(zone_info(new)).replace(tzinfo=None)
        for moment in (start, *(change.at for change in changes))
    }
    return len(distances) > 1


def _notes(policy: Policy, zone: str) -> tuple[str, ...]:
    notes = []
    if zone in RECENT_ZONES:
        notes.append(f"{zone} is a new id; the service may not know it and refuse the policy")
    if policy.item_count:
        notes.append(f"the backup of {policy.item_count} items will be configured anew")
    return tuple(notes)


def _keep_moment(
    document: JsonObject, policy: Policy, zone: str, day: date
) -> tuple[JsonObject, tuple[str, ...]]:
    old = find_windows_zone(policy.raw_zone or "")
    if policy.zone_state is not ZoneState.GIVEN:
        raise _RefusedError(f"the policy's zone is {policy.zone_state}, and absent is not UTC")
    if old is None:
        raise _RefusedError(f"the policy's zone {policy.raw_zone!r} is not a Windows zone id")
    conversion = _Conversion(
        old=zone_info(old), new=zone_info(zone), day=day, names_days=_names_days(document)
    )
    for path in time_paths(document):
        document = with_value(document, path, conversion.rewrite(value_at(document, path)))
    if not _offsets_drift(old, zone, day):
        return document, ()
    return document, (
        f"{old} and {zone} do not change their clocks together: the moment is kept as of {day}",
    )


def _without_zone(policy: Policy) -> NotApplicable | Refused:
    if policy.zone_state is ZoneState.NOT_APPLICABLE:
        reason = f"policies of {policy.management_type} keep no time zone in ARM"
        return NotApplicable(reason=reason)
    return Refused(reason=f"unknown kind of policy: {policy.management_type or 'none given'}")


def plan_zone_change(
    document: JsonObject, *, zone: str, mode: TimeZoneMode, day: date
) -> ZoneChange:
    """What setting a policy's time zone comes to; nothing is sent.

    Args:
        document: The policy as the service sent it.
        zone: Canonical Windows id.
        mode: What stays: the clock time or the moment.
        day: The day on which ``keep-moment`` compares the two zones; today, as a rule.

    Returns:
        A Change whose document differs from the policy only where its differences say.
    """
    policy = parse_policy(document)
    path = zone_path(document)
    # Nothing is invented for a kind that keeps no zone: a member the service does not know would be
    # dropped in silence, and the policy would look settled (recovery-services 1.2).
    if path is None:
        return _without_zone(policy)
    # Nobody knows whether the service refuses a wrong zone in every kind (recovery-services 1.3).
    if find_windows_zone(zone) != zone:
        return Refused(reason=f"{zone!r} is not a canonical Windows zone id")
    # Another spelling of the zone that is there is no reason to spend one of 50 edits a day.
    if policy.raw_zone is not None and find_windows_zone(policy.raw_zone) == zone:
        return Unchanged(reason=f"the zone is {policy.raw_zone} already")
    # What is no object would be thrown away to make room for the zone.
    if not isinstance(value_at(document, path[:-1]), dict | None):
        return Refused(reason=f"{path_text(path[:-1])} is not an object")
    try:
        body, notes = _with_times(document, policy, zone, mode, day)
    except _RefusedError as error:
        return Refused(reason=str(error))
    changed = with_value(body, path, zone)
    return Change(
        document=changed,
        differences=diff_documents(put_body(document), changed),
        notes=_notes(policy, zone) + notes,
    )


def _with_times(
    document: JsonObject, policy: Policy, zone: str, mode: TimeZoneMode, day: date
) -> tuple[JsonObject, tuple[str, ...]]:
    """The body to send but for its zone, and what has to be said about its clock times."""
    body = put_body(document)
    if mode is TimeZoneMode.KEEP_MOMENT:
        return _keep_moment(body, policy, zone, day)
    return body, ()
