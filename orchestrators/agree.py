"""Steps 2 and 3 of ``upgrade_vault``: everything that is checked, plan, approval, registration.

The checks are repeated after a person has agreed, because that may take days: an approval names the
hash of a plan, and a plan that has changed since is asked about again (DESIGN rule 3).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from durabletask import task
from pydantic import ValidationError

from domain.codec import from_json
from domain.lost_machine import LostMachine
from domain.plans import Approval, judge_approval
from domain.prechecks import CheckResult, Consent
from domain.requests import ApprovalMode, UpgradeRequest
from domain.retries import Attempt
from domain.sentences import as_sentence
from domain.steps import (
    ApprovalRecord,
    CheckRequest,
    PlanRecord,
    PlanRequest,
    PrecheckRequest,
    Recorded,
    RegistrationAnswer,
    RegistrationRequest,
    ReminderRecord,
    Run,
    UnregisterRequest,
)
from domain.upgrade import ClassicVault, PrerequisiteCheck, RunState, client_request_id
from orchestrators import names
from orchestrators.flow import Flow, Journey, call, call_child, now
from orchestrators.inbox import Inbox

APPROVAL_EXPIRY = timedelta(days=3)
"""A plan nobody agreed to over a long weekend is out of date; asking anew costs one request."""

REMIND_AFTER = 0.5
"""Part of the time to answer in after which somebody is reminded, once."""

MAX_CHECKS = 10
"""A plan that keeps changing under its approvals needs a person to look at the vault."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Either an OperationId to start with, or an end of the run."""

    operation_id: str
    end: RunState | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One round of checks."""

    check: PrerequisiteCheck
    result: CheckResult


def agree_on_plan(
    ctx: task.OrchestrationContext,
    run: Run,
    journey: Journey,
    classic: ClassicVault,
    attempt: Attempt,
) -> Flow[Agreement]:
    """Checks, plans and asks until there is an approved plan that still holds."""
    # Both from the context, which gives the same in every replay: drawn afresh, the id would differ
    # each time, and no start could be recognised as ours (DESIGN rules 1 and 7).
    operation_id = client_request_id(ctx.new_uuid(), now(ctx))
    # One for the whole run: a second one would miss what the first one is still waiting for.
    inbox = Inbox(ctx, names.APPROVAL_EVENT)
    approved_hash: str | None = None
    gone: tuple[LostMachine, ...] = ()
    for check_no in range(1, MAX_CHECKS + 1):
        checked = yield from _check(ctx, run, classic, check_no, gone)
        if checked.result.blocking:
            reasons = tuple(map(str, checked.result.blocking))
            return Agreement(operation_id=operation_id, end=RunState.BLOCKED, reasons=reasons)
        planned = PlanRequest(
            run=run,
            classic=classic,
            check=checked.check,
            operation_id=operation_id,
            result=checked.result,
            attempt=attempt,
        )
        plan = yield from call(ctx, names.RECORD_PLAN, planned, PlanRecord)
        # The check after an approval gave the same plan: only now does the approval count.
        if approved_hash == plan.plan_hash or not needs_approval(run.request, checked.result):
            if gone == checked.result.to_unregister:
                return (yield from _register(ctx, run, checked.result, operation_id))
            # Then the service is asked again: only it knows whether that was all.
            gone = yield from _unregister(ctx, run, checked.result.to_unregister)
            continue
        refusal = yield from _ask(ctx, run, journey, plan, inbox)
        if refusal is not None:
            return Agreement(
                operation_id=operation_id, end=RunState.NOT_APPROVED, reasons=(refusal,)
            )
        approved_hash = plan.plan_hash
        journey.move(RunState.CHECKING)
    reason = f"The plan changed {MAX_CHECKS} times while it was being approved."
    return Agreement(operation_id=operation_id, end=RunState.STOPPED, reasons=(reason,))


def needs_approval(request: UpgradeRequest, result: CheckResult) -> bool:
    """Whether a person must agree: always, or where something has nobody's consent."""
    if request.approval is ApprovalMode.REQUIRED:
        return True
    questions = result.open_questions
    if not questions:
        return False
    consents = {Consent.WARNINGS} if request.accept_warnings else set()
    has_consent = all(one.consent in consents for one in questions)
    return request.approval is ApprovalMode.ON_WARNINGS or not has_consent


