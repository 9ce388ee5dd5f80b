"""DESIGN rule 2 through the workflow: a failure is final unless Microsoft says otherwise, once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from activities.retries import read_attempts
from domain.codec import to_json
from domain.errors import (
    EvidenceError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from domain.retries import objection_to_retry
from domain.upgrade import RunState, UpgradeStatus
from orchestrators import names
from tests.estate import FakeEstate, estate_of_one
from tests.fakes import NOON, classic_ref, upgrade_request

KEY = classic_ref().key


async def _failed_estate(message: str = "") -> FakeEstate:
    """An estate whose vault's upgrade has failed once."""
    estate = estate_of_one(end=UpgradeStatus.FAILED, message=message)
    outcome, _ = await estate.upgrade()
    if outcome.state is not RunState.NEEDS_SUPPORT:
        raise AssertionError(outcome.state)
    return estate


def _again(number: int = 2) -> Any:
    return upgrade_request(request_id=f"request-{number}")


async def test_a_failure_is_kept_however_long_evidence_is_away() -> None:
    """For hours; a service that forgets it meanwhile is not asked to start again."""
    estate = estate_of_one(end=UpgradeStatus.FAILED)
    workflow = estate.workflow()
    body = workflow.activities[names.RECORD_FAILURE]
    back_at = NOON + timedelta(hours=5)

    async def away(asked: Any) -> Any:
        if estate.clock.now() < back_at:
            raise EvidenceError("away")
        return await body(asked)

    workflow.activities = {**workflow.activities, names.RECORD_FAILURE: away}
    first, _ = await estate.upgrade(workflow=workflow)
    estate.classic.vaults[KEY] = replace(estate.classic.vaults[KEY], record=None)

    second, _ = await estate.upgrade(_again())

    assert ([RunState.NEEDS_SUPPORT] * 2, 1) == (
        [first.state, second.state],
        len(estate.classic.started),
    )


@pytest.mark.parametrize("is_readable", [True, False], ids=["forgotten", "unreadable"])
async def test_a_failure_that_only_the_operation_told_bars_the_next_start(
    is_readable: bool,
) -> None:
    """The list forgets it, or cannot be read just then; it is a failure all the same."""
    estate = estate_of_one(end=UpgradeStatus.FAILED)
    workflow = estate.workflow()
    inspect = workflow.activities[names.INSPECT_VAULT]

    async def look(asked: Any) -> Any:
        if asked["step"].startswith("07-record"):
            estate.classic.vaults[KEY] = replace(estate.classic.vaults[KEY], record=None)
            if not is_readable:
                raise UnavailableError("the list is away")
        return await inspect(asked)

    workflow.activities = {**workflow.activities, names.INSPECT_VAULT: look}
    first, _ = await estate.upgrade(workflow=workflow)
    estate.clock.time += timedelta(hours=1)

    second, _ = await estate.upgrade(_again())

    assert ([RunState.NEEDS_SUPPORT] * 2, 1) == (
        [first.state, second.state],
        len(estate.classic.started),
    )
    assert "Completed/Failed, and the record in the list says InProgress" in first.reasons[0]


async def test_a_second_attempt_that_another_run_adopts_is_used_up_by_its_failure() -> None:
    """The run that began it was terminated; what the next one sees is that attempt's failure."""
    estate = await _failed_estate()
    await estate.authorize_retry()
    workflow = estate.workflow()
    workflow.start(names.UPGRADE_VAULT, to_json(_again()), "terminated")
    await workflow.settle(until=estate.clock.now() + timedelta(minutes=5))
    await estate.upgrade(_again(3))
    estate.classic.vaults[KEY] = replace(estate.classic.vaults[KEY], record=None)
    estate.clock.time += timedelta(hours=1)

    outcome, _ = await estate.upgrade(_again(4))

    attempts = await read_attempts(estate.evidence, KEY)
    assert (RunState.NEEDS_SUPPORT, 2) == (outcome.state, len(estate.classic.started))
    assert {1: estate.classic.started[0], 2: estate.classic.started[1]} == attempts.failed
    assert objection_to_retry(attempts, "another ticket") is None


async def test_the_reason_of_a_failure_is_one_sentence_with_one_period() -> None:
    """The service's message comes with a period of its own, and is told once."""
    estate = estate_of_one(end=UpgradeStatus.FAILED, message="The upgrade of the vault failed.")

    outcome, _ = await estate.upgrade()

    advice = "Do not retry unless Microsoft says so; the support bundle is in the evidence."
    assert (f"The upgrade failed: The upgrade of the vault failed. {advice}",) == outcome.reasons


async def test_a_failure_without_a_message_says_that() -> None:
    """Nothing is made up."""
    outcome, _ = await estate_of_one(end=UpgradeStatus.FAILED).upgrade()

    assert outcome.reasons[0].startswith("The upgrade failed: the service gave no message. ")


async def test_an_instruction_starts_the_upgrade_once_more() -> None:
    """A second attempt with an OperationId of its own, and a good end."""
    estate = await _failed_estate()
    await estate.authorize_retry()
    estate.classic.end = UpgradeStatus.UPGRADED

    outcome, _ = await estate.upgrade(_again())

    assert (RunState.CLOSED, 2, estate.classic.started[1]) == (
        outcome.state,
        len(set(estate.classic.started)),
        outcome.operation_id,
    )


