"""Every disaster that is played: one case for each point an undisturbed run passes, and more."""

import asyncio
from collections import Counter
from functools import cache

from domain.upgrade import RunState, UpgradeStatus
from tests.disasters.kinds import Case, Kind
from tests.disasters.playing import Ending, play_retry, play_unregistering, undisturbed
from tests.disasters.points import Nothing, Point

SEEDED = frozenset({Kind.TOGETHER, Kind.TWO_RUNS, Kind.TWO_INSTALLATIONS})
SEEDS = 40
"""Ways two that act at the same time are mixed."""

TOLD = frozenset({RunState.CLOSED, RunState.CLOSED_WITH_TASKS, RunState.STOPPED})
"""Ends of a run in whose settling a read failed: it is told, never passed (DESIGN rule 4)."""


@cache
def points_of(end: UpgradeStatus = UpgradeStatus.UPGRADED) -> tuple[Point, ...]:
    """The points an undisturbed run passes."""
    _, watch = asyncio.run(undisturbed(end))
    return tuple(watch.points)


@cache
def _points_of_retry() -> tuple[Point, ...]:
    _, watch = asyncio.run(play_retry(Nothing()))
    return tuple(watch.points)


@cache
def _points_of_unregistering() -> int:
    """Up to the start: what follows is played by the others."""
    _, watch = asyncio.run(play_unregistering(Nothing()))
    return next(point.number for point in watch.points if point.method == "read_operation")


def counts() -> dict[Kind, int]:
    """How many points, activities or seeds there are for each kind."""
    points = len(points_of())
    activities = sum(point.method == "create" and not point.is_after for point in points_of())
    return {
        **dict.fromkeys(Kind, points),
        **dict.fromkeys(UPGRADING, _settling_begins()),
        **dict.fromkeys(SEEDED, SEEDS),
        Kind.KILL_FAILING: len(points_of(UpgradeStatus.FAILED)),
        Kind.KILL_RETRYING: len(_points_of_retry()),
        Kind.KILL_UNREGISTERING: _points_of_unregistering(),
        # An activity that keeps nothing (a poll) is delivered twice as well: see the kills.
        Kind.TWICE: activities,
    }


UPGRADING = frozenset(
    {Kind.KILL_LATE, Kind.KILL_AHEAD, Kind.KILL_BEHIND, Kind.KILL_TWICE, Kind.PORTAL}
)
"""Kinds played up to the end of the upgrade; what settling does is played by the others."""

BETWEEN_CALLS = frozenset(Kind) - {Kind.BREAK, Kind.TWICE, *SEEDED}
"""Kinds for which after one call is the same moment as before the next one."""


def all_cases() -> list[Case]:
    """All of them, kind by kind."""
    return [
        Case(kind=kind, at=at)
        for kind, number in counts().items()
        for at in range(1, number + 1)
        if at == 1 or at % 2 == 0 or kind not in BETWEEN_CALLS
    ]


def right_states(case: Case) -> frozenset[RunState]:
    """The states a run may end in."""
    if case.kind is Kind.KILL_FAILING:
        return frozenset({RunState.NEEDS_SUPPORT})
    if case.kind is Kind.BREAK and case.at >= _settling_begins():
        return TOLD
    return frozenset({RunState.CLOSED})


@cache
def _settling_begins() -> int:
    # The classic vault's policies are listed as well, long before the start.
    methods = [point.method for point in points_of()]
    return methods.index("list_policies", methods.index("read_operation")) + 1


def faults_of(case: Case, ending: Ending) -> list[str]:
    """What is wrong with how a case ended; nothing for all of them (DESIGN rule 1)."""
    faults = []
    if len(ending.begun) != 1:
        faults.append(f"{len(ending.begun)} upgrades were begun: {ending.begun}")
    wrong = [state for state in ending.states if state not in right_states(case)]
    if wrong:
        faults.append(f"ended {', '.join(wrong)}")
    if any([operation_id] != ending.begun for operation_id in ending.operation_ids):
        faults.append(f"follows {ending.operation_ids}, not {ending.begun}")
    return faults


def table(cases: list[Case]) -> str:
    """How many cases of each kind, as text."""
    by_kind = Counter(case.kind for case in cases)
    lines = [f"{number:5}  {kind}" for kind, number in by_kind.items()]
    return "\n".join([*lines, f"{len(cases):5}  cases"])
