"""What became of a write is read, never taken on trust."""

from typing import Any

import pytest

from activities.policies import run_write_policy_zone
from activities.policy_results import run_check_policy_write, run_read_policy_write
from domain.errors import OutcomeUnknownError
from domain.settling import PolicyCheck, PolicyFollowUp, WriteOutcome
from tests.fakes import vault_ref
from tests.unit.activities.policy_worlds import PACIFIC, change, policy, world


def _check(*, was_answered: bool = True, is_last: bool = True) -> PolicyCheck:
    return PolicyCheck(change=change(), was_answered=was_answered, is_last=is_last)


async def test_a_policy_that_reads_as_meant_is_changed() -> None:
    """Only the reading makes a write a success."""
    ports, _, _ = world()
    await run_write_policy_zone(ports, change())

    write = await run_check_policy_write(ports, _check())

    assert WriteOutcome.CHANGED == write.outcome


async def test_what_the_service_adds_by_itself_is_no_difference() -> None:
    """Defaults and the item counter come back with every policy."""
    ports, arm, _ = world()
    await run_write_policy_zone(ports, change())
    added = {"protectedItemsCount": 7, "instantRPDetails": {}}
    arm.vaults[vault_ref().key].policies["Daily"]["properties"].update(added)

    write = await run_check_policy_write(ports, _check())

    assert WriteOutcome.CHANGED == write.outcome


@pytest.mark.parametrize(
    ("was_answered", "is_last", "outcome"),
    [
        (True, False, WriteOutcome.SENT),
        (True, True, WriteOutcome.REFUSED),
        (False, False, WriteOutcome.SENT),
        (False, True, WriteOutcome.ABSENT),
    ],
    ids=["answered, early", "answered, late", "lost, early", "lost, late"],
)
async def test_a_policy_that_reads_as_before_is_looked_at_again_and_then_judged(
    was_answered: bool, is_last: bool, outcome: WriteOutcome
) -> None:
    """A write the service took and did not carry out is told; a lost one may be tried again."""
    ports, arm, _ = world()
    await run_write_policy_zone(ports, change())
    arm.vaults[vault_ref().key].policies["Daily"] = policy()

    write = await run_check_policy_write(ports, _check(was_answered=was_answered, is_last=is_last))

    assert outcome == write.outcome


async def test_a_third_document_is_another_editor_s() -> None:
    """Neither as before nor as meant: only a fresh read may decide what is left to do."""
    ports, arm, _ = world()
    await run_write_policy_zone(ports, change())
    arm.vaults[vault_ref().key].policies["Daily"] = policy(theirs=1)

    write = await run_check_policy_write(ports, _check())

    assert (WriteOutcome.BUSY, True) == (write.outcome, "properties.theirs" in write.message)


async def test_a_lost_answer_whose_write_took_effect_is_changed() -> None:
    """The answer was lost, the effect was not; nobody knows which jobs it has started."""
    ports, arm, _ = world()
    arm.lose_answer("write_policy", OutcomeUnknownError("connection lost"))
    await run_write_policy_zone(ports, change())

    write = await run_check_policy_write(ports, _check(was_answered=False))

    assert (WriteOutcome.CHANGED, True) == (write.outcome, "answer was lost" in write.message)


async def test_an_attempt_that_prepared_nothing_sent_nothing() -> None:
    """It died before its before-image: nothing is known because nothing happened."""
    ports, _, _ = world(policy(timeZone=PACIFIC))

    write = await run_check_policy_write(ports, _check(was_answered=False))

    assert WriteOutcome.ABSENT == write.outcome


def _follow_up() -> PolicyFollowUp:
    return PolicyFollowUp(change=change(), operation_id="op-1")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ({"status": "InProgress"}, WriteOutcome.ACCEPTED),
        ({"status": "Succeeded"}, WriteOutcome.SENT),
        ({"status": "Failed", "error": {"code": "X"}}, WriteOutcome.REFUSED),
        ({"status": "Canceled"}, WriteOutcome.REFUSED),
        ({"status": "Succeeded", "properties": {"jobIds": ["j"]}}, WriteOutcome.ACCEPTED),
    ],
    ids=["running", "done", "failed", "canceled", "job not shown yet"],
)
async def test_an_accepted_write_is_judged_by_its_operation(
    status: dict[str, Any], outcome: WriteOutcome
) -> None:
    """A job that does not show yet is waited for."""
    ports, arm, _ = world()
    arm.vaults[vault_ref().key].operations["op-1"] = status

    write = await run_read_policy_write(ports, _follow_up())

    assert outcome == write.outcome


@pytest.mark.parametrize(
    ("job_status", "outcome", "problems"),
    [
        ("InProgress", WriteOutcome.ACCEPTED, 0),
        ("Completed", WriteOutcome.SENT, 0),
        ("CompletedWithWarnings", WriteOutcome.SENT, 0),
        ("Failed", WriteOutcome.SENT, 1),
    ],
)
async def test_the_jobs_a_write_started_are_followed(
    job_status: str, outcome: WriteOutcome, problems: int
) -> None:
    """A job that failed is a problem of its item; the policy was replaced all the same."""
    ports, arm, _ = world()
    vault = arm.vaults[vault_ref().key]
    vault.operations["op-1"] = {"status": "Succeeded", "properties": {"jobIds": ["job-1"]}}
    vault.jobs.append({"name": "job-1", "properties": {"status": job_status}})

    write = await run_read_policy_write(ports, _follow_up())

    assert (outcome, problems) == (write.outcome, len(write.problems))


async def test_items_that_failed_are_named() -> None:
    """Succeeded with failed jobs is a success for the policy and none for those items."""
    ports, arm, _ = world()
    failed = {"failedJobsError": {"item-1": "gone"}}
    arm.vaults[vault_ref().key].operations["op-1"] = {"status": "Succeeded", "properties": failed}

    write = await run_read_policy_write(ports, _follow_up())

    assert ("item-1: gone",) == write.problems
