"""What clients may do to instances from outside. Each function is one command of the writer."""

import json
import re
import time
import uuid

import grpc
from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub import endings, events, instances
from local.taskhub.errors import RefusalError, not_found
from local.taskhub.instances import Instance, Start
from local.taskhub.transaction import SuspensionChanged, Transaction

# What Azure takes as an instance id, by the documentation of orchestration identities.
LONGEST_ID = 256
_NOT_IN_IDS = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")

# Rows removed per transaction of a purge by filter, so that a big one does not stall the rest.
PURGE_BATCH = 200


def start_instance(tx: Transaction, request: pb.CreateInstanceRequest) -> str:
    """Begins an instance and gives its id.

    Without a reuse policy an ended instance is replaced and a live one refused, as the Functions
    host does (durable-2x 2); with one, exactly the statuses it lists are replaced.

    Raises:
        RefusalError: ALREADY_EXISTS, or INVALID_ARGUMENT for an id Azure would not take.
    """
    instance_id = request.instanceId or uuid.uuid4().hex
    _refuse_unless_portable(instance_id)
    existing = instances.find(tx, instance_id)
    if existing is not None:
        _refuse_unless_replaceable(existing, request)
        endings.remove(tx, instance_id)
    scheduled = request.HasField("scheduledStartTimestamp")
    start = Start(
        instance_id=instance_id,
        name=request.name,
        version=request.version.value if request.HasField("version") else None,
        input=request.input.value if request.HasField("input") else None,
        tags=dict(request.tags),
        scheduled_us=events.to_us(request.scheduledStartTimestamp) if scheduled else None,
        trace=request.parentTraceContext if request.HasField("parentTraceContext") else None,
    )
    instances.begin(tx, start)
    return instance_id


def _refuse_unless_portable(instance_id: str) -> None:
    # An id that worked here and nowhere else would be found out in Azure, and only there.
    if instance_id.startswith("@"):
        problem = "ids that start with '@' are reserved for entities."
    elif len(instance_id) > LONGEST_ID:
        problem = f"an id has {LONGEST_ID} characters at most."
    elif _NOT_IN_IDS.search(instance_id):
        problem = "an id has no control characters and none of / \\ # ?"
    else:
        return
    raise RefusalError(grpc.StatusCode.INVALID_ARGUMENT, problem, subject=instance_id)


def _refuse_unless_replaceable(existing: Instance, request: pb.CreateInstanceRequest) -> None:
    if request.HasField("orchestrationIdReusePolicy"):
        replaceable = existing.status in request.orchestrationIdReusePolicy.replaceableStatus
    else:
        replaceable = existing.is_ended
    if not replaceable:
        status = pb.OrchestrationStatus.Name(existing.status)
        raise RefusalError(
            grpc.StatusCode.ALREADY_EXISTS,
            f"an orchestration instance with this id already exists ({status}).",
            subject=existing.instance_id,
        )


def raise_event(tx: Transaction, instance_id: str, name: str, payload: str | None) -> None:
    """Delivers an external event; one for an ended instance is dropped, as Microsoft's is.

    Raises:
        RefusalError: NOT_FOUND.
    """
    instance = _existing(tx, instance_id)
    # Not tied to an execution: an event for an instance that begins anew reaches the next one.
    if not instance.is_ended:
        instances.deliver(tx, instance_id, events.event_raised(tx.now_us, name, payload))


def terminate(tx: Transaction, instance_id: str, output: str | None, *, recursive: bool) -> None:
    """Ends an instance at once, without its code having a say; a turn under way is discarded.

    Raises:
        RefusalError: NOT_FOUND.
    """
    endings.terminate(tx, _existing(tx, instance_id), output, recursive=recursive)


def suspend(tx: Transaction, instance_id: str, reason: str | None) -> None:
    """Stops handing out turns of an instance; what arrives meanwhile is kept.

    Raises:
        RefusalError: NOT_FOUND.
    """
    _set_suspended(tx, instance_id, events.execution_suspended(tx.now_us, reason), suspended=True)


def resume(tx: Transaction, instance_id: str, reason: str | None) -> None:
    """Lets a suspended instance go on.

    Raises:
        RefusalError: NOT_FOUND.
    """
    _set_suspended(tx, instance_id, events.execution_resumed(tx.now_us, reason), suspended=False)


