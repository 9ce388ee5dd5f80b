"""What became of a policy write: the operation of a 202, its jobs, and the policy read back.

The service's word is not taken for the effect: a write counts as done when the policy was read and
differs from the document that was meant in nothing (audit-checks B1, B2).
"""

from dataclasses import replace

from activities.policy_evidence import BEFORE, RESULT, attempt_key, body_of
from activities.policy_parts import keep_part
from adapters.ports import Ports
from domain.codec import JsonObject, to_json
from domain.documents import Difference, diff_documents, value_at
from domain.errors import NotFoundError
from domain.settling import PolicyCheck, PolicyFollowUp, PolicyWrite, WriteOutcome
from domain.vaults import VaultRef

RUNNING = "InProgress"
DONE = "Succeeded"
JOB_DONE = frozenset({"Completed", "CompletedWithWarnings"})

NOT_APPLIED = (
    "Open and save the policy in the portal; if the zone still does not stay, ask Microsoft Support"
    " with the request id of the write."
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
    if write.outcome is WriteOutcome.REFUSED:
        await keep_part(ports, change, RESULT, to_json(write))
    return write


async def _judge_operation(
    ports: Ports, vault: VaultRef, status: JsonObject, operation_id: str
) -> PolicyWrite:
    word = str(status.get("status"))
    # endTime is no help: it repeats the start, and stands at year 1 until then (1.4).
    if word == RUNNING:
        return _accepted("The write is being carried out.", operation_id)
    # Failed, Canceled, or a word not seen yet: none of them is a promise that the policy was
    # replaced.
    if word != DONE:
        message = f"The write ended as {word}. {status.get('error') or ''}".strip()
        return PolicyWrite(outcome=WriteOutcome.REFUSED, message=message, what_to_do=NOT_APPLIED)
    problems = _failed_items(status)
    for job_id in value_at(status, ("properties", "jobIds")) or ():
        state = await _job_state(ports, vault, str(job_id))
        # The first job that still runs is enough; the others are asked about with the next look.
        if state in {RUNNING, None}:
            return _accepted(f"Job {job_id} configures the backup anew.", operation_id)
        if state not in JOB_DONE:
            problems.append(f"job {job_id} ended as {state}")
    return PolicyWrite(outcome=WriteOutcome.SENT, message="Carried out.", problems=tuple(problems))


def _failed_items(status: JsonObject) -> list[str]:
    # Succeeded with failed jobs: the policy is replaced, some of its items are not configured.
    failed: JsonObject = value_at(status, ("properties", "failedJobsError")) or {}
    return [f"{item}: {why}" for item, why in failed.items()]


def _accepted(message: str, operation_id: str) -> PolicyWrite:
    return PolicyWrite(outcome=WriteOutcome.ACCEPTED, message=message, operation_id=operation_id)


async def _job_state(ports: Ports, vault: VaultRef, job_id: str) -> str | None:
    """The job's status; None while the service does not show the job yet (1.4)."""
    try:
        reading = await ports.recovery_services.read_job(vault, job_id)
    except NotFoundError:
        return None
    return str(value_at(reading.value, ("properties", "status")))


async def run_check_policy_write(ports: Ports, check: PolicyCheck) -> PolicyWrite:
    """Reads the policy back and compares it with what was meant.

    Raises:
        ServiceError: The policy could not be read; nothing is known.
    """
    change = check.change
    kept = await ports.evidence.read(attempt_key(change, BEFORE))
    if kept is None:
        # The attempt ended before anything could be sent.
        return PolicyWrite(outcome=WriteOutcome.ABSENT, message="Nothing was sent.")
    reading = await ports.recovery_services.read_policy(change.settle.vault, change.policy_name)
    write = _judge(check, kept["data"], body_of(reading.value))
    # With the last word, because reports are made from evidence and not from the history.
    write = replace(write, problems=check.problems)
    if write.outcome is not WriteOutcome.SENT:
        await keep_part(ports, change, RESULT, to_json(write))
    return write


def _judge(check: PolicyCheck, kept: JsonObject, now: JsonObject) -> PolicyWrite:
    # Structural, not byte by byte: the service adds its own defaults to every answer (1.2).
    strays = diff_documents(body_of(kept["intended"]), now)
    if not strays:
        # Without its answer nobody knows the operation, and so none of the jobs it has started.
        lost = " Its answer was lost: look whether every item was configured anew."
        message = f"Read back as it was meant.{'' if check.was_answered else lost}"
        return PolicyWrite(outcome=WriteOutcome.CHANGED, message=message)
    if not diff_documents(body_of(kept["before"]), now):
        return _not_there(check)
    # A third document: somebody else wrote as well. Only a fresh read may decide what is left.
    return PolicyWrite(
        outcome=WriteOutcome.BUSY,
        message=f"Somebody else changed the policy at the same time: {_shown(strays)}.",
    )


def _not_there(check: PolicyCheck) -> PolicyWrite:
    if not check.is_last:
        return PolicyWrite(outcome=WriteOutcome.SENT, message="The policy reads as before, so far.")
    if check.was_answered:
        message = "The service took the write, and the policy still reads as before."
        return PolicyWrite(outcome=WriteOutcome.REFUSED, message=message, what_to_do=NOT_APPLIED)
    message = "The answer was lost, and the policy still reads as before."
    return PolicyWrite(outcome=WriteOutcome.ABSENT, message=message)


def _shown(strays: tuple[Difference, ...]) -> str:
    return "; ".join(f"{one.path} is {one.after}, not {one.before}" for one in strays)
