"""DESIGN rule 5: a policy is read, changed in one place, written once, and counted."""

from datetime import timedelta
from typing import Any

import pytest

from activities.policies import (
    EDIT_WINDOW,
    MAX_EDITS,
    policy_key,
    run_read_policy_write,
    run_write_policy_zone,
)
from adapters.ports import Ports
from domain.errors import OutcomeUnknownError, RefusedError
from domain.requests import TimeZoneMode
from domain.settling import PolicyChange, PolicyFollowUp, SettleRequest, WriteOutcome
from tests.fakes import FakeClock, FakeRecoveryServices, FakeVault, fake_ports, vault_ref
from tests.kill_points import Killed, KillSwitch, mortal

PACIFIC = "Pacific Standard Time"
KILL_POINTS = 12
"""Two for each port call of an undisturbed write."""


def _policy(**properties: Any) -> dict[str, Any]:
    schedule = {
        "schedulePolicyType": "SimpleSchedulePolicy",
        "scheduleRunTimes": ["2017-01-24T22:00:00Z"],
    }
    return {
        "id": f"{vault_ref().arm_id}/backupPolicies/Daily",
        "name": "Daily",
        "type": "Microsoft.RecoveryServices/vaults/backupPolicies",
        "properties": {
            "backupManagementType": "AzureIaasVM",
            "schedulePolicy": schedule,
            "aMemberNobodyKnows": {"kept": True},
            **properties,
        },
    }


def _settle(**changes: Any) -> SettleRequest:
    request: dict[str, Any] = {
        "vault": vault_ref(),
        "run_id": "run-1",
        "prefix": "vaults/key/runs/run-1",
        "time_zone": PACIFIC,
        "time_zone_mode": TimeZoneMode.SET_ZONE,
        "upgrade_ended_at": None,
        "log_workspace_id": None,
    }
    return SettleRequest(**{**request, **changes})


def _change(**changes: Any) -> PolicyChange:
    return PolicyChange(settle=_settle(**changes), policy_name="Daily")


def _ports(policy: dict[str, Any] | None = None) -> tuple[Ports, FakeRecoveryServices, FakeClock]:
    clock = FakeClock()
    arm = FakeRecoveryServices(clock=clock)
    arm.add(vault_ref(), FakeVault(document={}, policies={"Daily": policy or _policy()}))
    return fake_ports(recovery_services=arm, clock=clock), arm, clock


def _now(arm: FakeRecoveryServices) -> dict[str, Any]:
    return arm.vaults[vault_ref().key].policies["Daily"]


async def test_only_the_zone_differs_after_a_write() -> None:
    """Everything else comes back as it was, members nobody knows included."""
    ports, arm, _ = _ports()

    await run_write_policy_zone(ports, _change())

    assert _policy(timeZone=PACIFIC)["properties"] == _now(arm)["properties"]


async def test_the_before_image_is_kept_before_the_write() -> None:
    """What the policy was is in evidence even when the write is lost."""
    ports, arm, _ = _ports()
    arm.fail("write_policy", OutcomeUnknownError("connection lost"))

    await run_write_policy_zone(ports, _change())

    kept = await ports.evidence.read(policy_key(_settle(), "Daily", "before"))
    assert _policy() == (kept["data"]["before"] if kept else None)


async def test_a_policy_with_the_zone_is_left_alone() -> None:
    """No write, no edit counted."""
    ports, arm, _ = _ports(_policy(timeZone=PACIFIC))

    write = await run_write_policy_zone(ports, _change())

    assert (WriteOutcome.UNCHANGED, 0) == (write.outcome, arm.count("write_policy"))


async def test_a_refusal_is_given_back_with_the_service_s_words() -> None:
    """The operator reads what the service said."""
    ports, arm, _ = _ports()
    arm.fail("write_policy", RefusedError("BMSUserErrorInvalidPolicyInput", status=400))

    write = await run_write_policy_zone(ports, _change())

    assert (WriteOutcome.REFUSED, True) == (
        write.outcome,
        "BMSUserErrorInvalidPolicyInput" in write.message,
    )


