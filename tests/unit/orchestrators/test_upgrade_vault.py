"""One vault from its request to its verdict, on fakes, in virtual time, replayed every turn."""

from datetime import timedelta
from typing import Any

import pytest

from domain.codec import to_json
from domain.errors import AccessDeniedError, NotFoundError, OutcomeUnknownError, UnavailableError
from domain.requests import ApprovalMode, upgrade_instance_id
from domain.upgrade import (
    CheckOutcome,
    PrerequisiteCheck,
    PrerequisiteReason,
    RunState,
    Severity,
    UpgradeStatus,
)
from orchestrators import names
from tests.estate import Desk, FakeEstate, estate_of_one, policy_document, settled_vault
from tests.fakes import (
    classic_ref,
    classic_vault,
    upgrade_record,
    upgrade_request,
    vault_ref,
)

INSTANCE = upgrade_instance_id(classic_ref())
HOUR = timedelta(hours=1)


def _check(*reasons: PrerequisiteReason) -> PrerequisiteCheck:
    blocked = any(reason.severity is Severity.ERROR for reason in reasons)
    return PrerequisiteCheck(
        outcome=CheckOutcome.FAILED if blocked else CheckOutcome.WITH_WARNINGS,
        reasons=reasons,
        client_request_id="",
        provenance=classic_vault().provenance,
    )


def _reason(severity: Severity, code: str = "OldAgent") -> PrerequisiteReason:
    return PrerequisiteReason(
        severity=severity,
        category="Agent",
        code=code,
        message="SRV01;2.0.9050.0|SRV02;2.0.9060.0",
        rows=(("SRV01", "2.0.9050.0"), ("SRV02", "2.0.9060.0")),
        recommended_action="Update the agent.",
    )


async def test_a_clean_vault_is_upgraded_settled_proven_and_closed() -> None:
    """The main road: one start, and an end with nothing left to do."""
    estate = estate_of_one()

    outcome, _ = await estate.upgrade()

    assert (RunState.CLOSED, 1) == (outcome.state, len(estate.classic.started))


async def test_the_operation_id_is_the_one_that_was_sent() -> None:
    """What support will ask for is what the service was given."""
    estate = estate_of_one()

    outcome, _ = await estate.upgrade()

    assert estate.classic.started == [outcome.operation_id]


async def test_the_states_of_a_run_follow_the_table() -> None:
    """Operators see the run move through its states in order."""
    _, instance = await estate_of_one().upgrade()

    shown = list(dict.fromkeys(status["state"] for status in instance.statuses))
    assert ["checking", "starting", "upgrading", "confirming", "settling", "proving"] == [
        state for state in shown if state != "inspecting"
    ]


async def test_every_policy_gets_the_requested_zone_and_keeps_its_times() -> None:
    """set-zone changes the zone and no time string (DESIGN rule 6)."""
    estate = estate_of_one()

    await estate.upgrade()

    policy = estate.recovery_services.vaults[vault_ref().key].policies["DailyPolicy"]
    assert ("Pacific Standard Time", ["2017-01-24T22:00:00Z"]) == (
        policy["properties"]["timeZone"],
        policy["properties"]["schedulePolicy"]["scheduleRunTimes"],
    )


async def test_a_failed_prerequisite_blocks_with_every_reason_and_starts_nothing() -> None:
    """All reasons are reported together, with their rows."""
    estate = estate_of_one()
    estate.classic.checks[classic_ref().key] = _check(
        _reason(Severity.ERROR), _reason(Severity.ERROR, "RunningJob")
    )

    outcome, _ = await estate.upgrade()

    assert (RunState.BLOCKED, 2, []) == (
        outcome.state,
        len(outcome.reasons),
        estate.classic.started,
    )


async def test_a_warning_with_consent_goes_on() -> None:
    """accept_warnings is the consent; nobody is asked again."""
    estate = estate_of_one()
    estate.classic.checks[classic_ref().key] = _check(_reason(Severity.WARNING))

    outcome, _ = await estate.upgrade(upgrade_request(accept_warnings=True))

    assert RunState.CLOSED == outcome.state


async def test_a_warning_without_consent_waits_and_expires() -> None:
    """Nobody answered: nothing was started."""
    estate = estate_of_one()
    estate.classic.checks[classic_ref().key] = _check(_reason(Severity.WARNING))

    outcome, _ = await estate.upgrade()

    assert (RunState.NOT_APPROVED, []) == (outcome.state, estate.classic.started)


async def test_an_approved_plan_is_carried_out() -> None:
    """A required approval by somebody else lets the run go on."""
    estate = estate_of_one()
    request = upgrade_request(approval=ApprovalMode.REQUIRED)

    outcome, _ = await estate.upgrade(request, Desk(estate).workflow())

    assert RunState.CLOSED == outcome.state


