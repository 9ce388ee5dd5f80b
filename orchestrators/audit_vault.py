"""Audit one vault.

1. Read it once and judge it by every check; a part that cannot be read is unknown.
2. Give the count; the findings are in the evidence.
"""

from durabletask import task

from domain.audits import AuditRow, VaultAuditRequest
from domain.codec import JsonObject, from_json, to_object
from orchestrators import names
from orchestrators.flow import Flow, call


def audit_vault(ctx: task.OrchestrationContext, request: JsonObject) -> Flow[JsonObject]:
    """Audits one vault.

    Args:
        ctx: The orchestration's context.
        request: ``to_json(VaultAuditRequest)``.

    Returns:
        ``to_json(AuditRow)``.
    """
    audit = from_json(VaultAuditRequest, request)
    # A child with one step: it gives the vault a history, a name and retries of its own.
    row = yield from call(ctx, names.CHECK_VAULT, audit, AuditRow)
    return to_object(row)
