"""Audit every Recovery Services vault of the estate.

1. List the vaults of every subscription in scope; one that cannot be listed is unknown, not empty.
2. Audit each in a child, a few at a time.
3. Write the summary.
"""

from typing import Any

from durabletask import task

from domain.audits import AuditRequest, AuditRow, AuditSummary, Estate, VaultAuditRequest
from domain.codec import JsonObject, from_json, to_object
from domain.findings import Tally
from orchestrators import names
from orchestrators.flow import RECORD_RETRY, Flow, call, in_window, reason_of

VAULTS_AT_A_TIME = 8
"""Vaults read at once: about eight reads each stay far inside the 25 reads a second of one
subscription (recovery-services 8)."""


def audit_estate(ctx: task.OrchestrationContext, request: JsonObject) -> Flow[JsonObject]:
    """Audits the estate.

    Args:
        ctx: The orchestration's context.
        request: ``to_json(AuditRequest)``.

    Returns:
        ``to_json(AuditSummary)``.
    """
    audit = from_json(AuditRequest, request)
    estate = yield from _list(ctx, audit)
    # A child each: what one vault brings stays out of this history (durable-2x 2), and a vault that
    # breaks its child breaks no other.
    children = [
        (f"vault{index}", VaultAuditRequest(audit_id=audit.audit_id, vault=vault))
        for index, vault in enumerate(estate.vaults)
    ]
    results = yield from in_window(ctx, names.AUDIT_VAULT, children, VAULTS_AT_A_TIME)
    rows = tuple(
        _row(vault_request, result)
        for (_, vault_request), result in zip(children, results, strict=True)
    )
    summary = AuditSummary(
        audit_id=audit.audit_id, prefix=f"audits/{audit.audit_id}", rows=rows, unread=estate.unread
    )
    yield from call(ctx, names.RECORD_AUDIT, summary, AuditSummary, RECORD_RETRY)
    return to_object(summary)


def _list(ctx: task.OrchestrationContext, audit: AuditRequest) -> Flow[Estate]:
    """Step 1; an estate that cannot be listed at all is told in the summary."""
    try:
        return (yield from call(ctx, names.LIST_ESTATE, audit, Estate))
    except task.TaskFailedError as failure:
        # Unread, not empty; without a summary nobody would miss the audit of a night.
        why = f"The vaults of all subscriptions could not be listed: {reason_of(failure)}"
        return Estate(vaults=(), unread=(why,))


def _row(request: VaultAuditRequest, result: Any) -> AuditRow:
    if isinstance(result, task.TaskFailedError):
        return AuditRow(vault=request.vault, tally=Tally(unknown=1), error=reason_of(result))
    return from_json(AuditRow, result)
