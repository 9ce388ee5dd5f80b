"""A vault is settled by itself, again and again, and never written without need."""

from datetime import timedelta
from typing import Any

import pytest

from domain.codec import to_json
from domain.errors import AccessDeniedError, EvidenceError, UnavailableError
from domain.estate_map import EstateMap, ZoneRule
from domain.plans import Approval
from domain.requests import ApprovalMode
from domain.settle_plans import changes_hash
from domain.upgrade import RunState
from orchestrators import names
from tests.estate import FakeEstate, policy_document
from tests.fakes import NOON, vault_ref
from tests.settlements import (
    INSTANCE,
    PACIFIC,
    estate_with,
    policies,
    report_of,
    settle,
    settle_request,
)
from tests.workflow import Workflow


def _zones(estate: FakeEstate) -> set[Any]:
    kept = estate.recovery_services.vaults[vault_ref().key].policies.values()
    return {one["properties"].get("timeZone") for one in kept}


async def test_a_vault_upgraded_long_ago_is_settled_and_closed() -> None:
    """The zone is set and nothing is left to do."""
    estate = estate_with()

    outcome, _ = await settle(estate)

    assert (RunState.CLOSED, {PACIFIC}) == (outcome.state, _zones(estate))


async def test_a_second_settlement_writes_nothing() -> None:
    """Re-running settles nothing twice: what is as it should be is left alone."""
    estate = estate_with(policies=policies(5))
    await settle(estate)

    outcome, _ = await settle(estate, settle_request("request-2"))

    assert (RunState.CLOSED, 5) == (outcome.state, estate.recovery_services.count("write_policy"))


async def test_a_dry_run_says_what_it_would_write_and_writes_nothing() -> None:
    """The operator sees each change before anything is asked of the service."""
    estate = estate_with(policies=policies(2))

    outcome, _ = await settle(estate, settle_request(is_dry_run=True))

    assert (0, 2, True) == (
        estate.recovery_services.count("write_policy"),
        len(outcome.pending_changes),
        "properties.timeZone from (absent) to Pacific" in outcome.pending_changes[0],
    )


async def test_the_checklist_has_every_statement_of_the_article() -> None:
    """Statements that checks decide hold; the others are told."""
    estate = estate_with()
    outcome, _ = await settle(estate)

    entries = (await report_of(estate, outcome)).checklist

    assert ("holds", "told", True) == (
        next(one.state for one in entries if one.id == "time-zones"),
        next(one.state for one in entries if one.id == "no-rollback"),
        len(entries) > 20,
    )


class _Desk:
    """Somebody who answers the settlement's plan an hour after it is shown."""

    def __init__(self, estate: FakeEstate, decision: str = "approve", approver: str = "boss"):
        self.workflow = estate.workflow()
        self.decision, self.approver = decision, approver
        body = self.workflow.activities[names.PLAN_REPORTS]

        async def plan(request: Any) -> Any:
            self.raise_later(self.workflow)
            return await body(request)

        self.workflow.activities = {**self.workflow.activities, names.PLAN_REPORTS: plan}

    def raise_later(self, workflow: Workflow) -> None:
        """The answer names whatever hash is shown by then."""
        changes = ("DailyPolicy: properties.timeZone from (absent) to Pacific Standard Time",)
        digest = changes_hash(vault_ref(), settle_request().time_zone_mode, changes)
        approval = Approval(
            plan_hash=digest, approver=self.approver, decision=self.decision, at=NOON
        )
        workflow.raise_event(INSTANCE, names.APPROVAL_EVENT, to_json(approval), timedelta(hours=1))


@pytest.mark.parametrize(
    ("decision", "approver", "state", "writes"),
    [
        ("approve", "boss", RunState.CLOSED, 1),
        ("deny", "boss", RunState.NOT_APPROVED, 0),
        ("approve", "operator@example.com", RunState.NOT_APPROVED, 0),
    ],
    ids=["approved", "denied", "by the requester"],
)
async def test_nothing_is_written_before_somebody_else_has_agreed(
    decision: str, approver: str, state: RunState, writes: int
) -> None:
    """An approval names the hash of the changes and is not the requester's."""
    estate = estate_with()
    desk = _Desk(estate, decision, approver)
    request = settle_request(approval=ApprovalMode.REQUIRED)

    outcome, _ = await settle(estate, request, desk.workflow)

    assert (state, writes) == (outcome.state, estate.recovery_services.count("write_policy"))


