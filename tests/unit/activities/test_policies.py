"""DESIGN rule 5: a policy is read, changed in one place, written once, and counted."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from activities.policies import run_write_policy_zone
from activities.policy_evidence import attempt_key
from adapters.ports import Ports
from domain.codec import JsonObject
from domain.edit_budget import EDIT_WINDOW, MAX_EDITS
from domain.errors import (
    AccessDeniedError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from domain.settling import WriteOutcome
from domain.vaults import Reading, VaultRef
from tests.fakes import FakeRecoveryServices, FakeVault, fake_ports, vault_ref
from tests.kill_points import Killed, KillSwitch, mortal
from tests.unit.activities.policy_worlds import (
    PACIFIC,
    change,
    daily_retention,
    policy,
    policy_now,
    world,
)

KILL_POINTS = 18
"""Two for each port call of an undisturbed attempt."""


class OtherEditor(FakeRecoveryServices):
    """Somebody who edits the policy right after it was read for the first time."""

    def __init__(self, edit: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self.edit = edit

    async def read_policy(self, vault: VaultRef, policy_name: str) -> Reading[JsonObject]:
        """The policy as it was just before the edit."""
        reading = await super().read_policy(vault, policy_name)
        if self.count("read_policy") == 1:
            self.edit(self.vaults[vault.key].policies[policy_name])
        return reading


async def test_only_the_zone_differs_after_a_write() -> None:
    """Everything else comes back as it was, members nobody knows included."""
    ports, arm, _ = world()

    await run_write_policy_zone(ports, change())

    assert policy(timeZone=PACIFIC)["properties"] == policy_now(arm)["properties"]


async def test_the_before_image_is_kept_before_the_write_with_the_way_back() -> None:
    """What the policy was, and the command that puts it back, are there even for a lost write."""
    ports, arm, _ = world()
    arm.fail("write_policy", OutcomeUnknownError("connection lost"))

    await run_write_policy_zone(ports, change())

    kept = await ports.evidence.read(attempt_key(change(), "before"))
    data = kept["data"] if kept else {}
    assert (policy(), policy()["properties"], True) == (
        data["before"],
        data["undo"]["body"]["properties"],
        "az rest --method put" in data["undo"]["command"],
    )


async def test_a_policy_with_the_zone_is_left_alone() -> None:
    """No write, no edit counted."""
    ports, arm, _ = world(policy(timeZone=PACIFIC))

    write = await run_write_policy_zone(ports, change())

    assert (WriteOutcome.UNCHANGED, 0) == (write.outcome, arm.count("write_policy"))


async def test_daily_retention_below_seven_days_is_told_before_anything_is_sent() -> None:
    """The service takes no edit of such a policy; spending one of 50 on it helps nobody."""
    ports, arm, _ = world(policy(retentionPolicy=daily_retention(5)))

    write = await run_write_policy_zone(ports, change())

    assert (WriteOutcome.REFUSED, 0, True) == (
        write.outcome,
        arm.count("write_policy"),
        "7 days" in write.what_to_do,
    )


async def test_another_editor_between_read_and_write_keeps_the_write_from_being_sent() -> None:
    """Their change would be lost; the attempt says so and leaves the policy alone."""
    arm = OtherEditor(lambda document: document["properties"].update(theirs=1))
    arm.add(vault_ref(), FakeVault(document={}, policies={"Daily": policy()}))
    ports = fake_ports(recovery_services=arm)

    write = await run_write_policy_zone(ports, change())

    assert (WriteOutcome.BUSY, 0, True) == (
        write.outcome,
        arm.count("write_policy"),
        "properties.theirs" in write.message,
    )


def _refused(code: str, status: int = 400) -> RefusedError:
    return RefusedError(f"{code}: no", code=code, status=status)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (_refused("BMSUserErrorInvalidPolicyInput"), WriteOutcome.REFUSED),
        (_refused("BMSUserErrorObjectLocked", 409), WriteOutcome.BUSY),
        (_refused("CloudDosTimeboudLimitReached"), WriteOutcome.WAITING_FOR_BUDGET),
        (AccessDeniedError("no", code="AuthorizationFailed", status=403), WriteOutcome.REFUSED),
        (AccessDeniedError("token", code="ExpiredToken", status=401), WriteOutcome.BUSY),
        (NotFoundError("gone", status=404), WriteOutcome.REFUSED),
        (ThrottledError("slow down"), WriteOutcome.BUSY),
        (UnavailableError("no connection"), WriteOutcome.BUSY),
        (OutcomeUnknownError("lost"), WriteOutcome.UNKNOWN),
    ],
    ids=lambda value: getattr(value, "code", None) or str(value),
)
async def test_what_the_service_says_decides_what_happens_next(
    error: Exception, outcome: WriteOutcome
) -> None:
    """Refusals end, limits and locks are waited for, and a lost answer is unknown."""
    ports, arm, _ = world()
    arm.fail("write_policy", error)

    write = await run_write_policy_zone(ports, change())

    assert outcome == write.outcome


async def test_a_refusal_names_words_cause_and_next_step() -> None:
    """The operator reads what the service said, what it means, and what to do."""
    ports, arm, _ = world()
    arm.fail("write_policy", _refused("UserErrorLogRetentionNotInValidRangeInPolicy"))

    write = await run_write_policy_zone(ports, change())

    assert (True, True, True) == (
        "UserErrorLogRetentionNotInValidRangeInPolicy" in write.message,
        "less than 7 or more than 35 days" in write.message,
        write.what_to_do.startswith("Set log retention"),
    )


async def test_a_guarded_vault_says_exactly_what_to_ask_for() -> None:
    """The guard, its request and the role are named, not just that something is missing."""
    ports, arm, _ = world()
    guard = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DataProtection/resourceGuards/x"
    operation = "updateProtectionPolicyRequests"
    details = {
        "vaultCriticalOperation": f"Microsoft.DataProtection/resourceGuards/{operation}",
        "defaultResourceRequest": f"{guard}/{operation}/default",
    }
    arm.vaults[vault_ref().key].guard_proxies = [
        {
            "properties": {
                "resourceGuardResourceId": guard,
                "resourceGuardOperationDetails": [details],
            }
        }
    ]
    code = "UserErrorResourceGuardRequestMissing"
    arm.fail("write_policy", AccessDeniedError("guarded", code=code, status=403))

    write = await run_write_policy_zone(ports, change())

    assert (WriteOutcome.WAITING_FOR_GUARD, f"{guard}/{operation}/default", True) == (
        write.outcome,
        write.guard.request_id if write.guard else None,
        guard in write.what_to_do and "Backup MUA Operator" in write.what_to_do,
    )


async def test_a_guard_s_refusal_without_a_guard_is_final() -> None:
    """Nobody could ever say that it was granted, so nobody is waited for."""
    ports, arm, _ = world()
    code = "LinkedAuthorizationFailed"
    arm.fail("write_policy", AccessDeniedError("no access to the link", code=code, status=403))

    write = await run_write_policy_zone(ports, change())

    assert (WriteOutcome.REFUSED, True) == (
        write.outcome,
        write.message.endswith("The vault is linked to no Resource Guard."),
    )


async def test_a_guard_that_cannot_be_named_is_asked_for_all_the_same() -> None:
    """That the write was refused for want of consent is certain whatever else cannot be read."""
    ports, arm, _ = world()
    code = "LinkedAuthorizationFailed"
    arm.fail("write_policy", AccessDeniedError("no access to the link", code=code, status=403))
    arm.fail("list_guard_proxies", UnavailableError("503"))

    write = await run_write_policy_zone(ports, change())

    assert (WriteOutcome.WAITING_FOR_GUARD, True) == (
        write.outcome,
        "the vault does not name it" in write.what_to_do,
    )


async def test_a_granted_guard_request_is_named_in_the_write_and_nowhere_else() -> None:
    """It is sent with the policy; the document that is meant to be there does not have it."""
    ports, arm, _ = world()

    await run_write_policy_zone(ports, change(guard_requests=("guard-request",)))

    sent = next(call.arguments[2] for call in arm.calls if call.method == "write_policy")
    kept = await ports.evidence.read(attempt_key(change(), "before"))
    assert (["guard-request"], False) == (
        sent["properties"]["resourceGuardOperationRequests"],
        "resourceGuardOperationRequests" in (kept or {})["data"]["intended"]["properties"],
    )


@pytest.mark.parametrize("kill_at", range(1, KILL_POINTS + 1))
async def test_a_killed_attempt_never_sends_twice(kill_at: int) -> None:
    """Whichever line it dies on, the same attempt run again adds no second write."""
    ports, arm, _ = world()
    with pytest.raises(Killed):
        await run_write_policy_zone(mortal(ports, KillSwitch(kill_at=kill_at)), change())
    sent_before = arm.count("write_policy")

    write = await run_write_policy_zone(ports, change())

    assert (True, True) == (
        arm.count("write_policy") <= 1,
        sent_before == 0 or write.outcome in {WriteOutcome.UNKNOWN, WriteOutcome.UNCHANGED},
    )


class Slow:
    """A port whose every call lets others go first."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            await asyncio.sleep(0)
            return await method(*arguments, **named)

        return call