async def test_a_denied_plan_starts_nothing() -> None:
    """A no is an end, with the name of who said it."""
    estate = estate_of_one()
    request = upgrade_request(approval=ApprovalMode.REQUIRED)

    desk = Desk(estate, decision="deny", comment="not in December")
    outcome, _ = await estate.upgrade(request, desk.workflow())

    assert (RunState.NOT_APPROVED, ("Denied by boss: not in December.",), []) == (
        outcome.state,
        outcome.reasons,
        estate.classic.started,
    )


async def test_the_requester_cannot_approve_their_own_plan() -> None:
    """DESIGN rule 3: approver and requester differ; the run keeps waiting, then expires."""
    estate = estate_of_one()
    request = upgrade_request(approval=ApprovalMode.REQUIRED)

    desk = Desk(estate, approver=request.requested_by)
    outcome, _ = await estate.upgrade(request, desk.workflow())

    assert (RunState.NOT_APPROVED, []) == (outcome.state, estate.classic.started)


async def test_a_plan_that_changed_since_is_asked_about_again() -> None:
    """DESIGN rule 3: a new warning after the approval makes a new plan."""
    estate = estate_of_one()
    request = upgrade_request(approval=ApprovalMode.REQUIRED)
    desk = Desk(estate)
    check = estate.workflow().activities[names.CHECK_PREREQUISITES]

    async def warn_later(asked: Any) -> Any:
        if asked["check_no"] > 1:
            estate.classic.checks[classic_ref().key] = _check(_reason(Severity.WARNING))
        return await check(asked)

    outcome, _ = await estate.upgrade(request, desk.workflow(check_prerequisites=warn_later))

    assert (RunState.CLOSED, 2) == (outcome.state, len(desk.plans))


async def test_a_failed_upgrade_ends_with_support_and_is_not_retried() -> None:
    """DESIGN rule 2: one start, a bundle with the OperationId, and no more calls."""
    estate = estate_of_one(end=UpgradeStatus.FAILED, message="backend stamp is not reachable")

    outcome, _ = await estate.upgrade()

    bundle = await estate.evidence.read(f"{outcome.evidence_prefix}/10-support-bundle.json")
    assert (RunState.NEEDS_SUPPORT, 1, outcome.operation_id) == (
        outcome.state,
        len(estate.classic.started),
        bundle["data"]["operation_id"] if bundle else None,
    )


async def test_a_failed_vault_handed_in_again_is_not_started_again() -> None:
    """DESIGN rule 2 across runs: the second run ends at support without a call."""
    estate = estate_of_one(end=UpgradeStatus.FAILED)
    await estate.upgrade()

    outcome, _ = await estate.upgrade(upgrade_request(request_id="request-2"))

    assert (RunState.NEEDS_SUPPORT, 1) == (outcome.state, len(estate.classic.started))


async def test_a_vault_upgraded_already_is_settled_only() -> None:
    """No check, no plan, no start: the vault is confirmed and settled."""
    done = upgrade_record("forced", UpgradeStatus.UPGRADED)
    estate = FakeEstate.make(classic_vault(record=done))
    estate.recovery_services.add(vault_ref(), settled_vault())

    outcome, _ = await estate.upgrade()

    assert (RunState.CLOSED, "forced", []) == (
        outcome.state,
        outcome.operation_id,
        estate.classic.started,
    )


async def test_an_upgrade_in_progress_is_adopted() -> None:
    """Somebody else's upgrade is followed to its end under their OperationId."""
    estate = FakeEstate.make(classic_vault(record=upgrade_record("theirs")))
    estate.recovery_services.add(vault_ref(), settled_vault())

    outcome, _ = await estate.upgrade()

    assert (RunState.CLOSED, "theirs", []) == (
        outcome.state,
        outcome.operation_id,
        estate.classic.started,
    )


async def test_a_lost_answer_to_the_start_leaves_one_upgrade() -> None:
    """DESIGN rule 1 through the whole workflow."""
    estate = estate_of_one()
    estate.classic.lose_answer("start_upgrade", OutcomeUnknownError("connection lost"))

    outcome, _ = await estate.upgrade()

    assert (RunState.CLOSED, 1) == (outcome.state, len(estate.classic.started))


async def test_an_unreadable_vault_stops_with_its_reason() -> None:
    """A vault that cannot be read is stopped, never passed."""
    estate = estate_of_one()
    estate.classic.fail("read_vault", *[AccessDeniedError("no rights", status=403)] * 9)

    outcome, _ = await estate.upgrade()

    assert (RunState.STOPPED, True) == (outcome.state, "no rights" in outcome.reasons[0])


