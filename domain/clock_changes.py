"""What a change of the clocks does to a backup that runs at a fixed local time.

Whether the service follows the clock or keeps the moment is documented both ways
(recovery-services 1.3), so both readings are given and neither is called the truth.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from domain.time_zones import zone_info
from domain.zone_clocks import Transition, next_transitions


class RunEffect(StrEnum):
    """What happens to the run on the day the clocks change."""

    MOVES = "moves"
    """The run's local time exists once that day; only its moment moves."""
    SKIPPED = "skipped"
    """The run's local time does not exist that day: the clock jumps over it."""
    REPEATED = "repeated"
    """The run's local time comes twice that day."""


@dataclass(frozen=True, kw_only=True)
class RunAtTransition:
    """One clock change, and what it does to one run time."""

    transition: Transition
    effect: RunEffect
    utc_before: str
    """``HH:MM`` UTC of the run until the change."""
    utc_after: str
    """``HH:MM`` UTC of the run from then on, if it follows the local clock."""
    local_if_moment_kept: str
    """``HH:MM`` local from then on, if the service keeps the moment instead."""


def _clock(minutes: int) -> str:
    hours, rest = divmod(minutes % (24 * 60), 60)
    return f"{hours:02}:{rest:02}"


def _local_times(transition: Transition) -> tuple[datetime, datetime]:
    # One moment read on two clocks: the one that is about to be changed, and the one after it.
    naive = transition.at.astimezone(UTC).replace(tzinfo=None)
    return (
        naive + timedelta(minutes=transition.offset_before_min),
        naive + timedelta(minutes=transition.offset_after_min),
    )


def _falls_between(run_time: time, start: datetime, end: datetime) -> bool:
    # A jump over midnight touches two dates, so the run of either may be the one concerned.
    days = {start.date(), end.date()}
    return any(start <= datetime.combine(day, run_time) < end for day in days)


def effect_of(transition: Transition, run_time: time) -> RunEffect:
    """What one clock change does to a run at the local time ``run_time``."""
    before, after = _local_times(transition)
    if _falls_between(run_time, before, after):
        return RunEffect.SKIPPED
    if _falls_between(run_time, after, before):
        return RunEffect.REPEATED
    return RunEffect.MOVES


def run_at_transitions(
    windows_id: str, run_time: time, after: datetime, count: int = 2
) -> tuple[RunAtTransition, ...]:
    """The next clock changes of a zone and what each does to a run at ``run_time`` local.

    Args:
        windows_id: A canonical Windows id.
        run_time: Local time of day.
        after: An aware moment to look ahead from.
        count: How many changes to give at most.
    """
    # Minutes since midnight: only the clock matters here, whatever the date.
    minutes = run_time.hour * 60 + run_time.minute
    return tuple(
        RunAtTransition(
            transition=change,
            effect=effect_of(change, run_time),
            utc_before=_clock(minutes - change.offset_before_min),
            utc_after=_clock(minutes - change.offset_after_min),
            local_if_moment_kept=_clock(minutes + change.shift_min),
        )
        for change in next_transitions(windows_id, after, count)
    )


def next_run(windows_id: str, run_time: time, after: datetime) -> datetime:
    """The next moment, UTC, at which the zone's clock shows ``run_time``.

    A time the clock jumps over is passed by; a time that comes twice counts the first time.
    """
    zone = zone_info(windows_id)
    # Yesterday first: where the clock is put back over midnight, its run may still be to come.
    day = after.astimezone(zone).date() - timedelta(days=1)
    # Ends soon: a zone may leave out a time of day or even a whole day, but never the same time on
    # every day that follows.
    while True:
        moment = datetime.combine(day, run_time, tzinfo=zone).astimezone(UTC)
        exists = moment.astimezone(zone).time() == run_time
        if exists and moment > after:
            return moment
        day += timedelta(days=1)
