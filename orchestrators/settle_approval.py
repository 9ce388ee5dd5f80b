"""Step 3 of ``settle_vault``: what would be written waits for somebody else's approval.

The approval names the hash of the changes (DESIGN rule 3). Nothing is read again afterwards but the
policies themselves, each just before its write: what changed since is left for the next settlement.
"""

from datetime import timedelta
from typing import Any

from durabletask import task
from pydantic import ValidationError

from domain.codec import from_json
from domain.custom_status import shown_part
from domain.plans import Approval, judge_approval
from domain.requests import ApprovalMode
from domain.settle_plans import changes_hash
from domain.settling import SettleRequest, SettlingAnswer
from domain.steps import Recorded
from orchestrators import names
from orchestrators.flow import Flow, call, now

APPROVAL_EXPIRY = timedelta(days=3)
"""As for upgrades: a plan nobody agreed to over a long weekend is out of date."""


def agree_on_changes(
    ctx: task.OrchestrationContext, settle: SettleRequest, changes: tuple[str, ...]
) -> Flow[str]:
    """Asks where the request says so; gives the reason when it is not a yes, else empty."""
    if settle.approval is not ApprovalMode.REQUIRED:
        return ""
    digest = changes_hash(settle.vault, settle.time_zone_mode, changes)
    # As many as a custom status takes; the evidence holds all of the changes.
    plan = {"hash": digest, "changes": shown_part(changes), "count": len(changes)}
    ctx.set_custom_status({"state": "awaiting_approval", "plan": plan})
    refusal = yield from _ask(ctx, settle, digest)
    ctx.set_custom_status({"state": "settling"})
    return refusal


def _ask(ctx: task.OrchestrationContext, settle: SettleRequest, digest: str) -> Flow[str]:
    # One timer for all answers: a wrong answer does not buy more time.
    expiry = ctx.create_timer(APPROVAL_EXPIRY)
    while True:
        event = ctx.wait_for_external_event(names.APPROVAL_EVENT, data_type=dict)
        # A fresh wait in each round: the one that was answered is spent.
        winner = yield task.when_any([event, expiry])
        if winner is expiry:
            yield from _record(ctx, settle, "expired", {})
            return f"Nobody answered within {APPROVAL_EXPIRY.days} days; nothing was written."
        approval = _parse(event.get_result())
        if approval is None:
            continue
        objection = judge_approval(digest, settle.requested_by, approval)
        decision = f"rejected: {objection}" if objection else approval.decision
        yield from _record(
            ctx,
            settle,
            decision,
            {
                "planHash": approval.plan_hash,
                "approver": approval.approver,
                "comment": approval.comment,
            },
        )
        if objection:
            continue
        expiry.cancel()
        if approval.decision == "approve":
            return ""
        return f"Denied by {approval.approver}: {approval.comment or 'no comment'}."


def _parse(event: Any) -> Approval | None:
    """The event as an approval; None for one that is not, which counts as no answer at all."""
    try:
        return from_json(Approval, event)
    except ValidationError:
        return None


def _record(
    ctx: task.OrchestrationContext, settle: SettleRequest, decision: str, data: dict[str, str]
) -> Flow[Recorded]:
    answer = SettlingAnswer(
        settle=settle, question="approval", decision=decision, data=data, at=now(ctx)
    )
    return (yield from call(ctx, names.RECORD_ANSWER, answer, Recorded))