async def test_an_answer_that_cannot_be_kept_stops_the_settlement_and_leaves_a_verdict() -> None:
    """Nothing is written without it (DESIGN rule 8), and the vault is in everybody's list."""
    estate = estate_with()
    desk = _Desk(estate)

    async def away(_: Any) -> Any:
        raise EvidenceError("the store is away")

    desk.workflow.activities = {**desk.workflow.activities, names.RECORD_ANSWER: away}

    outcome, _ = await settle(estate, settle_request(approval=ApprovalMode.REQUIRED), desk.workflow)

    assert (RunState.STOPPED, 0, True) == (
        outcome.state,
        estate.recovery_services.count("write_policy"),
        any("the store is away" in one for one in outcome.reasons),
    )


async def test_a_plan_of_many_changes_is_shown_as_far_as_it_fits() -> None:
    """Azure fails an orchestration whose status is too long; the test engine refuses it, too."""
    estate = estate_with(policies=policies(200, name_length=150))

    outcome, instance = await settle(estate, settle_request(approval=ApprovalMode.REQUIRED))

    plan = next(one["plan"] for one in instance.statuses if one["state"] == "awaiting_approval")
    assert (RunState.NOT_APPROVED, 200) == (outcome.state, plan["count"])
    assert 20 < len(plan["changes"]) < 50


async def test_a_settlement_without_changes_asks_nobody() -> None:
    """There is nothing to agree to."""
    estate = estate_with(policies={"P": policy_document("P", timeZone=PACIFIC)})

    outcome, _ = await settle(estate, settle_request(approval=ApprovalMode.REQUIRED))

    assert RunState.CLOSED == outcome.state


async def test_the_zone_of_the_vault_s_tag_is_used_where_the_request_names_none() -> None:
    """The tag comes before the map."""
    estate = estate_with()
    tags = {"Vaultlift-Time-Zone": "Asia/Tokyo"}
    estate.recovery_services.vaults[vault_ref().key].document["tags"] = tags

    await settle(estate, settle_request(time_zone=None))

    assert {"Tokyo Standard Time"} == _zones(estate)


async def test_the_estate_map_answers_last() -> None:
    """The first rule that fits the vault decides."""
    estate = estate_with()
    rules = (
        ZoneRule(time_zone="UTC", name="other-*"),
        ZoneRule(time_zone=PACIFIC, name="VAULT-*"),
    )
    object.__setattr__(estate.ports, "estate_map", EstateMap(zones=rules))

    await settle(estate, settle_request(time_zone=None))

    assert {PACIFIC} == _zones(estate)


@pytest.mark.parametrize("tags", [{}, {"vaultlift-time-zone": "Mars/Olympus"}])
async def test_without_a_usable_answer_somebody_has_to_decide(tags: dict[str, str]) -> None:
    """Absent is not UTC, and a tag that names no zone is told, not passed over."""
    estate = estate_with()
    estate.recovery_services.vaults[vault_ref().key].document["tags"] = tags

    outcome, _ = await settle(estate, settle_request(time_zone=None))

    assert (RunState.NEEDS_DECISION, 0, True) == (
        outcome.state,
        estate.recovery_services.count("write_policy"),
        all(value in outcome.reasons[0] for value in tags.values()),
    )


@pytest.mark.parametrize(
    ("status", "state"),
    [("Failed", RunState.NEEDS_SUPPORT), ("InProgress", RunState.STOPPED)],
)
async def test_a_vault_whose_upgrade_has_not_ended_well_is_left_alone(
    status: str, state: RunState
) -> None:
    """Nothing is written to it; a failed upgrade is Microsoft's to look at."""
    estate = estate_with()
    details = {"status": status, "operationId": "op-1", "startTimeUtc": NOON.isoformat()}
    vault = estate.recovery_services.vaults[vault_ref().key]
    vault.document["properties"]["upgradeDetails"] = details

    outcome, _ = await settle(estate)

    assert (state, 0) == (outcome.state, estate.recovery_services.count("write_policy"))