async def test_a_lost_answer_is_unknown_and_not_sent_again() -> None:
    """One write went out; whether it took effect is for the next reading to say."""
    ports, arm, _ = _ports()
    arm.lose_answer("write_policy", OutcomeUnknownError("connection lost"))

    write = await run_write_policy_zone(ports, _change())

    assert (WriteOutcome.UNKNOWN, 1) == (write.outcome, arm.count("write_policy"))


@pytest.mark.parametrize("kill_at", range(1, KILL_POINTS + 1))
async def test_a_kill_anywhere_ends_with_the_intended_policy(kill_at: int) -> None:
    """Run again after a kill, the policy differs in nothing but its zone."""
    ports, arm, _ = _ports()
    with pytest.raises(Killed):
        await run_write_policy_zone(mortal(ports, KillSwitch(kill_at=kill_at)), _change())

    await run_write_policy_zone(ports, _change())

    assert _policy(timeZone=PACIFIC)["properties"] == _now(arm)["properties"]


async def test_the_edit_budget_is_never_exceeded() -> None:
    """The service allows 50 edits a day and vault; the 51st is not sent."""
    ports, arm, _ = _ports()
    for _ in range(MAX_EDITS + 5):
        arm.vaults[vault_ref().key].policies["Daily"] = _policy()
        await run_write_policy_zone(ports, _change())

    assert MAX_EDITS == arm.count("write_policy")


async def test_the_edit_budget_comes_back_after_a_day() -> None:
    """The window rolls: a day later the vault may be edited again."""
    ports, arm, clock = _ports()
    for _ in range(MAX_EDITS):
        arm.vaults[vault_ref().key].policies["Daily"] = _policy()
        await run_write_policy_zone(ports, _change())
    clock.advance(EDIT_WINDOW + timedelta(seconds=1))
    arm.vaults[vault_ref().key].policies["Daily"] = _policy()

    write = await run_write_policy_zone(ports, _change(run_id="run-2", prefix="vaults/k/runs/2"))

    assert WriteOutcome.CHANGED == write.outcome


def _follow_up() -> PolicyFollowUp:
    return PolicyFollowUp(change=_change(), operation_id="op-1")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ({"status": "InProgress"}, WriteOutcome.ACCEPTED),
        ({"status": "Succeeded"}, WriteOutcome.CHANGED),
        ({"status": "Failed", "error": {"code": "X"}}, WriteOutcome.REFUSED),
        (
            {"status": "Succeeded", "properties": {"failedJobsError": {"item": "gone"}}},
            WriteOutcome.REFUSED,
        ),
        ({"status": "Succeeded", "properties": {"jobIds": ["j"]}}, WriteOutcome.ACCEPTED),
    ],
    ids=["running", "done", "failed", "partly failed", "job not shown yet"],
)
async def test_an_accepted_write_is_judged_by_its_operation(
    status: dict[str, Any], outcome: WriteOutcome
) -> None:
    """Succeeded with failed jobs is not a success, and a job that does not show is waited for."""
    ports, arm, _ = _ports()
    arm.vaults[vault_ref().key].operations["op-1"] = status

    write = await run_read_policy_write(ports, _follow_up())

    assert outcome == write.outcome


@pytest.mark.parametrize(
    ("job_status", "outcome"),
    [
        ("InProgress", WriteOutcome.ACCEPTED),
        ("Completed", WriteOutcome.CHANGED),
        ("Failed", WriteOutcome.REFUSED),
    ],
)
async def test_the_jobs_a_write_started_are_followed(
    job_status: str, outcome: WriteOutcome
) -> None:
    """A write is done when the items have been configured anew."""
    ports, arm, _ = _ports()
    vault = arm.vaults[vault_ref().key]
    vault.operations["op-1"] = {"status": "Succeeded", "properties": {"jobIds": ["job-1"]}}
    vault.jobs.append({"name": "job-1", "properties": {"status": job_status}})

    write = await run_read_policy_write(ports, _follow_up())

    assert outcome == write.outcome
