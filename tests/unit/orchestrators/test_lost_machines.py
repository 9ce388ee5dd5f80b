"""A vault held up by a machine that is gone for good: unregistered once a second person agrees."""

from datetime import timedelta
from typing import Any

import pytest

from domain.requests import ApprovalMode
from domain.upgrade import RunState
from tests.estate import Desk
from tests.fakes import machine_row, upgrade_request
from tests.held_up import GONE, OLD, held_up_estate


def _request(*machines: str, **changes: Any) -> Any:
    return upgrade_request(unregister_machines=machines, **changes)


async def test_an_approved_plan_unregisters_the_machine_and_upgrades_the_vault() -> None:
    """Asked about once: what was approved is what is done, and the service checks again."""
    estate = held_up_estate(GONE)
    desk = Desk(estate)

    outcome, _ = await estate.upgrade(_request(GONE.upper()), desk.workflow())

    assert (RunState.CLOSED, 1, 1, 1) == (
        outcome.state,
        len(desk.plans),
        len(estate.classic_contents.unregistered),
        len(estate.classic.started),
    )


@pytest.mark.parametrize("approval", ApprovalMode)
async def test_nothing_is_unregistered_without_a_person(approval: ApprovalMode) -> None:
    """Not even where the request makes upgrades automatic and accepts warnings."""
    estate = held_up_estate(GONE)

    outcome, _ = await estate.upgrade(_request(GONE, approval=approval, accept_warnings=True))

    assert (RunState.NOT_APPROVED, [], []) == (
        outcome.state,
        estate.classic_contents.unregistered,
        estate.classic.started,
    )


async def test_a_denied_plan_leaves_the_machine() -> None:
    """And its backups."""
    estate = held_up_estate(GONE)
    desk = Desk(estate, decision="deny")

    outcome, _ = await estate.upgrade(_request(GONE), desk.workflow())

    assert (RunState.NOT_APPROVED, []) == (outcome.state, estate.classic_contents.unregistered)


async def test_a_machine_nobody_named_blocks_as_before() -> None:
    """Nothing is offered for approval while something else blocks; the way out is told."""
    estate = held_up_estate(GONE, OLD)

    outcome, _ = await estate.upgrade(_request(GONE))

    assert (RunState.BLOCKED, []) == (outcome.state, estate.classic_contents.unregistered)
    assert "unregisterMachines" in outcome.reasons[0]


async def test_a_service_that_still_objects_is_believed() -> None:
    """The machine is gone and something else has come up: blocked, and nothing is started."""
    estate = held_up_estate(GONE)
    contents = estate.classic_contents
    unregister = contents.unregister_machine

    async def another_appears(path: str) -> None:
        await unregister(path)
        contents.machines.append(machine_row(OLD, 9))

    contents.unregister_machine = another_appears  # type: ignore[method-assign]

    outcome, _ = await estate.upgrade(_request(GONE), Desk(estate).workflow())

    assert (RunState.BLOCKED, []) == (outcome.state, estate.classic.started)


async def test_a_plan_that_changed_meanwhile_is_asked_about_again() -> None:
    """A second machine of the list turned up after the first plan was read."""
    estate = held_up_estate(GONE)
    desk = Desk(estate, after=timedelta(hours=2))
    workflow = desk.workflow()

    def appears() -> None:
        estate.classic_contents.machines.append(machine_row(OLD, 9))

    record = workflow.activities["record_plan"]

    async def recorded(request: Any) -> Any:
        plan = await record(request)
        if len(desk.plans) == 1 and len(estate.classic_contents.machines) == 1:
            appears()
        return plan

    workflow.activities = {**workflow.activities, "record_plan": recorded}

    outcome, _ = await estate.upgrade(_request(GONE, OLD), workflow)

    assert (RunState.CLOSED, 2, 2) == (
        outcome.state,
        len(desk.plans),
        len(estate.classic_contents.unregistered),
    )
