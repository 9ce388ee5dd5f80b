"""Writes are followed, read back, spread over days, and tried again only after a look."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.ports import PolicyWriteAnswer
from domain.codec import JsonObject
from domain.edit_budget import MAX_EDITS
from domain.errors import AccessDeniedError, OutcomeUnknownError, RefusedError, UnavailableError
from domain.upgrade import RunState
from domain.vaults import VaultRef
from orchestrators import names
from tests.estate import FakeEstate
from tests.fakes import FakeRecoveryServices, vault_ref
from tests.settlements import (
    INSTANCE,
    PACIFIC,
    estate_with,
    policies,
    report_of,
    settle,
    settle_request,
)

DAY = timedelta(hours=24)


def _zones(estate: FakeEstate) -> Counter[Any]:
    kept = estate.recovery_services.vaults[vault_ref().key].policies.values()
    return Counter(one["properties"].get("timeZone") for one in kept)


def _writes(estate: FakeEstate) -> int:
    return estate.recovery_services.count("write_policy")


async def test_a_lost_answer_whose_write_took_effect_is_not_sent_again() -> None:
    """The policy is read back and found as it was meant."""
    estate = estate_with()
    estate.recovery_services.lose_answer("write_policy", OutcomeUnknownError("lost"))

    outcome, _ = await settle(estate)

    assert (RunState.CLOSED, 1) == (outcome.state, _writes(estate))


async def test_a_lost_write_is_sent_again_only_after_it_was_looked_for() -> None:
    """Three looks over a quarter of an hour find nothing; then a fresh read and a new attempt."""
    estate = estate_with()
    started_at = estate.clock.now()
    estate.recovery_services.fail("write_policy", OutcomeUnknownError("lost"))

    outcome, _ = await settle(estate)

    calls = [call.method for call in estate.recovery_services.calls]
    first, second = [at for at, name in enumerate(calls) if name == "write_policy"]
    reads_between = calls[first:second].count("read_policy")
    assert (RunState.CLOSED, True, True) == (
        outcome.state,
        reads_between >= 4,
        estate.clock.now() - started_at >= timedelta(minutes=15),
    )


async def test_an_accepted_write_and_its_jobs_are_followed_to_their_ends() -> None:
    """202 is no end, and neither is the operation's: a backup may fail to be configured anew."""
    estate = estate_with()
    arm = estate.recovery_services
    arm.answers_async = True
    workflow = estate.workflow()
    body = workflow.activities[names.READ_POLICY_WRITE]
    statuses = iter(("InProgress", "InProgress", "Failed"))

    async def the_job_goes_on(request: Any) -> Any:
        arm.vaults[vault_ref().key].jobs[-1]["properties"]["status"] = next(statuses)
        return await body(request)

    workflow.activities = {**workflow.activities, names.READ_POLICY_WRITE: the_job_goes_on}

    outcome, _ = await settle(estate, workflow=workflow)

    report = await report_of(estate, outcome)
    (integrity,) = [one for one in report.findings if one.check_id == "policy-integrity"]
    assert (RunState.CLOSED_WITH_TASKS, 3, True) == (
        outcome.state,
        arm.count("read_policy_operation"),
        integrity.message.endswith("ended as Failed"),
    )


async def test_a_write_the_service_took_and_did_not_carry_out_is_told() -> None:
    """200 is not trusted: the policy still reads as before, and that is a task."""
    estate = estate_with()

    class Forgetful(FakeRecoveryServices):
        async def write_policy(
            self, vault: VaultRef, policy_name: str, document: JsonObject
        ) -> PolicyWriteAnswer:
            self._enter("write_policy", vault, policy_name, document)
            return PolicyWriteAnswer(
                status=200, operation_id=None, retry_after_s=None, request_id="r-1"
            )

    forgetful = Forgetful(clock=estate.clock)
    forgetful.vaults = estate.recovery_services.vaults
    object.__setattr__(estate.ports, "recovery_services", forgetful)

    outcome, _ = await settle(estate)

    (task,) = (await report_of(estate, outcome)).tasks
    assert (RunState.CLOSED_WITH_TASKS, 1, True) == (
        outcome.state,
        forgetful.count("write_policy"),
        "Microsoft Support" in task.text,
    )


