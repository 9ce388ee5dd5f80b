"""Writes one policy's time zone by read-modify-write of the whole document (DESIGN rule 5).

One call is one attempt, and one attempt sends at most once. Kept before it sends, each with
create-if-absent: the before-image with the document that is meant to be there afterwards and the
way back, an edit of the vault's ledger, and a marker that this attempt may have sent. An attempt
that runs again after a crash finds its marker and sends nothing: it is ``unknown`` until the
policy was read back (:mod:`activities.policy_results`).
"""

from activities.attempts import attempt
from activities.edit_ledger import take_edit
from activities.policy_evidence import BEFORE, SENT, WRITE, attempt_key
from activities.policy_parts import keep_part
from adapters.ports import Ports
from domain.codec import JsonObject, to_json
from domain.documents import diff_documents
from domain.edit_budget import LIMIT_PAUSE
from domain.errors import (
    AccessDeniedError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    ServiceError,
    ThrottledError,
    UnavailableError,
)
from domain.guards import guard_need, with_guard_requests, without_named_requests
from domain.policy_refusals import RefusalKind, explain_refusal
from domain.readings import FailedRead
from domain.retention import legacy_retention_problem
from domain.sentences import join_sentences
from domain.settle_plans import change_sentence
from domain.settling import PolicyChange, PolicyWrite, WriteOutcome
from domain.undo import undo_steps
from domain.vaults import VaultRef
from domain.zone_changes import Change, Unchanged, plan_zone_change

RAISE_RETENTION = (
    "Decide whether daily retention may be raised to 7 days or more; do that in the portal and set"
    " the zone in the same edit, because the service takes no edit of this policy without it."
)

REPLAN = "Settle the vault again: the new plan shows what would be written now."
NO_GUARD = "Read the service's words and the request id; look which resource the identity lacks."


async def run_write_policy_zone(ports: Ports, change: PolicyChange) -> PolicyWrite:
    """Reads the policy, changes its zone and writes it back once.

    Raises:
        ServiceError: The policy could not be read; nothing was written by this call.
        EvidenceError: The evidence could not be kept; nothing was written by this call.
    """
    if await ports.evidence.read(attempt_key(change, SENT)) is not None:
        message = "An earlier execution of this attempt may have sent the write."
        return PolicyWrite(outcome=WriteOutcome.UNKNOWN, message=message)
    write = await _attempt(ports, change)
    await keep_part(ports, change, WRITE, to_json(write))
    return write


async def _attempt(ports: Ports, change: PolicyChange) -> PolicyWrite:
    settle = change.settle
    # Read anew in every attempt: what an earlier one saw may be somebody else's by now.
    try:
        before = await _read(ports, change)
    except NotFoundError as gone:
        return _refused(f"The policy is not there any more: {gone}")
    # Planned here and not taken from the plan of the vault: a document made hours ago would undo
    # what somebody has changed since (recovery-services 1.4).
    planned = plan_zone_change(
        before,
        zone=settle.time_zone or "",
        mode=settle.time_zone_mode,
        day=ports.clock.now().date(),
    )
    if isinstance(planned, Unchanged):
        return PolicyWrite(outcome=WriteOutcome.UNCHANGED, message=planned.reason)
    if not isinstance(planned, Change):
        return _refused(planned.reason)
    # DESIGN rule 3: a yes was given to other words, so nobody has agreed to these.
    words = change_sentence(change.policy_name, planned.differences)
    if change.agreed and words != change.agreed:
        return _refused(f"Not sent: the policy changed since the plan; now it is {words}.", REPLAN)
    # The service would refuse it and count the edit all the same.
    problem = legacy_retention_problem(before)
    if problem is not None:
        return _refused(f"Not sent: {problem}.", RAISE_RETENTION)
    return await _send_if_undisturbed(ports, change, before, planned)


def _refused(message: str, what_to_do: str = "") -> PolicyWrite:
    return PolicyWrite(outcome=WriteOutcome.REFUSED, message=message, what_to_do=what_to_do)


async def _read(ports: Ports, change: PolicyChange) -> JsonObject:
    reading = await ports.recovery_services.read_policy(change.settle.vault, change.policy_name)
    return without_named_requests(reading.value)


