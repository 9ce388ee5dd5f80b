"""Writes one policy's time zone by read-modify-write of the whole document (DESIGN rule 5).

Kept before the write, each with create-if-absent: the before-image together with the document that
is meant to be there afterwards, and an edit slot of the vault's ledger. A second execution after a
crash reads first and finds either the zone in place or the old document, which it may write again:
the write is the same document both times.
"""

import hashlib
import re
from datetime import datetime, timedelta
from typing import Any

from activities.evidence import keep
from adapters.ports import Ports
from domain.codec import JsonObject, to_json
from domain.errors import NotFoundError, OutcomeUnknownError, RefusedError
from domain.settling import PolicyChange, PolicyFollowUp, PolicyWrite, SettleRequest, WriteOutcome
from domain.vaults import VaultRef
from domain.zone_changes import Change, plan_zone_change

MAX_EDITS = 50
"""Policy edits the service allows per vault (recovery-services 1.4)."""

EDIT_WINDOW = timedelta(hours=24)
"""The rolling time over which the edits are counted."""

SLOT_TRIES = 10
"""Edit slots are taken one by one; this many neighbours may be faster before we give up."""

RUNNING = "InProgress"
DONE = "Succeeded"


def policy_key(settle: SettleRequest, policy_name: str, part: str) -> str:
    """The evidence key of one part of a policy's change: ``before``, ``write`` or ``result``."""
    slug = re.sub(r"[^A-Za-z0-9_-]", "_", policy_name)[:60]
    digest = hashlib.sha256(policy_name.casefold().encode()).hexdigest()[:8]
    return f"{settle.prefix}/09-policies/{slug}-{digest}-{part}.json"


async def run_write_policy_zone(ports: Ports, change: PolicyChange) -> PolicyWrite:
    """Reads the policy, changes its zone and writes it back once.

    Raises:
        ServiceError: The policy could not be read; nothing was written.
    """
    settle = change.settle
    reading = await ports.recovery_services.read_policy(settle.vault, change.policy_name)
    planned = plan_zone_change(
        reading.value,
        zone=settle.time_zone or "",
        mode=settle.time_zone_mode,
        day=ports.clock.now().date(),
    )
    if not isinstance(planned, Change):
        outcome = WriteOutcome.UNCHANGED if planned.kind == "unchanged" else WriteOutcome.REFUSED
        return await _keep_write(
            ports, change, PolicyWrite(outcome=outcome, message=planned.reason)
        )
    await _keep_before(ports, change, reading.value, planned)
    if not await _take_edit_slot(ports, settle, change.policy_name):
        message = f"The vault has had {MAX_EDITS} policy edits within 24 hours; try again later."
        return await _keep_write(
            ports, change, PolicyWrite(outcome=WriteOutcome.REFUSED, message=message)
        )
    return await _keep_write(ports, change, await _write(ports, change, planned.document))


async def _write(ports: Ports, change: PolicyChange, document: JsonObject) -> PolicyWrite:
    try:
        answer = await ports.recovery_services.write_policy(
            change.settle.vault, change.policy_name, document
        )
    except RefusedError as refused:
        return PolicyWrite(outcome=WriteOutcome.REFUSED, message=str(refused))
    except OutcomeUnknownError as lost:
        return PolicyWrite(outcome=WriteOutcome.UNKNOWN, message=str(lost))
    ids = f"request id {answer.request_id}"
    if answer.operation_id is None:
        return PolicyWrite(outcome=WriteOutcome.CHANGED, message=f"Written ({ids}).")
    return PolicyWrite(
        outcome=WriteOutcome.ACCEPTED,
        message=f"Accepted ({ids}, operation {answer.operation_id}).",
        operation_id=answer.operation_id,
    )


async def run_read_policy_write(ports: Ports, follow_up: PolicyFollowUp) -> PolicyWrite:
    """How a write that was answered with 202 stands, and the jobs it started.

    Raises:
        ServiceError: The status could not be read; that is not an end.
    """
    change = follow_up.change
    vault = change.settle.vault
    reading = await ports.recovery_services.read_policy_operation(
        vault, change.policy_name, follow_up.operation_id
    )
    write = await _judge_operation(ports, vault, reading.value, follow_up.operation_id)
    if write.outcome is not WriteOutcome.ACCEPTED:
        await _keep_write(ports, change, write, part="result")
    return write


