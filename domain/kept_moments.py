"""Rewrites the clock times of a policy so that its backups keep their moments in another zone."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from domain.codec import JsonObject
from domain.documents import value_at, walk, with_value
from domain.policies import Policy, ZoneState, time_paths
from domain.time_zones import find_windows_zone, zone_info
from domain.zone_clocks import next_transitions

RUN_MINUTES = (0, 30)
"""Minutes past the hour at which a backup may run (recovery-services 1.3)."""


_CLOCK = re.compile(r"^(\d{4}-\d{2}-\d{2}T)([01]\d|2[0-3]):([0-5]\d)(:00(?:\.0+)?Z)$")


_DAY_MEMBERS = frozenset({"scheduleRunDays", "daysOfTheWeek", "daysOfTheMonth"})
"""Lists of days; a run that slips over midnight would no longer fall on them."""


class CannotKeepError(Exception):
    """Why the clock times of a policy cannot be rewritten."""


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
            raise CannotKeepError(f"{text!r} is not a time of a form known here")
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
            raise CannotKeepError(f"{clock:%H:%M} falls into a change of the clocks on {self.day}")
        if local.minute not in RUN_MINUTES or local.second:
            raise CannotKeepError(
                f"{clock:%H:%M} becomes {local:%H:%M}; backups run on the hour or half hour only"
            )
        if local.date() != self.day and self.names_days:
            raise CannotKeepError(
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


def keep_moments(
    document: JsonObject, policy: Policy, zone: str, day: date
) -> tuple[JsonObject, tuple[str, ...]]:
    """The policy with its clock times rewritten, and what a person should know about them.

    Args:
        document: The policy as the service sent it.
        policy: What was read from it.
        zone: Canonical Windows id of the zone to come.
        day: The day on which the two zones are compared.

    Raises:
        CannotKeepError: A time has no counterpart, or the policy's own zone is not known.
    """
    old = find_windows_zone(policy.raw_zone or "")
    if policy.zone_state is not ZoneState.GIVEN:
        raise CannotKeepError(f"the policy's zone is {policy.zone_state}, and absent is not UTC")
    if old is None:
        raise CannotKeepError(f"the policy's zone {policy.raw_zone!r} is not a Windows zone id")
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
