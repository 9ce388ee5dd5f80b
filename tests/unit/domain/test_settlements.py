"""The verdict of a settlement, its checklist, its work list and what may be handed in."""

import json
from dataclasses import replace
from typing import Any

import pytest

from domain.checklist import STATEMENTS, checklist
from domain.checks.catalog import CATALOG
from domain.errors import InvalidInputError
from domain.estate_map import EstateMap, OwnerRule
from domain.findings import Fact, Finding, StatementState, Tally, Verdict
from domain.intake_rows import Sender
from domain.requests import ApprovalMode, TimeZoneMode
from domain.settle_intake import read_order, settle_request
from domain.settle_plans import changes_hash
from domain.settlements import end_state
from domain.settling import SettlementVerdictRequest
from domain.summaries import StepSummary
from domain.undo import undo_steps
from domain.upgrade import RunState
from domain.work_list import work_list
from tests.settlements import settle_request as sample_request
from tests.unit.domain.builders import NOW, SUBSCRIPTION, TARGET
from tests.unit.domain.policy_documents import vm_policy

PARTS = {
    "subscriptionId": SUBSCRIPTION,
    "resourceGroup": "rg-upgraded",
    "vaultName": "vault-one",
}
"""Names a vault by the parts of its id."""

SENDER = Sender(requested_by="ann", request_id="request-1", requested_at=NOW)


def _verdict(summary: StepSummary, **changes: Any) -> RunState:
    request = SettlementVerdictRequest(
        settle=sample_request(),
        instance_id="settle-x",
        summary=summary,
        stopped=(),
        not_approved="",
        needs_support=False,
        pending_changes=(),
        started_at=NOW,
        ended_at=NOW,
    )
    return end_state(replace(request, **changes))[0]


@pytest.mark.parametrize(
    ("summary", "changes", "state"),
    [
        (StepSummary(tally=Tally(passed=9, not_applicable=3)), {}, RunState.CLOSED),
        (StepSummary(tally=Tally(failed=1)), {}, RunState.CLOSED_WITH_TASKS),
        (StepSummary(tally=Tally(unknown=1)), {}, RunState.CLOSED_WITH_TASKS),
        (StepSummary(task_count=1), {}, RunState.CLOSED_WITH_TASKS),
        (StepSummary(task_count=1, decisions=("choose",)), {}, RunState.NEEDS_DECISION),
        (
            StepSummary(decisions=("choose",)),
            {"not_approved": "denied"},
            RunState.NOT_APPROVED,
        ),
        (StepSummary(unread=("x: 403",)), {"not_approved": "denied"}, RunState.STOPPED),
        (StepSummary(unread=("x",)), {"needs_support": True}, RunState.NEEDS_SUPPORT),
    ],
)
def test_the_most_urgent_reason_decides(
    summary: StepSummary, changes: dict[str, Any], state: RunState
) -> None:
    """Microsoft, what could not be read, approval, decisions, tasks: in that order."""
    assert state == _verdict(summary, **changes)


def _finding(check_id: str, verdict: Verdict, **members: Any) -> Finding:
    values = {"subject": "subject", "message": "found", **members}
    return Finding(check_id=check_id, verdict=verdict, **values)


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        ([Verdict.PASS, Verdict.PASS], StatementState.HOLDS),
        ([Verdict.PASS, Verdict.FAIL], StatementState.OPEN),
        ([Verdict.PASS, Verdict.UNKNOWN], StatementState.UNKNOWN),
        ([Verdict.UNKNOWN, Verdict.FAIL], StatementState.OPEN),
        ([Verdict.NOT_APPLICABLE], StatementState.NOT_APPLICABLE),
        ([], StatementState.NOT_APPLICABLE),
    ],
)
def test_a_statement_stands_as_its_worst_finding(
    verdicts: list[Verdict], state: StatementState
) -> None:
    """One machine that is open keeps the statement open."""
    entries = checklist([_finding("agent-version", one) for one in verdicts])

    assert state == next(one.state for one in entries if one.id == "agent-minimum")


def test_what_was_handed_on_to_people_keeps_a_statement_open() -> None:
    """A policy whose zone only its machines know is not settled by being none of ARM's."""
    handed_on = _finding("time-zone", Verdict.NOT_APPLICABLE, what_to_do="Look at fs1.")

    entries = checklist([handed_on])

    assert StatementState.OPEN == next(one.state for one in entries if one.id == "time-zones")


def test_every_check_decides_some_statement() -> None:
    """A check nobody asks for, or a statement that names no check there is, is a slip."""
    asked = {check for statement in STATEMENTS for check in statement.checks}

    assert {one.id for one in CATALOG} == asked


def test_work_is_sorted_by_owner_and_machine() -> None:
    """Machine checks and the machines of zoneless policies; everything else is no machine work."""
    machines = (Fact(field="machine", value="fs2"), Fact(field="properties.x", value="MAB"))
    findings = [
        _finding("agent-version", Verdict.FAIL, subject="fs3.syd", what_to_do="Install."),
        _finding("time-zone", Verdict.NOT_APPLICABLE, what_to_do="Look.", facts=machines),
        _finding("enhanced-security", Verdict.FAIL, what_to_do="Turn on."),
        _finding("agent-health", Verdict.PASS, subject="fs4"),
    ]
    known = EstateMap(owners=(OwnerRule(machine="*.syd", owner="sydney"),))

    rows = work_list(findings, vault="vault-one", estate_map=known)

    assert [("", "fs2"), ("sydney", "fs3.syd")] == [(one.owner, one.machine) for one in rows]