async def test_a_part_that_cannot_be_read_stops_the_verdict_and_spares_the_rest() -> None:
    """DESIGN rule 4: the zones are set all the same, and the vault is not called closed."""
    estate = estate_with()
    denied = [AccessDeniedError("no rights", status=403)] * 9
    estate.recovery_services.fail("list_diagnostic_settings", *denied)

    outcome, _ = await settle(estate)

    assert (RunState.STOPPED, {PACIFIC}) == (outcome.state, _zones(estate))


async def test_a_vault_that_cannot_be_read_is_not_touched() -> None:
    """No look at its record, no write."""
    estate = estate_with()
    estate.recovery_services.fail("read_vault", *[UnavailableError("away")] * 9)

    outcome, _ = await settle(estate)

    assert (RunState.STOPPED, 0) == (
        outcome.state,
        estate.recovery_services.count("write_policy"),
    )


async def test_policies_are_read_even_when_one_is_refused_for_its_retention() -> None:
    """The refused one becomes a task with its reason; the others get their zone."""
    short = {"count": 5, "durationType": "Days"}
    old = policy_document("Old")
    old["properties"]["retentionPolicy"]["dailySchedule"]["retentionDuration"] = short
    estate = estate_with(policies={"Old": old, **policies(1)})

    outcome, _ = await settle(estate)

    tasks = (await report_of(estate, outcome)).tasks
    assert (RunState.CLOSED_WITH_TASKS, 1, ["Old"]) == (
        outcome.state,
        estate.recovery_services.count("write_policy"),
        [one.subject for one in tasks],
    )


async def test_reports_are_set_up_once_where_that_was_asked_for() -> None:
    """The setting sends six categories; the next settlement finds it and makes none."""
    estate = estate_with()
    workspace = (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w"
    )
    await settle(estate, settle_request(diagnostics_workspace=workspace))

    outcome, _ = await settle(estate, settle_request("request-2", diagnostics_workspace=workspace))

    (setting,) = estate.recovery_services.vaults[vault_ref().key].diagnostic_settings
    assert (RunState.CLOSED, 1, 6) == (
        outcome.state,
        estate.recovery_services.count("write_diagnostic_setting"),
        len(setting["properties"]["logs"]),
    )


async def test_a_policy_that_changed_while_its_plan_waited_is_left_alone() -> None:
    """Somebody agreed to other words than these (DESIGN rule 3)."""
    estate = estate_with()
    desk = _Desk(estate)
    kept = estate.recovery_services.vaults[vault_ref().key].policies
    body = desk.workflow.activities[names.RECORD_ANSWER]

    async def set_meanwhile(request: Any) -> Any:
        kept["DailyPolicy"]["properties"]["timeZone"] = "Tokyo Standard Time"
        return await body(request)

    desk.workflow.activities = {**desk.workflow.activities, names.RECORD_ANSWER: set_meanwhile}
    request = settle_request(approval=ApprovalMode.REQUIRED)

    outcome, _ = await settle(estate, request, desk.workflow)

    report = await report_of(estate, outcome)
    assert (RunState.CLOSED_WITH_TASKS, 0, {"Tokyo Standard Time"}, True) == (
        outcome.state,
        estate.recovery_services.count("write_policy"),
        _zones(estate),
        "changed since the plan" in report.policies[0].message,
    )


async def test_a_setting_that_was_not_in_the_plan_is_not_made() -> None:
    """It went missing after the plan was agreed to; the next settlement shows it."""
    estate = estate_with()
    workspace = (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w"
    )
    workflow = estate.workflow()

    async def planned_nothing(_: Any) -> Any:
        return {"change": ""}

    workflow.activities = {**workflow.activities, names.PLAN_REPORTS: planned_nothing}

    await settle(estate, settle_request(diagnostics_workspace=workspace), workflow)

    assert (1, 0) == (
        estate.recovery_services.count("write_policy"),
        estate.recovery_services.count("write_diagnostic_setting"),
    )
