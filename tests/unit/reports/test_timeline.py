"""How milestones become bars."""

from datetime import timedelta

from domain.outcomes import Milestone
from domain.upgrade import RunState
from reports.timeline import SCALE, SHORTEST_BAR, timeline
from tests.unit.reports.samples import NOON


def milestone(state, minutes):
    """A milestone so many minutes past noon."""
    return Milestone(state=state, at=NOON + timedelta(minutes=minutes))


def test_bars_are_to_scale():
    """A step that took a quarter of the run is a quarter wide, and begins where it began."""
    steps = timeline(
        (milestone(RunState.INSPECTING, 0), milestone(RunState.UPGRADING, 30)),
        NOON + timedelta(minutes=40),
    )

    assert [(0, 750), (750, 250)] == [(step.left, step.width) for step in steps]


def test_milestones_are_ordered_by_time():
    """Milestones are shown in the order they happened."""
    steps = timeline(
        (milestone(RunState.CLOSED, 9), milestone(RunState.INSPECTING, 0)),
        NOON + timedelta(minutes=9),
    )

    assert ["inspecting", "closed"] == [step.state for step in steps]


def test_end_has_no_duration():
    """The end of a run is a moment, not a span."""
    steps = timeline(
        (milestone(RunState.CHECKING, 0), milestone(RunState.BLOCKED, 2)),
        NOON + timedelta(minutes=2),
    )

    assert [(120.0, False), (None, True)] == [(step.duration_s, step.is_end) for step in steps]


def test_no_bar_is_invisible_or_outside():
    """A step of no length still shows, and none reaches beyond the drawing."""
    steps = timeline(
        tuple(milestone(RunState.CHECKING, minutes) for minutes in (0, 0, 600, 600)),
        NOON + timedelta(minutes=600),
    )

    assert all(step.width >= SHORTEST_BAR for step in steps)
    assert all(step.left + step.width <= SCALE for step in steps)


def test_run_that_took_no_time_is_drawn():
    """A run that began and ended at the same moment does not divide by zero."""
    (step,) = timeline((milestone(RunState.STOPPED, 0),), NOON)

    assert 0 == step.left


def test_no_milestones_no_bars():
    """A run without milestones has no time line."""
    assert [] == timeline((), NOON)