def test_the_hash_is_about_what_is_written_and_not_about_its_order() -> None:
    """The service may list policies differently; another mode is another plan."""
    one = changes_hash(TARGET, TimeZoneMode.SET_ZONE, ("a", "b"))

    assert (True, False) == (
        one == changes_hash(TARGET, TimeZoneMode.SET_ZONE, ("b", "a")),
        one == changes_hash(TARGET, TimeZoneMode.KEEP_MOMENT, ("a", "b")),
    )


def test_an_undo_puts_the_whole_policy_back() -> None:
    """Without id, name and type, which belong to the service."""
    before = vm_policy()

    steps = undo_steps(TARGET, before, "vaults/x/before.json")

    assert (before["properties"], False, True) == (
        steps["body"]["properties"],
        "id" in steps["body"],
        steps["uri"].startswith(before["id"]),
    )


def _read(**body: Any) -> Any:
    return read_order(json.dumps(body).encode(), SENDER)


def test_a_vault_is_named_by_id_or_by_its_parts() -> None:
    """Both name the same vault."""
    (by_id,), (by_parts,) = _read(vaultId=TARGET.arm_id).rows, _read(**PARTS).rows

    assert (TARGET.key, TARGET.key) == (by_id.vault.key, by_parts.vault.key)


def test_a_subscription_alone_means_all_of_it() -> None:
    """No vault is named, so every one is meant."""
    (row,) = _read(subscriptionId=SUBSCRIPTION).rows

    assert None is row.vault


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, ("body", "-")),
        ({"vaultId": "x"}, ("body", "vaultId")),
        ({"vaultId": TARGET.arm_id.replace(SUBSCRIPTION, "nope")}, ("body", "vaultId")),
        ({"vaultId": TARGET.arm_id.replace("rg-", "rg ")}, ("body", "vaultId")),
        ({"vaultId": f"{TARGET.arm_id}?x=1"}, ("body", "vaultId")),
        ({**PARTS, "vaultName": "a/b"}, ("body", "vaultName")),
        ({"vault_id": TARGET.arm_id, **PARTS}, ("body", "vault_id")),
        ({**PARTS, "dryRun": "yes"}, ("body", "dryRun")),
        ({**PARTS, "upgradeEndedAt": "2018-01-01T00:00:00"}, ("body", "upgradeEndedAt")),
        ({**PARTS, "upgradeEndedAt": "2018-01-01"}, ("body", "upgradeEndedAt")),
        ({**PARTS, "upgradeEndedAt": 5}, ("body", "upgradeEndedAt")),
        ({**PARTS, "knownMachines": ["fs1", "\ud800"]}, ("body", "knownMachines[1]")),
        ({"vaults": ["x"]}, ("vaults[0]", "-")),
        ({"vaultId": TARGET.arm_id, "subscriptionId": SUBSCRIPTION}, ("body", "-")),
        ({"subscriptionId": SUBSCRIPTION, "vaultName": "vault"}, ("body", "-")),
        ({"vaultId": TARGET.arm_id, "timeZone": "Mars"}, ("body", "timeZone")),
        ({"vaultId": TARGET.arm_id, "approval": "on-warnings"}, ("body", "approval")),
        ({"vaultId": TARGET.arm_id, "diagnosticsWorkspace": "x"}, ("body", "diagnosticsWorkspace")),
        ({"vaultId": TARGET.arm_id, "zone": "UTC"}, ("body", "zone")),
        ({"vaults": []}, ("body", "vaults")),
        ({"vaults": [{"vaultId": TARGET.arm_id}] * 2}, ("vaults[1]", "-")),
        ({"vaults": [{"vaultId": TARGET.arm_id}], "x": 1}, ("body", "x")),
        ({"vaultId": TARGET.arm_id, "requestId": "a/b"}, ("body", "requestId")),
    ],
)
def test_what_cannot_be_used_is_told_with_its_place(
    body: dict[str, Any], place: tuple[str, str]
) -> None:
    """Nothing is started while anything is wrong."""
    with pytest.raises(InvalidInputError) as caught:
        _read(**body)

    assert [place] == [(one.where, one.field) for one in caught.value.problems]


@pytest.mark.parametrize("body", [b"{nonsense", b"[]", b'"text"'])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    """In words, not with a stack trace."""
    with pytest.raises(InvalidInputError):
        read_order(body, SENDER)


def test_nobody_speaks_for_another_signed_in_caller() -> None:
    """The platform's name counts."""
    body = json.dumps({"vaultId": TARGET.arm_id, "requestedBy": "bob"})

    with pytest.raises(InvalidInputError):
        read_order(body, SENDER, signed_in_as="ann")


def test_a_row_becomes_a_settlement_of_its_own_evidence() -> None:
    """Approval is required unless the row says otherwise; runs are kept apart by request."""
    order = _read(vaultId=TARGET.arm_id, timeZone="Asia/Tokyo")

    request = settle_request(order.rows[0], TARGET, order.sender, scope=("s",))

    assert (
        f"vaults/{TARGET.key}/settlements/request-1",
        "Tokyo Standard Time",
        ApprovalMode.REQUIRED,
        (SUBSCRIPTION, "s"),
        True,
    ) == (
        request.prefix,
        request.time_zone,
        request.approval,
        request.subscriptions,
        request.is_alone,
    )