async def test_two_executions_at_the_same_time_send_once() -> None:
    """Neither finds a marker at first; only one of them leaves it."""
    ports, arm, _ = world()
    slow_ports = replace(
        ports, evidence=Slow(ports.evidence), recovery_services=Slow(ports.recovery_services)
    )

    writes = await asyncio.gather(*(run_write_policy_zone(slow_ports, change()) for _ in range(2)))

    assert (1, {WriteOutcome.SENT, WriteOutcome.UNKNOWN}) == (
        arm.count("write_policy"),
        {write.outcome for write in writes},
    )


async def test_two_executions_of_one_attempt_send_once() -> None:
    """Whoever leaves the marker sends; the other one does not know and says so."""
    ports, arm, _ = world()
    await run_write_policy_zone(ports, change())
    arm.vaults[vault_ref().key].policies["Daily"] = policy()

    write = await run_write_policy_zone(ports, change())

    assert (WriteOutcome.UNKNOWN, 1) == (write.outcome, arm.count("write_policy"))


async def _write_often(ports: Ports, arm: FakeRecoveryServices, times: int) -> list[WriteOutcome]:
    outcomes = []
    for attempt in range(1, times + 1):
        arm.vaults[vault_ref().key].policies["Daily"] = policy()
        write = await run_write_policy_zone(ports, change(attempt))
        outcomes.append(write.outcome)
    return outcomes


