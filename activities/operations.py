"""Follows a running upgrade and keeps what became of it."""

from activities.attempts import attempt
from activities.evidence import keep, keep_step
from activities.retries import read_attempts
from adapters.ports import Ports
from domain.codec import from_json, to_json, to_object
from domain.readings import FailedRead
from domain.retries import RetryAuthorization, attempt_folder, is_superseded
from domain.steps import AwaitRequest, FailureRecord, PollAnswer, Recorded
from domain.support import support_bundle
from domain.upgrade import OperationInfo, UpgradeStatus


async def run_read_operation(ports: Ports, request: AwaitRequest) -> PollAnswer:
    """Asks how the vault's latest upgrade stands.

    Raises:
        ServiceError: It could not be read; that is not an end.
    """
    # Kept with the last poll only: support asks for the end, and a thousand polls are no help.
    with ports.exchanges.recording() as exchanges:
        info = await ports.classic.read_operation(request.classic)
    if not info.is_running:
        reason = await _why_it_goes_on(ports, request, info)
        if reason:
            return PollAnswer(is_running=True, has_succeeded=False, text=reason)
        data = {**to_object(info), "exchanges": to_json(exchanges)}
        await keep_step(ports, request.run, "07-operation", data)
    words = (f"{info.status}/{info.result}", info.error_code, info.message)
    return PollAnswer(
        is_running=info.is_running,
        has_succeeded=info.has_succeeded,
        text=", ".join(word for word in words if word),
        error_code=info.error_code,
    )


async def _why_it_goes_on(ports: Ports, request: AwaitRequest, info: OperationInfo) -> str:
    """Why an answer that is not "in progress" is no end all the same; empty: it is one."""
    # An end of a known form, with no attempt before: most upgrades need no further call.
    if request.superseded is None and info.is_completed:
        return ""
    record = (await ports.classic.read_vault(request.run.request.vault)).record
    # The call names no operation: the end it tells may be that of the attempt that failed.
    if record is not None and is_superseded(record, request.superseded):
        return "the end of the attempt before still shows"
    # The old client took any word it did not know for an end (vault-upgrade 1.4).
    is_running = record is not None and record.status is UpgradeStatus.IN_PROGRESS
    if is_running and not info.is_completed:
        return f"{info.status or 'no status'}, a word not seen before, and the record runs on"
    return ""


async def run_record_escalation(ports: Ports, request: AwaitRequest) -> Recorded:
    """Keeps that the upgrade runs longer than the service's own client would have waited."""
    data = {
        "operationId": request.operation_id,
        "startedAt": request.started_at.isoformat(),
        "message": "The upgrade runs longer than 100 minutes. It goes on; nothing was restarted.",
    }
    await keep_step(ports, request.run, "07-escalation", data)
    return Recorded(key=f"{request.run.prefix}/07-escalation.json")


async def run_record_failure(ports: Ports, request: FailureRecord) -> Recorded:
    """Keeps the failure, which bars every further start, and the bundle for support.

    Raises:
        EvidenceError: The failure could not be kept; the step is tried again.
    """
    run = request.run
    folder = attempt_folder(run.request.vault.key, await _attempt(ports, request))
    entry = await keep(
        ports,
        key=f"{folder}/failed.json",
        kind="failure",
        vault=str(run.request.vault),
        run_id=run.run_id,
        # Without an id too: the document itself is what bars another start (DESIGN rule 2).
        data={"operationId": await _operation_id(ports, request, folder)},
    )
    # After the failure is on record: what comes now helps support, and may fail without harm.
    await _keep_new_vault(ports, request)
    bundle = support_bundle(
        run.request,
        request.record,
        await _documents(ports, f"{run.prefix}/"),
        request.at,
        # Of the first to tell: a service that has forgotten since takes nothing back.
        operation_id=entry.document["data"]["operationId"],
        instruction=await _instruction(ports, folder),
    )
    await keep_step(ports, run, "10-support-bundle", bundle)
    return Recorded(key=f"{run.prefix}/10-support-bundle.json")


async def _attempt(ports: Ports, request: FailureRecord) -> int:
    """The attempt that failed: one that was adopted may be a later one than the run knows of."""
    attempts = await read_attempts(ports.evidence, request.run.request.vault.key)
    operation_id = request.record.operation_id if request.record is not None else None
    for number, failed_id in attempts.failed.items():
        # On record already, by an earlier run or by this step before a crash.
        if operation_id is not None and failed_id == operation_id:
            return number
    # The attempt that is open takes the failure, or its instruction would serve once more.
    return max(request.attempt, attempts.number)


async def _operation_id(ports: Ports, request: FailureRecord, folder: str) -> str | None:
    """The failed upgrade's id: the record's, else the one this attempt was to be sent with."""
    if request.record is not None:
        return request.record.operation_id
    intent = await ports.evidence.read(f"{folder}/intent.json")
    return str(intent["data"]["operationId"]) if intent is not None else None


async def _instruction(ports: Ports, folder: str) -> str:
    """Whose instruction the failed attempt was made on; empty for a first one."""
    document = await ports.evidence.read(f"{folder}/authorization.json")
    return "" if document is None else str(from_json(RetryAuthorization, document["data"]))


async def _keep_new_vault(ports: Ports, request: FailureRecord) -> None:
    """What ARM shows of the vault to be: the second record, which support compares."""
    target = request.run.request.target
    read = await attempt("the new vault", ports.recovery_services.read_vault(target))
    data = {"unread": read.reason} if isinstance(read, FailedRead) else {"vault": to_object(read)}
    await keep_step(ports, request.run, "09-failed-vault", data)


async def _documents(ports: Ports, prefix: str) -> list[dict[str, object]]:
    found = [await ports.evidence.read(key) for key in await ports.evidence.list_keys(prefix)]
    return [document for document in found if document is not None]