async def test_a_locked_policy_is_tried_again_later() -> None:
    """Nothing was changed by the refusal, so a fresh attempt is safe."""
    estate = estate_with()
    locked = RefusedError("locked", code="BMSUserErrorObjectLocked", status=409)
    estate.recovery_services.fail("write_policy", locked, locked)

    outcome, _ = await settle(estate)

    assert (RunState.CLOSED, 3) == (outcome.state, _writes(estate))


async def test_an_operation_that_cannot_be_read_for_a_while_is_followed_on() -> None:
    """A failed look is not an end."""
    estate = estate_with()
    estate.recovery_services.answers_async = True
    away = [UnavailableError("away")] * 12
    estate.recovery_services.fail("read_policy_operation", *away)

    outcome, _ = await settle(estate)

    assert (RunState.CLOSED, 1) == (outcome.state, _writes(estate))


def _spans(moments: list[datetime]) -> int:
    """The most writes in any 24 hours."""
    return max(sum(1 for one in moments if at <= one < at + DAY) for at in moments)


async def test_more_policies_than_the_budget_are_spread_over_days() -> None:
    """120 policies take three days, never more than 50 edits within 24 hours."""
    estate = estate_with(policies=policies(120))
    moments: list[datetime] = []
    workflow = estate.workflow()
    body = workflow.activities[names.WRITE_POLICY_ZONE]

    async def timed(request: Any) -> Any:
        before = _writes(estate)
        answer = await body(request)
        moments.extend([estate.clock.now()] * (_writes(estate) - before))
        return answer

    workflow.activities = {**workflow.activities, names.WRITE_POLICY_ZONE: timed}

    outcome, _ = await settle(estate, workflow=workflow)

    assert (RunState.CLOSED, 120, MAX_EDITS, True) == (
        outcome.state,
        _zones(estate)[PACIFIC],
        _spans(moments),
        timedelta(days=2) < moments[-1] - moments[0] < timedelta(days=3),
    )


GUARDED = AccessDeniedError("guarded", code="UserErrorResourceGuardRequestMissing", status=403)


async def test_a_thousand_known_machines_stay_out_of_the_writes() -> None:
    """The history of the child that writes all policies travels with each of its turns."""
    estate = estate_with(policies=policies(50))
    workflow = estate.workflow()
    machines = tuple(f"server-{number:04}.corp.contoso.example" for number in range(1000))

    outcome, _ = await settle(estate, settle_request(known_machines=machines), workflow)

    history = workflow.instances[f"{INSTANCE}.zones1"].history
    assert RunState.CLOSED_WITH_TASKS == outcome.state
    # Three kilobytes for each of fifty policies.
    assert sum(one.ByteSize() for one in history) < 150_000


def _guarded_estate(guard: str = "/guards/one", **changes: Any) -> FakeEstate:
    """A vault whose first write is refused until the owner of its guard has agreed."""
    estate = estate_with(**changes)
    for vault in estate.recovery_services.vaults.values():
        vault.guard_proxies = [{"properties": {"resourceGuardResourceId": guard}}]
    estate.recovery_services.fail("write_policy", GUARDED)
    return estate