async def _send_if_undisturbed(
    ports: Ports, change: PolicyChange, before: JsonObject, planned: Change
) -> PolicyWrite:
    # Before anything that could be lost: whatever happens next, the way back is known.
    kept = await keep_part(
        ports,
        change,
        BEFORE,
        {
            "before": before,
            "intended": planned.document,
            "differences": to_json(planned.differences),
            "undo": undo_steps(change.settle.vault, before, attempt_key(change, BEFORE)),
        },
    )
    # An earlier execution of this attempt may have kept another document: to send by today's would
    # leave a way back that undoes somebody else's edit. The next attempt has evidence of its own.
    if diff_documents(kept.document["data"]["before"], before):
        message = "Not sent: the policy changed between two executions of this attempt."
        return PolicyWrite(outcome=WriteOutcome.BUSY, message=message)
    # The service keeps no ETag for policies: a second look is all that narrows the gap (1.4).
    strays = diff_documents(before, await _read(ports, change))
    if strays:
        places = ", ".join(one.path for one in strays)
        message = f"Not sent: somebody else changed {places} while the write was prepared."
        return PolicyWrite(outcome=WriteOutcome.BUSY, message=message)
    # Last of all that may fail: an edit counted for a write that is not sent is one of 50 lost.
    free_at = await take_edit(ports, change)
    if free_at is not None:
        message = f"Not sent: the vault's edits are used up until {free_at:%Y-%m-%d %H:%M} UTC."
        return PolicyWrite(
            outcome=WriteOutcome.WAITING_FOR_BUDGET, message=message, retry_at=free_at
        )
    marker = await keep_part(ports, change, SENT, {"policy": change.policy_name})
    if not marker.is_new:
        message = "Another execution of this attempt was faster and may have sent the write."
        return PolicyWrite(outcome=WriteOutcome.UNKNOWN, message=message)
    return await _send(ports, change, with_guard_requests(planned.document, change.guard_requests))


async def _send(ports: Ports, change: PolicyChange, body: JsonObject) -> PolicyWrite:
    vault = change.settle.vault
    try:
        answer = await ports.recovery_services.write_policy(vault, change.policy_name, body)
    except OutcomeUnknownError as lost:
        return PolicyWrite(outcome=WriteOutcome.UNKNOWN, message=str(lost))
    # Both say that the service has not looked at the write, so a new attempt is safe.
    except (ThrottledError, UnavailableError) as away:
        return PolicyWrite(outcome=WriteOutcome.BUSY, message=str(away))
    except (RefusedError, AccessDeniedError, NotFoundError) as refused:
        return await _explain(ports, vault, refused)
    # A 200 may still be followed by nothing: only reading back tells (audit-checks B2).
    ids = f"request id {answer.request_id}"
    if answer.operation_id is None:
        return PolicyWrite(outcome=WriteOutcome.SENT, message=f"Written ({ids}).")
    return PolicyWrite(
        outcome=WriteOutcome.ACCEPTED,
        message=f"Accepted ({ids}, operation {answer.operation_id}).",
        operation_id=answer.operation_id,
    )


async def _explain(ports: Ports, vault: VaultRef, refused: ServiceError) -> PolicyWrite:
    """A refusal with its cause and what it asks for."""
    refusal = explain_refusal(refused.code, refused.status, refused.message)
    known = f" (known {refusal.recognised_by})" if refusal.recognised_by else ""
    message = join_sentences(str(refused), f"Cause: {refusal.cause}{known}")
    # Our own count said yes: others edit the same vault, and only waiting helps.
    if refusal.kind is RefusalKind.BUDGET:
        return PolicyWrite(
            outcome=WriteOutcome.WAITING_FOR_BUDGET,
            message=message,
            retry_at=ports.clock.now() + LIMIT_PAUSE,
        )
    if refusal.kind is RefusalKind.BUSY:
        return PolicyWrite(outcome=WriteOutcome.BUSY, message=message)
    if refusal.kind is RefusalKind.FINAL:
        return _refused(message, refusal.next_step)
    # Whoever has to be asked is named by the vault, not by the refusal.
    proxies = await attempt(
        "the guards of the vault", ports.recovery_services.list_guard_proxies(vault)
    )
    # A guard nobody can name is asked for all the same: the refusal itself is certain.
    named = () if isinstance(proxies, FailedRead) else proxies.value
    if not named and not isinstance(proxies, FailedRead):
        # Nobody could agree: waiting a week for the owner of no guard would hide the refusal.
        return _refused(f"{message} The vault is linked to no Resource Guard.", NO_GUARD)
    need = guard_need(named)
    return PolicyWrite(
        outcome=WriteOutcome.WAITING_FOR_GUARD, message=message, what_to_do=need.text, guard=need
    )
