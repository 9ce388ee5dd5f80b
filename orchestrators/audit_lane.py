"""Audit the vaults of one lane, one after the other.

1. Read the next page of vaults from the evidence.
2. Audit each in a child.
3. Keep the page's rows, and continue as new with the next page.

As many lanes run as vaults are read at once: the next vault of a lane begins as soon as one ends,
and no lane waits for another.
"""

from contextlib import suppress
from dataclasses import replace

from durabletask import task

from domain.audits import (
    LONGEST_ERROR,
    AuditPage,
    AuditRow,
    LaneAnswer,
    LaneRequest,
    PageRecord,
    PageRequest,
    VaultAuditRequest,
)
from domain.codec import JsonObject, from_json, to_json, to_object
from domain.findings import Tally
from domain.steps import Recorded
from domain.vaults import VaultRef
from orchestrators import names
from orchestrators.flow import RECORD_RETRY, Flow, call, call_child, reason_of


def audit_lane(ctx: task.OrchestrationContext, request: JsonObject) -> Flow[JsonObject | None]:
    """Audits one lane.

    Args:
        ctx: The orchestration's context.
        request: ``to_json(LaneRequest)``.

    Returns:
        ``to_json(LaneAnswer)``.
    """
    lane = from_json(LaneRequest, request)
    if lane.page < lane.pages:
        # A page that fails has no rows then, and the summary, which has the whole list, calls its
        # vaults unknown. The other pages go on.
        with suppress(task.TaskFailedError):
            yield from _audit_page(ctx, lane)
    following = replace(lane, page=lane.page + 1)
    if following.page < lane.pages:
        ctx.continue_as_new(to_json(following))
        return None
    return to_object(LaneAnswer(pages=lane.pages))


def _audit_page(ctx: task.OrchestrationContext, lane: LaneRequest) -> Flow[None]:
    page = PageRequest(audit_id=lane.audit_id, lane=lane.lane, page=lane.page)
    # Patient: an evidence store that is away for an hour must not cost the audit of a night.
    listed = yield from call(ctx, names.READ_AUDIT_PAGE, page, AuditPage, RECORD_RETRY)
    rows: list[AuditRow] = []
    for index, vault in enumerate(listed.vaults):
        rows.append((yield from _audit_vault(ctx, lane, index, vault)))
    record = PageRecord(page=page, rows=tuple(rows))
    yield from call(ctx, names.RECORD_AUDIT_PAGE, record, Recorded, RECORD_RETRY)


def _audit_vault(
    ctx: task.OrchestrationContext, lane: LaneRequest, index: int, vault: VaultRef
) -> Flow[AuditRow]:
    # A child each: what one vault brings stays out of this history (durable-2x 2), and a vault that
    # breaks its child breaks no other.
    request = VaultAuditRequest(audit_id=lane.audit_id, vault=vault)
    suffix = f"vault{lane.page}-{index}"
    try:
        return (yield from call_child(ctx, names.AUDIT_VAULT, request, AuditRow, suffix))
    except task.TaskFailedError as failure:
        error = reason_of(failure)[:LONGEST_ERROR]
        return AuditRow(vault=vault, tally=Tally(unknown=1), error=error)
