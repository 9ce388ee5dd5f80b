"""Audit every Recovery Services vault of the estate.

1. List the vaults of every subscription in scope into the evidence; a subscription that cannot be
   listed is unknown, not empty.
2. Audit them in lanes, each a child that takes one vault after the other and continues as new.
3. Have the summary made from the evidence.

No vault passes through this history: it is as short for ten thousand as for one.
"""

from durabletask import task

from domain.audits import (
    LANES,
    AuditOutcome,
    AuditRequest,
    EstateAnswer,
    LaneRequest,
    SummaryRequest,
    pages_in,
)
from domain.codec import JsonObject, from_json, to_object
from orchestrators import names
from orchestrators.audit_at_once import audit_at_once
from orchestrators.flow import RECORD_RETRY, Flow, call, in_window, reason_of


def audit_estate(ctx: task.OrchestrationContext, request: JsonObject) -> Flow[JsonObject]:
    """Audits the estate.

    Args:
        ctx: The orchestration's context.
        request: ``to_json(AuditRequest)``.

    Returns:
        ``to_json(AuditOutcome)``; of an audit that could list nothing, or was begun by a version
        before lanes, ``to_json(AuditSummary)``.
    """
    audit = from_json(AuditRequest, request)
    estate = yield from _list(ctx, audit)
    if estate.vault_count is None:
        return (yield from audit_at_once(ctx, audit, estate))
    lanes = [
        (f"lane{lane}", LaneRequest(audit_id=audit.audit_id, lane=lane, pages=pages))
        for lane in range(LANES)
        if (pages := pages_in(lane, estate.vault_count))
    ]
    # What a lane gives is in the evidence. One that broke down has left rows out, and the summary
    # calls those vaults unknown.
    yield from in_window(ctx, names.AUDIT_LANE, lanes, LANES)
    asked = SummaryRequest(audit_id=audit.audit_id)
    outcome = yield from call(ctx, names.SUM_UP_AUDIT, asked, AuditOutcome, RECORD_RETRY)
    return to_object(outcome)


def _list(ctx: task.OrchestrationContext, audit: AuditRequest) -> Flow[EstateAnswer]:
    """Step 1; an estate that cannot be listed at all is told in the summary."""
    try:
        return (yield from call(ctx, names.LIST_ESTATE, audit, EstateAnswer))
    except task.TaskFailedError as failure:
        # Unread, not empty; without a summary nobody would miss the audit of a night.
        why = f"The vaults of all subscriptions could not be listed: {reason_of(failure)}"
        return EstateAnswer(unread=(why,))