@pytest.mark.parametrize(
    ("decision", "state", "writes"),
    [
        ("granted", RunState.CLOSED, 2),
        ("abandoned", RunState.CLOSED_WITH_TASKS, 1),
        (None, RunState.CLOSED_WITH_TASKS, 1),
    ],
    ids=["granted", "abandoned", "nobody answers"],
)
async def test_a_guarded_vault_waits_for_its_owner_and_goes_on(
    decision: str | None, state: RunState, writes: int
) -> None:
    """The wait is durable, shown with the exact request, and ends after a week at the latest."""
    estate = _guarded_estate()
    workflow = estate.workflow()
    if decision:
        answer = {"decision": decision, "by": "guard owner"}
        workflow.raise_event(INSTANCE, names.GUARD_EVENT, answer, timedelta(days=2))

    outcome, instance = await settle(estate, workflow=workflow)

    waited = [one for one in instance.statuses if one["state"] == "waiting_for_guard"]
    assert (state, writes, True) == (
        outcome.state,
        _writes(estate),
        "Backup MUA Operator" in waited[0]["guard"]["text"],
    )


@pytest.mark.parametrize("word", ["granted", 1, ["granted"], None])
async def test_a_word_that_is_no_answer_is_passed_over(word: Any) -> None:
    """Anybody with the management API may raise an event; the owner's own still counts."""
    estate = _guarded_estate()
    workflow = estate.workflow()
    answer = {"decision": "granted", "by": "guard owner"}
    workflow.raise_event(INSTANCE, names.GUARD_EVENT, word, timedelta(days=1))
    workflow.raise_event(INSTANCE, names.GUARD_EVENT, answer, timedelta(days=2))

    outcome, _ = await settle(estate, workflow=workflow)

    assert (RunState.CLOSED, 2) == (outcome.state, _writes(estate))


async def test_many_guarded_policies_are_shown_as_far_as_they_fit() -> None:
    """Azure fails an orchestration whose status is too long; the test engine refuses it, too."""
    guard = f"/subscriptions/s/resourceGroups/{'g' * 90}/providers/guards/{'n' * 90}"
    estate = _guarded_estate(guard, policies=policies(48, name_length=150))
    estate.recovery_services.fail("write_policy", *[GUARDED] * 47)

    outcome, instance = await settle(estate)

    shown = next(one["guard"] for one in instance.statuses if one["state"] == "waiting_for_guard")
    assert (RunState.CLOSED_WITH_TASKS, guard) == (outcome.state, shown["guard_id"])
    assert 20 < len(shown["policies"]) < 48


async def test_a_write_without_a_known_end_is_told_although_a_guard_was_asked() -> None:
    """The second round is about guarded policies only; the others keep the word of the first."""
    estate = estate_with(policies=policies(2))
    lost, _ = estate.recovery_services.vaults[vault_ref().key].policies
    for vault in estate.recovery_services.vaults.values():
        vault.guard_proxies = [{"properties": {"resourceGuardResourceId": "/guards/one"}}]
    estate.recovery_services.fail("write_policy", GUARDED)
    workflow = estate.workflow()

    def unless_lost(body: Any) -> Any:
        async def answer(request: Any) -> Any:
            if request.get("change", request)["policy_name"] == lost:
                raise UnavailableError("away")
            return await body(request)

        return answer

    steps = (names.WRITE_POLICY_ZONE, names.CHECK_POLICY_WRITE)
    broken = {one: unless_lost(workflow.activities[one]) for one in steps}
    workflow.activities = {**workflow.activities, **broken}
    granted = {"decision": "granted", "by": "guard owner"}
    workflow.raise_event(INSTANCE, names.GUARD_EVENT, granted, timedelta(days=2))

    outcome, _ = await settle(estate, workflow=workflow)

    assert (RunState.STOPPED, True) == (
        outcome.state,
        f"The write of policy {lost} has no known end" in outcome.reasons[0],
    )


async def test_an_editor_who_never_stops_ends_the_attempts() -> None:
    """After six attempts a person has to talk to the other one; nothing is overwritten."""
    estate = estate_with()
    locked = [RefusedError("locked", code="BMSUserErrorObjectLocked", status=409)] * 20
    estate.recovery_services.fail("write_policy", *locked)

    outcome, _ = await settle(estate)

    assert (RunState.CLOSED_WITH_TASKS, 6) == (outcome.state, _writes(estate))
