"""The rest of an audit that was begun by a version before lanes: all vaults in one history.

Begun by nobody any more; an audit that ran while the app was upgraded ends by it. Its history grows
with the estate, and its summary travels through it.
"""

from typing import Any

from durabletask import task

from domain.audits import (
    LANES,
    AuditRequest,
    AuditRow,
    AuditSummary,
    EstateAnswer,
    VaultAuditRequest,
)
from domain.codec import JsonObject, from_json, to_object
from domain.findings import Tally
from orchestrators import names
from orchestrators.flow import RECORD_RETRY, Flow, call, in_window, reason_of


def audit_at_once(
    ctx: task.OrchestrationContext, audit: AuditRequest, estate: EstateAnswer
) -> Flow[JsonObject]:
    """Audits the vaults of the answer and records the summary: ``to_json(AuditSummary)``."""
    children = [
        (f"vault{index}", VaultAuditRequest(audit_id=audit.audit_id, vault=vault))
        for index, vault in enumerate(estate.vaults)
    ]
    results = yield from in_window(ctx, names.AUDIT_VAULT, children, LANES)
    rows = tuple(
        _row(vault_request, result)
        for (_, vault_request), result in zip(children, results, strict=True)
    )
    summary = AuditSummary(
        audit_id=audit.audit_id, prefix=f"audits/{audit.audit_id}", rows=rows, unread=estate.unread
    )
    yield from call(ctx, names.RECORD_AUDIT, summary, AuditSummary, RECORD_RETRY)
    return to_object(summary)


def _row(request: VaultAuditRequest, result: Any) -> AuditRow:
    if isinstance(result, task.TaskFailedError):
        return AuditRow(vault=request.vault, tally=Tally(unknown=1), error=reason_of(result))
    return from_json(AuditRow, result)
