"""Steps 2 and 3 of ``upgrade_vault``: prerequisites, plan, approval.

The check is repeated after a person has agreed, because that may take days: an approval names the
hash of a plan, and a plan that has changed since is asked about again (DESIGN rule 3).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from durabletask import task
from pydantic import ValidationError

from domain.codec import from_json
from domain.plans import Approval, judge_approval
from domain.requests import ApprovalMode, UpgradeRequest
from domain.steps import ApprovalRecord, CheckRequest, PlanRecord, PlanRequest, Recorded, Run
from domain.upgrade import (
    CheckOutcome,
    ClassicVault,
    PrerequisiteCheck,
    RunState,
    client_request_id,
)
from orchestrators import names
from orchestrators.flow import Flow, Journey, call, now

APPROVAL_EXPIRY = timedelta(days=3)
"""A plan nobody agreed to over a long weekend is out of date; asking anew costs one request."""

MAX_CHECKS = 10
"""A plan that keeps changing under its approvals needs a person to look at the vault."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Either an OperationId to start with, or an end of the run."""

    operation_id: str
    end: RunState | None = None
    reasons: tuple[str, ...] = ()


def agree_on_plan(
    ctx: task.OrchestrationContext, run: Run, journey: Journey, classic: ClassicVault
) -> Flow[Agreement]:
    """Checks, plans and asks until there is an approved plan that still holds."""
    operation_id = client_request_id(ctx.new_uuid(), now(ctx))
    approved_hash: str | None = None
    for check_no in range(1, MAX_CHECKS + 1):
        check = yield from _check(ctx, run, classic, check_no)
        if check.outcome is CheckOutcome.FAILED:
            reasons = tuple(_blocking_text(reason.code, reason.rows) for reason in check.errors)
            return Agreement(operation_id=operation_id, end=RunState.BLOCKED, reasons=reasons)
        planned = PlanRequest(run=run, classic=classic, check=check, operation_id=operation_id)
        plan = yield from call(ctx, names.RECORD_PLAN, planned, PlanRecord)
        if approved_hash == plan.plan_hash or not needs_approval(run.request, check):
            return Agreement(operation_id=operation_id)
        journey.move(RunState.AWAITING_APPROVAL, plan={"hash": plan.plan_hash, "key": plan.key})
        refusal = yield from _ask(ctx, run, plan)
        if refusal is not None:
            return Agreement(
                operation_id=operation_id, end=RunState.NOT_APPROVED, reasons=(refusal,)
            )
        approved_hash = plan.plan_hash
        journey.move(RunState.CHECKING)
    reason = f"The plan changed {MAX_CHECKS} times while it was being approved."
    return Agreement(operation_id=operation_id, end=RunState.STOPPED, reasons=(reason,))


def needs_approval(request: UpgradeRequest, check: PrerequisiteCheck) -> bool:
    """Whether a person must agree: always, or where a warning has nobody's consent."""
    if request.approval is ApprovalMode.REQUIRED:
        return True
    if not check.warnings:
        return False
    return request.approval is ApprovalMode.ON_WARNINGS or not request.accept_warnings


def _check(
    ctx: task.OrchestrationContext, run: Run, classic: ClassicVault, check_no: int
) -> Flow[PrerequisiteCheck]:
    request = CheckRequest(
        run=run,
        classic=classic,
        client_request_id=client_request_id(ctx.new_uuid(), now(ctx)),
        check_no=check_no,
    )
    return (yield from call(ctx, names.CHECK_PREREQUISITES, request, PrerequisiteCheck))


def _blocking_text(code: str, rows: tuple[tuple[str, ...], ...]) -> str:
    return f"{code}: " + " | ".join("; ".join(row) for row in rows)


def _ask(ctx: task.OrchestrationContext, run: Run, plan: PlanRecord) -> Flow[str | None]:
    """Waits for an answer that is about this plan; gives the reason when it is not a yes."""
    expiry = ctx.create_timer(APPROVAL_EXPIRY)
    while True:
        event = ctx.wait_for_external_event(names.APPROVAL_EVENT, data_type=dict)
        winner = yield task.when_any([event, expiry])
        if winner is expiry:
            yield from _record(ctx, run, plan, decision="expired")
            return f"Nobody answered within {APPROVAL_EXPIRY.days} days; nothing was started."
        approval = _parse(event.get_result())
        if approval is None:
            continue
        objection = judge_approval(plan.plan_hash, run.request.requested_by, approval)
        decision = f"rejected: {objection}" if objection else approval.decision
        yield from _record(ctx, run, plan, decision=decision, approval=approval)
        if objection:
            continue
        expiry.cancel()
        if approval.decision == "approve":
            return None
        return f"Denied by {approval.approver}: {approval.comment or 'no comment'}."


def _parse(event: Any) -> Approval | None:
    """The event as an approval; None for one that is not, which counts as no answer at all."""
    try:
        return from_json(Approval, event)
    except ValidationError:
        return None


def _record(
    ctx: task.OrchestrationContext,
    run: Run,
    plan: PlanRecord,
    *,
    decision: str,
    approval: Approval | None = None,
) -> Flow[Recorded]:
    request = ApprovalRecord(
        run=run,
        plan_hash=approval.plan_hash if approval else plan.plan_hash,
        decision=decision,
        approver=approval.approver if approval else "",
        comment=approval.comment if approval else "",
        at=now(ctx),
    )
    return (yield from call(ctx, names.RECORD_APPROVAL, request, Recorded))