def _set_suspended(
    tx: Transaction, instance_id: str, event: pb.HistoryEvent, *, suspended: bool
) -> None:
    instance = _existing(tx, instance_id)
    # Twice is once, or the second event would be seen as a second suspension by the code.
    if instance.is_ended or instance.is_suspended == suspended:
        return
    # Suspension hides the status there was; it follows from whether a turn was committed.
    has_begun = instance.turns > 0
    running = pb.ORCHESTRATION_STATUS_RUNNING if has_begun else pb.ORCHESTRATION_STATUS_PENDING
    status = pb.ORCHESTRATION_STATUS_SUSPENDED if suspended else running
    tx.db.execute(
        "update instances set status = ?, suspended = ?, updated_us = ? where instance_id = ?",
        (status, suspended, tx.now_us, instance_id),
    )
    # The event goes into the history when turns go on: workers hold back what lies between the two.
    instances.deliver(tx, instance_id, event)
    tx.effects.append(SuspensionChanged(instance_id, suspended))


def restart(tx: Transaction, instance_id: str, *, new_id: bool) -> str:
    """Begins an ended instance again with the same name, input, version and tags.

    Raises:
        RefusalError: NOT_FOUND, or FAILED_PRECONDITION while it has not ended.
    """
    instance = _existing(tx, instance_id)
    if not instance.is_ended:
        raise RefusalError(
            grpc.StatusCode.FAILED_PRECONDITION,
            "only an ended instance can be restarted.",
            subject=instance_id,
            what_to_do="Terminate it first.",
        )
    # Begun without the parent it may have had: that one has had its answer.
    started_id = uuid.uuid4().hex if new_id else instance_id
    if not new_id:
        endings.remove(tx, instance_id)
    instances.begin(
        tx,
        Start(
            instance_id=started_id,
            name=instance.name,
            version=instance.version,
            input=instance.input,
            tags=instance.tags,
        ),
    )
    return started_id


def purge(tx: Transaction, instance_id: str, *, recursive: bool) -> int:
    """Removes an ended instance, and with ``recursive`` its ended sub-orchestrations.

    Returns:
        How many instances were removed; 0 for an unknown or live one.
    """
    instance = instances.find(tx, instance_id)
    if instance is None or not instance.is_ended:
        return 0
    removed = 0
    # Children first, while the row that names them is still there.
    if recursive:
        for child in instances.children(tx, instance_id):
            removed += purge(tx, child.instance_id, recursive=True)
    endings.remove(tx, instance_id)
    return removed + 1


def purge_batch(
    tx: Transaction, chosen: pb.PurgeInstanceFilter, *, recursive: bool
) -> tuple[int, bool]:
    """Removes one batch of the ended instances that a filter matches.

    Returns:
        How many instances were removed, and whether more may match.
    """
    # Whatever statuses are asked for: removing a live instance would orphan what it has under way.
    conditions = ["completed_us is not null"]
    values: list[object] = []
    if chosen.HasField("createdTimeFrom"):
        conditions.append("created_us >= ?")
        values.append(events.to_us(chosen.createdTimeFrom))
    if chosen.HasField("createdTimeTo"):
        conditions.append("created_us < ?")
        values.append(events.to_us(chosen.createdTimeTo))
    if chosen.runtimeStatus:
        conditions.append("status in (select value from json_each(?))")
        values.append(json.dumps(list(chosen.runtimeStatus)))
    rows = tx.db.execute(
        f"select instance_id from instances where {' and '.join(conditions)} limit ?",  # noqa: S608
        (*values, PURGE_BATCH),
    ).fetchall()
    removed = sum(purge(tx, row[0], recursive=recursive) for row in rows)
    return removed, len(rows) == PURGE_BATCH


def deadline_of(chosen: pb.PurgeInstanceFilter) -> float | None:
    """The monotonic moment a purge by filter must stop at, or None."""
    if not chosen.HasField("timeout"):
        return None
    return time.monotonic() + chosen.timeout.ToTimedelta().total_seconds()


def _existing(tx: Transaction, instance_id: str) -> Instance:
    instance = instances.find(tx, instance_id)
    if instance is None:
        raise not_found(instance_id)
    return instance