async def test_each_attempt_has_an_intent_of_its_own() -> None:
    """The first one is not touched."""
    estate = await _failed_estate()
    await estate.authorize_retry()
    estate.classic.end = UpgradeStatus.UPGRADED

    await estate.upgrade(_again())

    intents = [
        estate.evidence.documents[f"vaults/{KEY}/start/attempt-{number}/intent.json"]["data"]
        for number in (1, 2)
    ]
    assert estate.classic.started == [one["operationId"] for one in intents]


async def test_without_an_instruction_nothing_is_sent() -> None:
    """Handing the vault in again is no instruction."""
    estate = await _failed_estate()

    outcome, _ = await estate.upgrade(_again())

    assert (RunState.NEEDS_SUPPORT, 1) == (outcome.state, len(estate.classic.started))


async def test_an_instruction_is_used_once() -> None:
    """The second failure bars a third start, until there is another instruction."""
    estate = await _failed_estate()
    await estate.authorize_retry()
    await estate.upgrade(_again(2))

    outcome, _ = await estate.upgrade(_again(3))

    assert (RunState.NEEDS_SUPPORT, 2) == (outcome.state, len(estate.classic.started))


async def test_another_instruction_allows_a_third_attempt() -> None:
    """Each failure, each instruction."""
    estate = await _failed_estate()
    for attempt in (2, 3):
        await estate.authorize_retry(attempt)
        outcome, _ = await estate.upgrade(_again(attempt))

    assert (RunState.NEEDS_SUPPORT, 3) == (outcome.state, len(estate.classic.started))


async def test_an_instruction_for_another_failure_opens_nothing() -> None:
    """It names an OperationId, and this is not the one that failed."""
    estate = await _failed_estate()
    await estate.authorize_retry(failed_operation_id="another")

    outcome, _ = await estate.upgrade(_again())

    assert (RunState.NEEDS_SUPPORT, 1) == (outcome.state, len(estate.classic.started))


async def test_a_lost_answer_to_the_second_start_is_found_again() -> None:
    """DESIGN rule 1 holds for every attempt."""
    estate = await _failed_estate()
    await estate.authorize_retry()
    estate.classic.end = UpgradeStatus.UPGRADED
    estate.classic.lose_answer("start_upgrade", OutcomeUnknownError("connection lost"))

    outcome, _ = await estate.upgrade(_again())

    assert (RunState.CLOSED, 2) == (outcome.state, len(estate.classic.started))


async def test_a_second_start_the_service_refuses_is_blocked_with_its_words() -> None:
    """The old failure still shows; it is not taken for the end of the new attempt."""
    estate = await _failed_estate()
    await estate.authorize_retry()
    estate.classic.fail("start_upgrade", RefusedError("not enabled for a restart", status=409))

    outcome, _ = await estate.upgrade(_again())

    assert (RunState.BLOCKED, True, 1) == (
        outcome.state,
        "not enabled for a restart" in outcome.reasons[0],
        len(estate.classic.started),
    )


async def test_the_plan_of_a_second_attempt_names_the_instruction() -> None:
    """Whoever approves it sees the ticket."""
    estate = await _failed_estate()
    await estate.authorize_retry()
    estate.classic.end = UpgradeStatus.UPGRADED

    outcome, _ = await estate.upgrade(_again())

    (key,) = await estate.evidence.list_keys(f"{outcome.evidence_prefix}/04-plan")
    assert "SR-1" in estate.evidence.documents[key]["data"]["retry"]


async def test_the_old_end_is_not_taken_for_the_new_one() -> None:
    """The tracking call names no operation: right after the start it may tell the old failure."""
    estate = await _failed_estate()
    await estate.authorize_retry()
    estate.classic.end = UpgradeStatus.UPGRADED
    workflow = estate.workflow()
    (old,) = estate.classic.vaults.values()
    read_operation = workflow.activities["read_operation"]
    shown_until = estate.clock.now() + timedelta(minutes=3)

    async def lagging(asked: Any) -> Any:
        if estate.clock.now() >= shown_until:
            return await read_operation(asked)
        current = dict(estate.classic.vaults)
        estate.classic.vaults[KEY] = old
        try:
            return await read_operation(asked)
        finally:
            estate.classic.vaults.update(current)

    workflow.activities = {**workflow.activities, "read_operation": lagging}
    outcome, _ = await estate.upgrade(_again(), workflow)

    assert (RunState.CLOSED, 2) == (outcome.state, len(estate.classic.started))


@pytest.mark.parametrize("attempt", [1, 2])
async def test_a_failure_that_the_service_forgot_is_remembered(attempt: int) -> None:
    """Evidence bars the start even where the list shows no record any more."""
    estate = await _failed_estate()
    if attempt > 1:
        await estate.authorize_retry()
        await estate.upgrade(_again())
    vault = estate.classic.vaults[KEY]
    estate.classic.vaults[KEY] = replace(vault, record=None)

    outcome, _ = await estate.upgrade(_again(9))

    assert (RunState.NEEDS_SUPPORT, attempt) == (outcome.state, len(estate.classic.started))
    bundle = estate.evidence.documents[f"{outcome.evidence_prefix}/10-support-bundle.json"]["data"]
    assert estate.classic.started[-1] == bundle["operation_id"]
    assert ("on your instruction" in bundle["mail_text"]) is (attempt > 1)
