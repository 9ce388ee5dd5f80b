"""What a policy becomes when it gets a time zone, and when it must be left alone.

``scheduleRunTimes`` are wall-clock times with a literal ``Z`` (recovery-services 1.3), so changing
the zone alone moves every backup's moment. ``set-zone`` does just that and touches nothing else;
``keep-moment`` rewrites the clock times so that the moments stay (DESIGN rule 6).
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from domain.codec import JsonObject
from domain.documents import Difference, diff_documents, path_text, value_at, with_value
from domain.kept_moments import CannotKeepError, keep_moments
from domain.policies import Policy, ZoneState, parse_policy, put_body, zone_path
from domain.requests import TimeZoneMode
from domain.time_zones import RECENT_ZONES, find_windows_zone


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


def _notes(policy: Policy, zone: str) -> tuple[str, ...]:
    notes = []
    if zone in RECENT_ZONES:
        notes.append(f"{zone} is a new id; the service may not know it and refuse the policy")
    if policy.item_count:
        notes.append(f"the backup of {policy.item_count} items will be configured anew")
    return tuple(notes)


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
    except CannotKeepError as error:
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
        return keep_moments(body, policy, zone, day)
    return body, ()