async def _judge_operation(
    ports: Ports, vault: VaultRef, status: JsonObject, operation_id: str
) -> PolicyWrite:
    word = str(status.get("status"))
    properties: dict[str, Any] = status.get("properties") or {}
    if word == RUNNING:
        return _accepted("The write is being carried out.", operation_id)
    failed = properties.get("failedJobsError") or status.get("error")
    if word != DONE or failed:
        message = f"The write ended as {word}. {failed or ''}".strip()
        return PolicyWrite(outcome=WriteOutcome.REFUSED, message=message)
    for job_id in properties.get("jobIds") or ():
        judged = await _judge_job(ports, vault, str(job_id), operation_id)
        if judged is not None:
            return judged
    return PolicyWrite(outcome=WriteOutcome.CHANGED, message="Written and carried out.")


async def _judge_job(
    ports: Ports, vault: VaultRef, job_id: str, operation_id: str
) -> PolicyWrite | None:
    """What a job that has not ended well means for the write; None for one that has."""
    state = await _job_state(ports, vault, job_id)
    if state in {RUNNING, None}:
        return _accepted(f"Job {job_id} configures the backup anew.", operation_id)
    if state not in {"Completed", "CompletedWithWarnings"}:
        message = f"Job {job_id} ended as {state}."
        return PolicyWrite(outcome=WriteOutcome.REFUSED, message=message)
    return None


def _accepted(message: str, operation_id: str) -> PolicyWrite:
    return PolicyWrite(outcome=WriteOutcome.ACCEPTED, message=message, operation_id=operation_id)


async def _job_state(ports: Ports, vault: VaultRef, job_id: str) -> str | None:
    """The job's status; None while the service does not show the job yet (1.4)."""
    try:
        reading = await ports.recovery_services.read_job(vault, job_id)
    except NotFoundError:
        return None
    return str((reading.value.get("properties") or {}).get("status"))


async def _keep_before(
    ports: Ports, change: PolicyChange, before: JsonObject, planned: Change
) -> None:
    await keep(
        ports,
        key=policy_key(change.settle, change.policy_name, "before"),
        kind="policy-before",
        vault=str(change.settle.vault),
        run_id=change.settle.run_id,
        data={
            "before": before,
            "intended": planned.document,
            "differences": to_json(planned.differences),
        },
    )


async def _keep_write(
    ports: Ports, change: PolicyChange, write: PolicyWrite, part: str = "write"
) -> PolicyWrite:
    await keep(
        ports,
        key=policy_key(change.settle, change.policy_name, part),
        kind=f"policy-{part}",
        vault=str(change.settle.vault),
        run_id=change.settle.run_id,
        data=to_json(write),
    )
    return write


async def _take_edit_slot(ports: Ports, settle: SettleRequest, policy_name: str) -> bool:
    """Takes the next slot of the vault's ledger; False when the budget is used up.

    Slots are numbered and taken with create-if-absent, so that edits of several runs and
    processes are counted once each.
    """
    folder = f"vaults/{settle.vault.key}/policy-edits"
    for _ in range(SLOT_TRIES):
        slots = await ports.evidence.list_keys(f"{folder}/")
        if len(slots) >= MAX_EDITS and await _is_recent(ports, slots[-MAX_EDITS]):
            return False
        entry = await keep(
            ports,
            key=f"{folder}/{len(slots) + 1:06}.json",
            kind="policy-edit",
            vault=str(settle.vault),
            run_id=settle.run_id,
            data={"policy": policy_name},
        )
        if entry.is_new:
            return True
    return False


async def _is_recent(ports: Ports, slot: str) -> bool:
    document = await ports.evidence.read(slot)
    if document is None:
        return False
    return ports.clock.now() - datetime.fromisoformat(document["recordedAt"]) < EDIT_WINDOW
