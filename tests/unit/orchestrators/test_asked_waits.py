"""A service that says when to come back is given that time, by a durable timer."""

from datetime import timedelta
from typing import Any

import pytest

from domain.errors import RefusedError, ThrottledError, UnavailableError
from domain.upgrade import RunState
from orchestrators import names
from orchestrators.flow import LONGEST_ASKED_WAIT, MAX_ASKED_WAITS, READ_RETRY
from tests.estate import FakeEstate, estate_of_one
from tests.fakes import NOON
from tests.workflow import ActivityBody, Workflow

HOUR = timedelta(hours=1)
ASKED = ThrottledError("too many calls", retry_after_s=HOUR.total_seconds())


def _closed_for(estate: FakeEstate, name: str, error: Exception, span: timedelta) -> Workflow:
    """A workflow whose activity ``name`` fails for a while."""
    workflow = estate.workflow()
    body: ActivityBody = workflow.activities[name]

    async def closed(request: Any) -> Any:
        if estate.clock.now() < NOON + span:
            raise error
        return await body(request)

    workflow.activities = {**workflow.activities, name: closed}
    return workflow


@pytest.mark.parametrize(
    "error",
    [ASKED, UnavailableError("away", status=503, retry_after_s=HOUR.total_seconds())],
    ids=["429", "503"],
)
async def test_a_step_waits_as_long_as_the_service_asks(error: Exception) -> None:
    """Far longer than the retries last; the run goes on as if nothing had been."""
    estate = estate_of_one()
    workflow = _closed_for(estate, names.INSPECT_VAULT, error, HOUR)

    outcome, _ = await estate.upgrade(workflow=workflow)

    assert RunState.CLOSED == outcome.state


async def test_a_failure_that_asks_for_no_wait_ends_as_before() -> None:
    """The retries are all it gets."""
    estate = estate_of_one()
    workflow = _closed_for(estate, names.INSPECT_VAULT, RefusedError("no"), timedelta(days=9))

    outcome, _ = await estate.upgrade(workflow=workflow)

    assert (RunState.STOPPED, READ_RETRY.max_number_of_attempts) == (
        outcome.state,
        workflow.activity_calls.count(names.INSPECT_VAULT),
    )


async def test_a_service_that_never_opens_is_given_up_after_a_day() -> None:
    """Waits are bounded in length and number, and the reason names what was asked."""
    estate = estate_of_one()
    error = ThrottledError("too many calls", retry_after_s=1e8)
    workflow = _closed_for(estate, names.INSPECT_VAULT, error, timedelta(days=9))

    outcome, instance = await estate.upgrade(workflow=workflow)

    assert instance.ended_at is not None
    spent = instance.ended_at - NOON
    assert (RunState.STOPPED, True, True) == (
        outcome.state,
        MAX_ASKED_WAITS * LONGEST_ASKED_WAIT <= spent < (MAX_ASKED_WAITS + 1) * LONGEST_ASKED_WAIT,
        "asks to wait 100000000 s" in outcome.reasons[0],
    )


@pytest.mark.parametrize("name", [names.START_UPGRADE, names.WRITE_POLICY_ZONE])
async def test_a_step_that_must_not_be_repeated_waits_for_nothing(name: str) -> None:
    """A start and a policy write have ways of their own; no timer sends them again."""
    estate = estate_of_one()
    workflow = _closed_for(estate, name, ASKED, timedelta(days=9))
    at: list[Any] = []
    body = workflow.activities[name]

    async def watched(request: Any) -> Any:
        at.append((str(request), estate.clock.now()))
        return await body(request)

    workflow.activities = {**workflow.activities, name: watched}
    await estate.upgrade(workflow=workflow)

    asked = [request for request, _ in at]
    assert len(set(asked)) == len(asked) > 0