async def test_a_short_outage_while_waiting_is_outlived() -> None:
    """Failed polls are not an end of the upgrade."""
    estate = estate_of_one()
    estate.classic.fail("read_operation", *[UnavailableError("503")] * 12)

    outcome, _ = await estate.upgrade()

    assert RunState.CLOSED == outcome.state


async def test_an_upgrade_that_never_ends_stops_and_is_not_restarted() -> None:
    """After the last limit the run stops; the upgrade itself is left alone."""
    estate = estate_of_one(duration=timedelta(days=30))

    outcome, _ = await estate.upgrade()

    assert (RunState.STOPPED, 1) == (outcome.state, len(estate.classic.started))


async def test_a_long_wait_keeps_its_history_short() -> None:
    """Continue-as-new every ten polls bounds what is replayed (performance 3c)."""
    estate = estate_of_one(duration=timedelta(minutes=90))
    workflow = estate.workflow()

    await estate.upgrade(workflow=workflow)

    waiting = workflow.instances[f"{INSTANCE}.await"]
    assert (True, True) == (waiting.executions > 5, len(waiting.history) < 100)


async def test_missing_zones_without_a_request_for_one_need_a_decision() -> None:
    """Absent is not UTC and nobody guesses (DESIGN rule 6)."""
    estate = estate_of_one()

    outcome, _ = await estate.upgrade(upgrade_request(time_zone=None))

    assert (RunState.NEEDS_DECISION, 0) == (
        outcome.state,
        estate.recovery_services.count("write_policy"),
    )


async def test_policies_that_keep_no_zone_leave_a_task() -> None:
    """A MARS policy is never passed: a person looks at the machines."""
    used = policy_document("Mars", backupManagementType="MAB", protectedItemsCount=1)
    vault = settled_vault(policies={"Mars": used})

    outcome, _ = await estate_of_one(vault).upgrade()

    assert (RunState.CLOSED_WITH_TASKS, 1) == (outcome.state, outcome.task_count)


async def test_a_policy_write_answered_with_202_is_followed() -> None:
    """An accepted write is followed to its end before the policy is judged."""
    estate = estate_of_one()
    estate.recovery_services.answers_async = True

    outcome, _ = await estate.upgrade()

    assert RunState.CLOSED == outcome.state


async def test_an_unreadable_part_of_settling_stops_the_run_and_spares_the_rest() -> None:
    """DESIGN rule 4: what could not be read is unknown; the zones were still set."""
    estate = estate_of_one()
    denied = [AccessDeniedError("no rights on vaultconfig", status=403)] * 9
    estate.recovery_services.fail("list_agents", *denied)

    outcome, _ = await estate.upgrade()

    assert (RunState.STOPPED, 1) == (
        outcome.state,
        estate.recovery_services.count("write_policy"),
    )


async def test_a_vault_arm_shows_late_is_waited_for() -> None:
    """The new vault may be provisioning a little after the record says Upgraded."""
    estate = estate_of_one()
    estate.recovery_services.fail("read_vault", *[NotFoundError("not yet", status=404)] * 3)

    outcome, _ = await estate.upgrade()

    assert RunState.CLOSED == outcome.state


async def test_the_report_of_a_run_is_in_the_evidence() -> None:
    """DESIGN rule 8: the verdict outlives the history."""
    estate = estate_of_one()

    outcome, _ = await estate.upgrade()

    document = await estate.evidence.read(f"{outcome.evidence_prefix}/outcome.json")
    assert to_json(outcome) == (document["data"]["outcome"] if document else None)


async def test_an_upgraded_vault_s_report_has_the_article_s_checklist() -> None:
    """Every statement, with how it stands for this vault."""
    estate = estate_of_one()

    outcome, _ = await estate.upgrade()

    document = await estate.evidence.read(f"{outcome.evidence_prefix}/outcome.json")
    states = {one["id"]: one["state"] for one in (document or {})["data"]["checklist"]}
    assert ("holds", "told") == (states["time-zones"], states["no-rollback"])


@pytest.mark.parametrize("fails", [names.RECORD_VERDICT, names.INSPECT_VAULT])
async def test_an_evidence_store_that_is_away_for_a_while_loses_nothing(fails: str) -> None:
    """Steps that keep evidence are tried again until they could."""
    estate = estate_of_one()
    workflow = estate.workflow()
    body = workflow.activities[fails]
    failures = iter([UnavailableError("store away")] * 3)

    async def flaky(request: Any) -> Any:
        for failure in failures:
            raise failure
        return await body(request)

    workflow.activities = {**workflow.activities, fails: flaky}
    outcome, _ = await estate.upgrade(workflow=workflow)

    assert RunState.CLOSED == outcome.state
