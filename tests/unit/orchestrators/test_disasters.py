"""DESIGN rule 1 through the whole workflow: whatever happens, exactly one upgrade is begun.

The cases are made, not written: one for each point an undisturbed run passes.
``python -m tests.disasters`` prints how many there are.
"""

import pytest

from domain.codec import to_json
from domain.upgrade import RunState
from orchestrators import names
from tests.disasters.cases import all_cases, counts, faults_of, points_of
from tests.disasters.kinds import Kind
from tests.disasters.playing import play, undisturbed
from tests.disasters.worlds import make_world
from tests.fakes import upgrade_request
from tests.workflow import RememberedTurns

# Hundreds of runs in one test: on a machine that is busy with others they take minutes.
pytestmark = pytest.mark.timeout(900)

# Counted here, because the tests themselves run on a loop already.
NUMBERS = counts()


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name.lower())
async def test_exactly_one_upgrade_is_begun_and_the_run_ends_right(kind: Kind) -> None:
    """Killed, cut off, delivered twice or raced: one upgrade, followed to the right end."""
    cases = [case for case in all_cases() if case.kind is kind]

    wrong = {str(case): faults_of(case, await play(case)) for case in cases}

    assert {} == {name: faults for name, faults in wrong.items() if faults}


def test_every_kind_of_disaster_has_cases() -> None:
    """A kind without a case would pass unseen."""
    assert set(Kind) == {kind for kind, number in NUMBERS.items() if number >= 10}


def test_the_points_reach_from_the_first_read_to_the_verdict() -> None:
    """The suite strikes the whole workflow, the start among it."""
    methods = [point.method for point in points_of()]

    assert {"start_upgrade", "read_operation", "write_policy", "list_jobs"} <= set(methods)
    assert "create" == methods[-1]


async def test_an_undisturbed_run_begins_one_upgrade() -> None:
    """What the disasters are measured against."""
    ending, _ = await undisturbed()

    assert (1, [RunState.CLOSED]) == (len(ending.begun), ending.states)


async def test_turns_that_are_remembered_are_those_that_were_played() -> None:
    """A run whose turns are all remembered has the history and the end of the first."""
    turns = RememberedTurns()
    runs = []
    for _ in range(2):
        workflow = make_world().estate.workflow()
        workflow.execute = turns.execute
        runs.append(await workflow.run(names.UPGRADE_VAULT, to_json(upgrade_request())))

    plain = (
        await make_world().estate.workflow().run(names.UPGRADE_VAULT, to_json(upgrade_request()))
    )

    assert [plain.history] * 2 == [one.history for one in runs]
    assert [plain.output] * 2 == [one.output for one in runs]


async def test_the_worst_service_begins_a_second_upgrade_when_asked() -> None:
    """The suite bites: a second start is not refused by the service, but counted."""
    world = make_world()
    classic = world.classic
    (vault,) = classic.vaults.values()
    for operation_id in ("one", "two"):
        await classic.start_upgrade(vault, world.target, operation_id)

    assert ["one", "two"] == classic.begun
