"""What a policy's times mean in a zone: today, next time, and at the next changes of the clocks.

A person who reads ``22:00Z`` in a policy cannot tell when the backup runs (audit-checks B5); a
preview says it in local time and in UTC, before anything is written.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from domain.clock_changes import RunAtTransition, RunEffect, next_run, run_at_transitions
from domain.codec import JsonObject
from domain.policies import parse_policy
from domain.run_slots import RunSlot, run_slots
from domain.time_zones import find_windows_zone, zone_info

TRANSITIONS_SHOWN = 2

_EFFECTS = {
    RunEffect.MOVES: "the run stays at its local time and moves from {0} to {1} UTC",
    RunEffect.SKIPPED: "the run's local time does not exist that day, and the run may be left out",
    RunEffect.REPEATED: "the run's local time comes twice that day, and it may run twice",
}


@dataclass(frozen=True, kw_only=True)
class ClockChange:
    """One change of the clocks and what it does to a run."""

    at: datetime
    """UTC."""
    effect: RunEffect
    utc_before: str
    """``HH:MM`` UTC of the run until then."""
    utc_after: str
    text: str


@dataclass(frozen=True, kw_only=True)
class RunPreview:
    """One slot of a policy, in a zone."""

    slot: str
    local_time: str
    """``HH:MM`` on the zone's clock."""
    utc_time: str
    """The same moment of today, ``HH:MM`` UTC."""
    next_run: datetime
    """UTC."""
    clock_changes: tuple[ClockChange, ...]
    text: str


@dataclass(frozen=True, kw_only=True)
class SchedulePreview:
    """Every slot of one policy."""

    policy: str
    zone: str
    """Canonical Windows id."""
    runs: tuple[RunPreview, ...]

    @property
    def text(self) -> str:
        """The preview in words."""
        return " ".join(run.text for run in self.runs) or "The policy has no clock times."


def _clock_change(change: RunAtTransition) -> ClockChange:
    at = change.transition.at
    effect = _EFFECTS[change.effect].format(change.utc_before, change.utc_after)
    # Whether the service follows the clock is documented both ways (recovery-services 1.3).
    kept = f"; should the service keep the moment, it runs at {change.local_if_moment_kept} local"
    suffix = kept if change.effect is RunEffect.MOVES else ""
    return ClockChange(
        at=at,
        effect=change.effect,
        utc_before=change.utc_before,
        utc_after=change.utc_after,
        text=f"On {at:%Y-%m-%d %H:%M} UTC the clocks change: {effect}{suffix}.",
    )


def _next(zone: str, slot: RunSlot, now: datetime) -> datetime:
    """The next run on one of the slot's days."""
    moment = next_run(zone, slot.at, now)
    local = zone_info(zone)
    # Two weeks of looking are plenty: a skipped hour costs one week at most.
    for _ in range(14):
        # The day on the zone's own clock: shortly after midnight it is still yesterday in UTC.
        if slot.days is None or f"{moment.astimezone(local):%A}" in slot.days:
            break
        moment = next_run(zone, slot.at, moment)
    return moment


def _run(zone: str, slot: RunSlot, now: datetime) -> RunPreview:
    local = zone_info(zone)
    # Of today, not of the date in the policy: that one means nothing (recovery-services 1.3).
    today = datetime.combine(now.astimezone(local).date(), slot.at, tzinfo=local).astimezone(UTC)
    following = _next(zone, slot, now)
    changes = tuple(
        _clock_change(one) for one in run_at_transitions(zone, slot.at, now, TRANSITIONS_SHOWN)
    )
    # Silence could mean that nobody looked.
    told = [change.text for change in changes] or ["Its clock does not change."]
    head = (
        f"Runs {slot} ({zone}) = {today:%H:%M} UTC, next on"
        f" {following.astimezone(local):%A %Y-%m-%d %H:%M} local = {following:%Y-%m-%d %H:%M} UTC."
    )
    return RunPreview(
        slot=str(slot),
        local_time=f"{slot.at:%H:%M}",
        utc_time=f"{today:%H:%M}",
        next_run=following,
        clock_changes=changes,
        text=" ".join((head, *told)),
    )


def preview(document: JsonObject, zone: str, now: datetime) -> SchedulePreview:
    """What a policy's times mean in a zone.

    Args:
        document: The policy as it is, or as it is meant to be.
        zone: Canonical Windows id.
        now: UTC.
    """
    return SchedulePreview(
        policy=parse_policy(document).name,
        zone=zone,
        runs=tuple(_run(zone, slot, now) for slot in run_slots(document)),
    )


def preview_of(document: JsonObject, now: datetime) -> SchedulePreview | None:
    """The preview of a policy in the zone it names; None where it names no valid one."""
    zone = find_windows_zone(parse_policy(document).raw_zone or "")
    return preview(document, zone, now) if zone is not None else None
