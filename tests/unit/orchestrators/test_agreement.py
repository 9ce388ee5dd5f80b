"""Steps 2 and 3 of an upgrade: what is checked, who has to agree, and for how long."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import AccessDeniedError, UnavailableError
from domain.requests import ApprovalMode, upgrade_instance_id
from domain.upgrade import RunState
from orchestrators import names
from tests.estate import Desk, FakeEstate, estate_of_one
from tests.fakes import classic_ref, upgrade_record, upgrade_request

INSTANCE = upgrade_instance_id(classic_ref())
SITE_RECOVERY = "Microsoft.SiteRecovery"


def _started(estate: FakeEstate) -> int:
    return len(estate.classic.started)


@pytest.mark.parametrize("approval", [ApprovalMode.AUTOMATIC, ApprovalMode.ON_WARNINGS])
async def test_a_missing_group_without_consent_waits_for_a_person(approval: ApprovalMode) -> None:
    """Nobody answered: no group was made by a slip of the pen."""
    estate = estate_of_one()
    estate.subscriptions.groups = ["production"]

    outcome, _ = await estate.upgrade(upgrade_request(approval=approval))

    assert (RunState.NOT_APPROVED, 0) == (outcome.state, _started(estate))


async def test_consent_to_warnings_is_no_consent_to_a_new_group() -> None:
    """Each consent is for one thing."""
    estate = estate_of_one()
    estate.subscriptions.groups = []

    outcome, _ = await estate.upgrade(upgrade_request(accept_warnings=True))

    assert RunState.NOT_APPROVED == outcome.state


async def test_a_missing_group_with_consent_is_left_to_the_service() -> None:
    """The flag createResourceGroup is the consent; the service makes the group."""
    estate = estate_of_one()
    estate.subscriptions.groups = []

    outcome, _ = await estate.upgrade(upgrade_request(create_resource_group=True))

    assert RunState.CLOSED == outcome.state


async def test_an_approved_plan_is_consent_to_a_new_group() -> None:
    """A person has read the plan, which names it."""
    estate = estate_of_one()
    estate.subscriptions.groups = []

    outcome, _ = await estate.upgrade(workflow=Desk(estate).workflow())

    assert RunState.CLOSED == outcome.state


async def test_a_subscription_of_a_csp_is_blocked_with_every_reason() -> None:
    """All reasons are reported together."""
    estate = estate_of_one()
    estate.subscriptions.subscription["subscriptionPolicies"]["quotaId"] = "CSP_2015-05-01"
    estate.subscriptions.features["VaultUpgrade"] = "Pending"

    outcome, _ = await estate.upgrade()

    assert (RunState.BLOCKED, ["CspSubscription", "FeaturePending"]) == (
        outcome.state,
        [reason.partition(":")[0] for reason in outcome.reasons],
    )


async def test_what_may_not_be_read_takes_a_person() -> None:
    """DESIGN rule 4: never a pass, not even with consent to warnings."""
    estate = estate_of_one()
    estate.subscriptions.fail("list_groups", AccessDeniedError("no rights", status=403))

    outcome, _ = await estate.upgrade(upgrade_request(accept_warnings=True))

    assert (RunState.NOT_APPROVED, 0) == (outcome.state, _started(estate))


async def test_a_service_that_is_away_for_a_while_is_asked_again() -> None:
    """An outage is no reason to ask a person."""
    estate = estate_of_one()
    estate.subscriptions.fail("list_groups", *[UnavailableError("503")] * 3)

    outcome, _ = await estate.upgrade()

    assert RunState.CLOSED == outcome.state


async def test_a_provider_is_registered_with_consent_before_the_start() -> None:
    """Asked for once, and looked at until it is there."""
    estate = estate_of_one()
    estate.subscriptions.providers[SITE_RECOVERY] = "NotRegistered"
    estate.subscriptions.looks_until_registered = 40

    outcome, _ = await estate.upgrade(upgrade_request(register_providers=True))

    assert (RunState.CLOSED, 1, True) == (
        outcome.state,
        estate.subscriptions.count("register_provider"),
        estate.subscriptions.count("read_provider") > 40,
    )


async def test_a_provider_is_not_registered_without_consent() -> None:
    """Nobody answered: the subscription is as it was."""
    estate = estate_of_one()
    estate.subscriptions.providers[SITE_RECOVERY] = "NotRegistered"

    outcome, _ = await estate.upgrade()

    assert (RunState.NOT_APPROVED, 0) == (
        outcome.state,
        estate.subscriptions.count("register_provider"),
    )


async def test_a_registration_that_takes_more_than_an_hour_blocks() -> None:
    """Looked at every 10 s; then a person has to see to it."""
    estate = estate_of_one()
    estate.subscriptions.providers[SITE_RECOVERY] = "NotRegistered"
    estate.subscriptions.looks_until_registered = 10_000
    began = estate.clock.now()

    outcome, _ = await estate.upgrade(upgrade_request(register_providers=True))

    took = estate.clock.now() - began
    assert (RunState.BLOCKED, 0) == (outcome.state, _started(estate))
    assert timedelta(minutes=60) <= took < timedelta(minutes=61)
    assert SITE_RECOVERY in outcome.reasons[0]


async def test_waiting_for_a_registration_keeps_its_history_short() -> None:
    """Three hundred looks in one history would be replayed three hundred times."""
    estate = estate_of_one()
    estate.subscriptions.providers[SITE_RECOVERY] = "NotRegistered"
    estate.subscriptions.looks_until_registered = 300
    workflow = estate.workflow()

    await estate.upgrade(upgrade_request(register_providers=True), workflow)

    waiting = workflow.instances[f"{INSTANCE}.providers"]
    assert (True, True) == (waiting.executions >= 10, len(waiting.history) < 250)


@pytest.mark.parametrize(("hours", "expected"), [(None, 72), (8, 8), (1, 1)])
async def test_a_plan_expires_when_its_time_has_come(hours: int | None, expected: int) -> None:
    """Three days unless the request says otherwise."""
    estate = estate_of_one()
    request = upgrade_request(approval=ApprovalMode.REQUIRED, approval_hours=hours)
    began = estate.clock.now()

    outcome, _ = await estate.upgrade(request)

    assert (RunState.NOT_APPROVED, timedelta(hours=expected)) == (
        outcome.state,
        estate.clock.now() - began,
    )


async def test_the_moment_of_expiry_is_shown_with_the_plan() -> None:
    """Whoever looks sees how long there is."""
    estate = estate_of_one()
    request = upgrade_request(approval=ApprovalMode.REQUIRED, approval_hours=8)
    expires_at = estate.clock.now() + timedelta(hours=8)

    _, instance = await estate.upgrade(request)

    shown = next(one["plan"] for one in instance.statuses if one.get("plan"))
    assert expires_at.isoformat() == shown["expiresAt"]


async def test_somebody_is_reminded_once_after_half_of_the_time() -> None:
    """The reminder is kept, and shown with the plan."""
    estate = estate_of_one()
    request = upgrade_request(approval=ApprovalMode.REQUIRED)
    workflow = estate.workflow()

    _, instance = await estate.upgrade(request, workflow)

    shown = [one["plan"].get("remindedAt") for one in instance.statuses if one.get("plan")]
    assert 1 == workflow.activity_calls.count(names.RECORD_REMINDER)
    assert {None, (request.requested_at + timedelta(hours=36)).isoformat()} == set(shown)


async def test_an_answer_after_the_reminder_counts() -> None:
    """The plan is still the same one."""
    estate = estate_of_one()
    request = upgrade_request(approval=ApprovalMode.REQUIRED)

    outcome, _ = await estate.upgrade(request, Desk(estate, after=timedelta(hours=50)).workflow())

    assert RunState.CLOSED == outcome.state


async def test_an_early_answer_reminds_nobody() -> None:
    """Nothing is kept that did not happen."""
    estate = estate_of_one()
    workflow = Desk(estate).workflow()

    await estate.upgrade(upgrade_request(approval=ApprovalMode.REQUIRED), workflow)

    assert names.RECORD_REMINDER not in workflow.activity_calls


async def test_an_answer_that_is_none_is_passed_over() -> None:
    """Whatever somebody raises by hand, the run waits on for a real answer."""
    estate = estate_of_one()
    workflow = Desk(estate).workflow()
    for nonsense in ("yes", None, [1], {"decision": "approve"}):
        workflow.raise_event(INSTANCE, names.APPROVAL_EVENT, nonsense, timedelta(minutes=5))

    outcome, _ = await estate.upgrade(upgrade_request(approval=ApprovalMode.REQUIRED), workflow)

    assert RunState.CLOSED == outcome.state


async def test_an_answer_to_the_old_plan_does_not_start_the_changed_one() -> None:
    """DESIGN rule 3: what changed since is asked about again; here nobody answers."""
    estate = estate_of_one()
    workflow = Desk(estate).workflow()
    checks = workflow.activities[names.READ_PRECHECKS]
    answers: list[Any] = []

    async def change(asked: Any) -> Any:
        answers.append(await checks(asked))
        if len(answers) > 1:
            estate.subscriptions.groups = ["production"]
            answers[-1] = await checks({**asked, "check_no": 99})
        return answers[-1]

    read, keep = (one.activities[names.RECORD_PLAN] for one in (workflow, estate.workflow()))

    async def plan(asked: Any) -> Any:
        return await (read if len(answers) == 1 else keep)(asked)

    replaced = {names.READ_PRECHECKS: change, names.RECORD_PLAN: plan}
    workflow.activities = {**workflow.activities, **replaced}
    outcome, _ = await estate.upgrade(upgrade_request(approval=ApprovalMode.REQUIRED), workflow)

    assert (RunState.NOT_APPROVED, 0) == (outcome.state, _started(estate))


async def test_a_plan_that_changes_under_every_approval_ends_with_a_person() -> None:
    """Ten plans were agreed to and none of them held: nothing is started."""
    estate = estate_of_one()
    workflow = Desk(estate).workflow()
    check = workflow.activities[names.CHECK_PREREQUISITES]

    async def restless(asked: Any) -> Any:
        warning = {"severity": "Warning", "category": "Vault", "code": f"New{asked['check_no']}"}
        rest = {"message": "another each time", "rows": [], "recommended_action": ""}
        return {**await check(asked), "reasons": [{**warning, **rest}]}

    workflow.activities = {**workflow.activities, names.CHECK_PREREQUISITES: restless}
    outcome, _ = await estate.upgrade(upgrade_request(approval=ApprovalMode.REQUIRED), workflow)

    reason = "The plan changed 10 times while it was being approved."
    assert (RunState.STOPPED, (reason,), 0) == (outcome.state, outcome.reasons, _started(estate))
    assert 10 == workflow.activity_calls.count(names.CHECK_PREREQUISITES)


async def test_an_upgrade_begun_elsewhere_while_a_plan_waits_is_adopted() -> None:
    """The check after the approval fails because of it; that is no reason to stop."""
    estate = estate_of_one()
    desk = Desk(estate)
    workflow = desk.workflow()
    check = workflow.activities[names.CHECK_PREREQUISITES]

    async def overtaken(asked: Any) -> Any:
        answer = await check(asked)
        if asked["check_no"] > 1:
            (key,) = estate.classic.vaults
            theirs = upgrade_record("theirs", started_at=estate.clock.now())
            estate.classic.vaults[key] = replace(estate.classic.vaults[key], record=theirs)
            reason = {"severity": "Error", "category": "Vault", "code": "InProgress"}
            rest = {"message": "", "rows": [], "recommended_action": ""}
            answer = {**answer, "outcome": "Failed", "reasons": [{**reason, **rest}]}
        return answer

    workflow.activities = {**workflow.activities, names.CHECK_PREREQUISITES: overtaken}
    outcome, _ = await estate.upgrade(upgrade_request(approval=ApprovalMode.REQUIRED), workflow)

    assert (RunState.CLOSED, "theirs", 0) == (
        outcome.state,
        outcome.operation_id,
        _started(estate),
    )


async def test_a_plan_names_the_providers_it_will_register() -> None:
    """Every call that changes something is in it."""
    estate = estate_of_one()
    estate.subscriptions.providers[SITE_RECOVERY] = "NotRegistered"

    outcome, _ = await estate.upgrade(upgrade_request(register_providers=True))

    (key,) = await estate.evidence.list_keys(f"{outcome.evidence_prefix}/04-plan")
    plan = await estate.evidence.read(key)
    calls = plan["data"]["calls"] if plan else []
    assert calls[0]["path"].endswith(f"/providers/{SITE_RECOVERY}/register")


async def test_the_result_of_the_checks_is_kept_as_one_document() -> None:
    """Machine-readable, with sources: what was looked at, and what it came to."""
    estate = estate_of_one()

    outcome, _ = await estate.upgrade()

    kept = await estate.evidence.read(f"{outcome.evidence_prefix}/03-checks-1.json")
    data = kept["data"] if kept else {}
    assert {"code", "gravity", "is_blocking", "what_to_do", "source", "rule"} <= set(
        data["reasons"][0]
    )
    assert 7 == len(data["sources"])