async def test_the_edit_budget_is_never_exceeded() -> None:
    """The service allows 50 edits a day and vault; the 51st is not sent."""
    ports, arm, _ = world()

    outcomes = await _write_often(ports, arm, MAX_EDITS + 5)

    assert (MAX_EDITS, [WriteOutcome.WAITING_FOR_BUDGET] * 5) == (
        arm.count("write_policy"),
        outcomes[-5:],
    )


async def test_a_used_up_budget_says_when_it_comes_back() -> None:
    """The window rolls: the oldest of fifty edits is what frees the next."""
    ports, arm, clock = world()
    await _write_often(ports, arm, MAX_EDITS)
    first_edit_at = clock.now()
    clock.advance(timedelta(hours=3))
    arm.vaults[vault_ref().key].policies["Daily"] = policy()

    write = await run_write_policy_zone(ports, change(MAX_EDITS + 1))

    assert first_edit_at + EDIT_WINDOW == write.retry_at


async def test_the_edit_budget_comes_back_after_a_day() -> None:
    """A day later the vault may be edited again."""
    ports, arm, clock = world()
    await _write_often(ports, arm, MAX_EDITS)
    clock.advance(EDIT_WINDOW)
    arm.vaults[vault_ref().key].policies["Daily"] = policy()

    write = await run_write_policy_zone(ports, change(run_id="run-2", prefix="vaults/k/runs/2"))

    assert WriteOutcome.SENT == write.outcome


async def test_an_attempt_that_runs_again_after_its_write_does_not_call_it_unchanged() -> None:
    """What it sent has to be read back and followed, and costs no second edit of the day."""
    ports, arm, _ = world()
    await run_write_policy_zone(ports, change())

    write = await run_write_policy_zone(ports, change())

    edits = await ports.evidence.list_keys(f"vaults/{vault_ref().key}/policy-edits/")
    assert (WriteOutcome.UNKNOWN, 1, 1) == (write.outcome, arm.count("write_policy"), len(edits))


async def test_an_attempt_that_runs_again_sends_nothing_its_before_image_does_not_show() -> None:
    """The image of the first execution would take the other editor's change back."""
    arm = OtherEditor(lambda document: document["properties"].update(theirs=1))
    arm.add(vault_ref(), FakeVault(document={}, policies={"Daily": policy()}))
    ports = fake_ports(recovery_services=arm)
    await run_write_policy_zone(ports, change())

    write = await run_write_policy_zone(ports, change())

    assert (WriteOutcome.BUSY, 0, True) == (
        write.outcome,
        arm.count("write_policy"),
        "between two executions" in write.message,
    )
