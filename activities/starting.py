"""Starts the upgrade at most once, whatever happens to this process (DESIGN rule 1).

Kept in evidence before anything is sent, each with create-if-absent, in a folder per attempt:

* ``intent``: the OperationId every send of this attempt carries;
* ``send-NN``: one marker before each send. Markers form a chain, so that of two processes that
  want to send, one wins the marker and the other waits.

A send happens only when the classic list shows no record, no marker is younger than the grace
period, and the next marker is ours. So a process killed at any line leaves at most one upgrade.

The age of a marker is measured by the service's clock, which its answers tell: the clock of this
machine may have been set, and another machine's may be wrong by more than the grace period.
"""

from datetime import datetime

from activities.evidence import keep, keep_step
from adapters.ports import Ports
from domain.codec import to_json, to_object
from domain.errors import (
    AccessDeniedError,
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from domain.evidence_marks import IntentData, SendData
from domain.retries import FIRST, attempt_folder, is_superseded
from domain.steps import StartAnswer, StartKind, StartRequest
from domain.upgrade import (
    SEND_WITHIN,
    START_GRACE,
    ClassicVault,
    UpgradeRecord,
    UpgradeStatus,
)


async def run_start_upgrade(ports: Ports, request: StartRequest) -> StartAnswer:
    """Looks, and sends the start if nothing was sent that may still show.

    Raises:
        ServiceError: The classic list could not be read; nothing was sent by this call.
        EvidenceError: The intent could not be kept; nothing was sent by this call.
    """
    with ports.exchanges.recording() as exchanges:
        answer = await _look_and_send(ports, request)
    # What was found and sent, not what keeps a second send away: the markers did that before it.
    data = {**to_object(answer), "exchanges": to_json(exchanges)}
    await keep_step(ports, request.run, f"06-start-{request.look_no}", data)
    return answer


async def _look_and_send(ports: Ports, request: StartRequest) -> StartAnswer:
    folder = attempt_folder(request.run.request.vault.key, request.attempt)
    # Before the look: whoever comes second must know the id the first one may have sent.
    operation_id = await _keep_intent(ports, request, folder)
    classic = await ports.classic.read_vault(request.run.request.vault)
    record = _standing(request, classic)
    # Before the record: a service that has forgotten a failure shows none, and rule 2 still holds.
    if await ports.evidence.read(f"{folder}/failed.json") is not None:
        return _failed(operation_id, record)
    if record is not None:
        return _judge(operation_id, record)
    # The workflow has asked already, maybe days ago; evidence decides, not what a history says.
    if not await _is_authorized(ports, request, folder):
        return _failed(operation_id, record)
    marked_at = _moment(ports, classic)
    if not await _may_send(ports, request, folder, marked_at):
        reason = "a start may have been sent and nothing shows yet"
        return _wait(operation_id, reason)
    return await _send(ports, request, operation_id, marked_at)


def _moment(ports: Ports, classic: ClassicVault) -> datetime:
    """The service's time at an answer; ours where the answer tells none."""
    return classic.answered_at or ports.clock.now()


async def _is_authorized(ports: Ports, request: StartRequest, folder: str) -> bool:
    """Whether this attempt needs no instruction of Microsoft, or has one."""
    if request.attempt == FIRST:
        return True
    return await ports.evidence.read(f"{folder}/authorization.json") is not None


async def _keep_intent(ports: Ports, request: StartRequest, folder: str) -> str:
    """The OperationId of this attempt: the one kept first, by this run or an earlier one."""
    run = request.run
    entry = await keep(
        ports,
        key=f"{folder}/intent.json",
        kind="intent",
        vault=str(run.request.vault),
        run_id=run.run_id,
        data=IntentData(operationId=request.operation_id, target=run.request.target.arm_id),
    )
    # Of what is kept now, not of what was asked for: an earlier run may have sent that id.
    return str(entry.document["data"]["operationId"])


def _standing(request: StartRequest, classic: ClassicVault) -> UpgradeRecord | None:
    """The record, unless it is only what is left of the failure this attempt is to make good."""
    record = classic.record
    if record is not None and is_superseded(record, request.superseded):
        return None
    return record


async def _may_send(ports: Ports, request: StartRequest, folder: str, marked_at: datetime) -> bool:
    """Whether this call, and no other, may send now; leaves the marker if so."""
    markers = await ports.evidence.list_keys(f"{folder}/send-")
    if markers:
        last = await ports.evidence.read(markers[-1])
        # A marker that cannot be read back is as good as one left just now.
        sent_at = datetime.fromisoformat(last["data"]["at"]) if last else marked_at
        if marked_at - sent_at < START_GRACE:
            return False
    entry = await keep(
        ports,
        key=f"{folder}/send-{len(markers) + 1:02}.json",
        kind="send",
        vault=str(request.run.request.vault),
        run_id=request.run.run_id,
        data=SendData(
            lookNo=request.look_no,
            target=request.run.request.target.arm_id,
            at=marked_at.isoformat(),
        ),
    )
    # Create-if-absent is the only lock there is: of two that counted the same markers, one wins.
    return entry.is_new


async def _send(
    ports: Ports, request: StartRequest, operation_id: str, marked_at: datetime
) -> StartAnswer:
    """Sends once. Whatever is not a clear yes or no becomes ``wait``."""
    asked = request.run.request
    # Once more behind the marker: since the first look another process, or a person in the portal,
    # may have started it.
    classic = await ports.classic.read_vault(asked.vault)
    standing = _standing(request, classic)
    if standing is not None:  # the portal, or another operator, was faster
        return _judge(operation_id, standing)
    # The list may have been slow, or this process asleep: its turn is over then.
    if _moment(ports, classic) - marked_at > SEND_WITHIN:
        return _wait(operation_id, "the send was held up for too long and was left out")
    try:
        record = await ports.classic.start_upgrade(classic, asked.target, operation_id)
    except (OutcomeUnknownError, UnavailableError, ThrottledError) as unclear:
        # Even where nothing was sent: one way for all of them is one that cannot be mistaken.
        return _wait(operation_id, str(unclear))
    except (RefusedError, AccessDeniedError) as refused:
        return await _judge_refusal(ports, request, operation_id, str(refused))
    return StartAnswer(kind=StartKind.STARTED, operation_id=operation_id, record=record)


async def _judge_refusal(
    ports: Ports, request: StartRequest, operation_id: str, reason: str
) -> StartAnswer:
    """A refusal may mean that somebody else was faster: then theirs is adopted."""
    record = _standing(request, await ports.classic.read_vault(request.run.request.vault))
    if record is not None:
        return _judge(operation_id, record)
    return StartAnswer(
        kind=StartKind.REFUSED, operation_id=operation_id, record=None, reasons=(reason,)
    )


def _judge(operation_id: str, record: UpgradeRecord) -> StartAnswer:
    """What a record that is there already means: nothing is sent over it."""
    if record.status is UpgradeStatus.FAILED:
        return _failed(operation_id, record)
    if record.status is UpgradeStatus.UPGRADED:
        kind = StartKind.UPGRADED
    elif record.operation_id == operation_id:
        kind = StartKind.STARTED
    else:
        kind = StartKind.ADOPTED
    return StartAnswer(kind=kind, operation_id=operation_id, record=record)


def _failed(operation_id: str, record: UpgradeRecord | None) -> StartAnswer:
    reason = "The upgrade failed earlier. It is not started again unless Microsoft says so."
    return StartAnswer(
        kind=StartKind.FAILED, operation_id=operation_id, record=record, reasons=(reason,)
    )


def _wait(operation_id: str, reason: str) -> StartAnswer:
    return StartAnswer(
        kind=StartKind.WAIT, operation_id=operation_id, record=None, reasons=(reason,)
    )