def _check(
    ctx: task.OrchestrationContext,
    run: Run,
    classic: ClassicVault,
    check_no: int,
    gone: tuple[LostMachine, ...],
) -> Flow[Checked]:
    request = CheckRequest(
        run=run,
        classic=classic,
        client_request_id=client_request_id(ctx.new_uuid(), now(ctx)),
        check_no=check_no,
    )
    check = yield from call(ctx, names.CHECK_PREREQUISITES, request, PrerequisiteCheck)
    rest = PrecheckRequest(
        run=run, classic=classic, check=check, check_no=check_no, unregistered=gone
    )
    result = yield from call(ctx, names.READ_PRECHECKS, rest, CheckResult)
    return Checked(check=check, result=result)


def _unregister(
    ctx: task.OrchestrationContext, run: Run, machines: tuple[LostMachine, ...]
) -> Flow[tuple[LostMachine, ...]]:
    request = UnregisterRequest(run=run, machines=machines)
    # Repeated where it fails: a machine that is gone already is left out.
    yield from call(ctx, names.UNREGISTER_MACHINES, request, Recorded)
    return machines


def _register(
    ctx: task.OrchestrationContext, run: Run, result: CheckResult, operation_id: str
) -> Flow[Agreement]:
    """What was agreed to, with the providers registered that the plan named."""
    if not result.to_register:
        return Agreement(operation_id=operation_id)
    request = RegistrationRequest(run=run, namespaces=result.to_register, asked_at=now(ctx))
    answer = yield from call_child(
        ctx, names.AWAIT_PROVIDERS, request, RegistrationAnswer, "providers"
    )
    if not answer.waiting:
        return Agreement(operation_id=operation_id)
    reasons = tuple(
        f"Resource provider {namespace} is still {state} after an hour; run the vault again later, "
        "and ask Microsoft Support if it stays so."
        for namespace, state in answer.waiting
    )
    return Agreement(operation_id=operation_id, end=RunState.BLOCKED, reasons=reasons)


def _ask(
    ctx: task.OrchestrationContext, run: Run, journey: Journey, plan: PlanRecord, inbox: Inbox
) -> Flow[str | None]:
    """Waits for an answer that is about this plan; gives the reason when it is not a yes."""
    asked_at, hours = now(ctx), run.request.approval_hours
    limit = timedelta(hours=hours) if hours else APPROVAL_EXPIRY
    expires_at = asked_at + limit
    shown = {"hash": plan.plan_hash, "key": plan.key, "expiresAt": expires_at.isoformat()}
    journey.move(RunState.AWAITING_APPROVAL, plan=shown)
    # Two waits with one deadline each, instead of a reminder beside the wait: the library complains
    # about timers that nobody waits for any more.
    approval = yield from _next_answer(ctx, run, plan, inbox, asked_at + limit * REMIND_AFTER)
    if approval is None:
        reminder = ReminderRecord(
            run=run, plan_hash=plan.plan_hash, at=now(ctx), expires_at=expires_at
        )
        yield from call(ctx, names.RECORD_REMINDER, reminder, Recorded)
        journey.show(plan={**shown, "remindedAt": now(ctx).isoformat()})
        approval = yield from _next_answer(ctx, run, plan, inbox, expires_at)
    inbox.rest()
    if approval is None:
        yield from _record(ctx, run, plan, decision="expired")
        return f"Nobody answered within {_words(limit)}; nothing was started."
    if approval.decision == "approve":
        return None
    return as_sentence(f"Denied by {approval.approver}: {approval.comment or 'no comment'}")


def _words(limit: timedelta) -> str:
    hours = limit // timedelta(hours=1)
    return f"{hours // 24} days" if hours % 24 == 0 and hours > 24 else f"{hours} hours"  # noqa: PLR2004 - hours of a day


def _next_answer(
    ctx: task.OrchestrationContext, run: Run, plan: PlanRecord, inbox: Inbox, until: datetime
) -> Flow[Approval | None]:
    """The next answer that counts, or None when the time has come; every answer is kept."""
    while True:
        event = yield from inbox.next_before(until)
        if event is None and now(ctx) >= until:
            return None
        approval = _parse(event)
        if approval is None:
            continue
        objection = judge_approval(plan.plan_hash, run.request.requested_by, approval)
        # An answer that does not count is kept as well: who tried to approve what is evidence.
        decision = f"rejected: {objection}" if objection else approval.decision
        yield from _record(ctx, run, plan, decision=decision, approval=approval)
        if not objection:
            return approval


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
