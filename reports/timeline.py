"""A run's milestones as bars on one scale."""

from dataclasses import dataclass
from datetime import datetime

from domain.outcomes import Milestone
from domain.upgrade import END_STATES

SCALE = 1000
"""Width of the drawing in its own units; the page stretches it."""
SHORTEST_BAR = 4
"""A step that took no time still shows."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One state of a run on the time line."""

    state: str
    at: datetime
    duration_s: float | None
    """Seconds until the next state; None for the last one."""
    left: int
    """Where its bar begins, in units of ``SCALE``."""
    width: int
    is_end: bool


def timeline(milestones: tuple[Milestone, ...], ended_at: datetime) -> list[Step]:
    """The milestones in order of time, with bars to scale.

    A run that was stopped between two states has its last bar drawn until ``ended_at``.
    """
    # Kept in order by the run itself; sorted once more, because a drawing with a negative width is
    # worse than a wrong order.
    ordered = sorted(milestones, key=lambda m: m.at)
    if not ordered:
        return []
    begin = ordered[0].at
    # Never zero: a run that was refused at once has no length to divide by.
    total_s = max((ended_at - begin).total_seconds(), 1.0)
    steps = []
    for milestone, following in zip(ordered, [*ordered[1:], None], strict=True):
        is_end = milestone.state in END_STATES
        until = following.at if following else ended_at
        span_s = (until - milestone.at).total_seconds()
        offset_s = (milestone.at - begin).total_seconds()
        # So that the last bar still fits when it begins at the very end.
        left = min(round(offset_s / total_s * SCALE), SCALE - SHORTEST_BAR)
        width = max(SHORTEST_BAR, min(round(span_s / total_s * SCALE), SCALE - left))
        steps.append(
            Step(
                state=milestone.state.value,
                at=milestone.at,
                duration_s=None if is_end else span_s,
                left=left,
                width=width,
                is_end=is_end,
            )
        )
    return steps
