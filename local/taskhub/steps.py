"""The steps an orchestrator can ask for: each becomes rows now and work after the commit."""

from collections.abc import Callable

from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub import endings, events, instances
from local.taskhub.instances import Instance, Parent, Start
from local.taskhub.transaction import TaskScheduled, Transaction


def perform(
    tx: Transaction, instance: Instance, action: pb.OrchestratorAction
) -> pb.HistoryEvent | None:
    """Writes down what one action asks for and gives the history event that confirms it."""
    # Kinds without a handler were refused before, with the whole turn (turns._split).
    return _HANDLERS[action.WhichOneof("orchestratorActionType") or ""](tx, instance, action)


def _schedule_task(
    tx: Transaction, instance: Instance, action: pb.OrchestratorAction
) -> pb.HistoryEvent:
    asked = action.scheduleTask
    request = activity_request(instance, action.id, asked)
    schedule_request(tx, instance.instance_id, instance.execution_id, request)
    return pb.HistoryEvent(
        eventId=action.id,
        timestamp=events.to_timestamp(tx.now_us),
        taskScheduled=pb.TaskScheduledEvent(
            name=asked.name,
            version=asked.version if asked.HasField("version") else None,
            input=asked.input if asked.HasField("input") else None,
            parentTraceContext=(
                asked.parentTraceContext if asked.HasField("parentTraceContext") else None
            ),
            tags=dict(asked.tags),
        ),
    )


def activity_request(
    instance: Instance, task_id: int, asked: pb.ScheduleTaskAction | pb.TaskScheduledEvent
) -> pb.ActivityRequest:
    """What a worker is sent to run an activity."""
    # Wrappers are copied only where they are set: handed on unset, they would arrive as empty
    # texts, and an empty version is not the same as none.
    return pb.ActivityRequest(
        name=asked.name,
        version=asked.version if asked.HasField("version") else None,
        input=asked.input if asked.HasField("input") else None,
        orchestrationInstance=pb.OrchestrationInstance(
            instanceId=instance.instance_id, executionId=events.optional(instance.execution_id)
        ),
        taskId=task_id,
        parentTraceContext=(
            asked.parentTraceContext if asked.HasField("parentTraceContext") else None
        ),
        tags=dict(asked.tags),
    )


def schedule_request(
    tx: Transaction, instance_id: str, execution_id: str, request: pb.ActivityRequest
) -> None:
    """Writes an activity down; it starts after the commit."""
    # Named by a number and not by its task id, which another execution of the instance uses again:
    # a late report must not answer for the other one's activity.
    n = tx.next_number()
    tx.db.execute(
        "insert into tasks values(?, ?, ?, ?)",
        (instance_id, n, execution_id, request.SerializeToString()),
    )
    tx.effects.append(TaskScheduled(instance_id, n, request.name, request.version.value, request))


def _create_timer(
    tx: Transaction, instance: Instance, action: pb.OrchestratorAction
) -> pb.HistoryEvent:
    # In virtual time already: the worker computes it from the time of the turn's first event.
    due_us = events.to_us(action.createTimer.fireAt)
    fired = events.timer_fired(due_us, action.id)
    instances.set_timer(tx, instance.instance_id, instance.execution_id, due_us, fired)
    return pb.HistoryEvent(
        eventId=action.id,
        timestamp=events.to_timestamp(tx.now_us),
        timerCreated=pb.TimerCreatedEvent(fireAt=action.createTimer.fireAt),
    )


def _start_child(
    tx: Transaction, instance: Instance, action: pb.OrchestratorAction
) -> pb.HistoryEvent:
    asked = action.createSubOrchestration
    created = pb.SubOrchestrationInstanceCreatedEvent(
        # The same number each time the parent is replayed, and other SDKs leave the choice to the
        # hub.
        instanceId=asked.instanceId or f"{instance.instance_id}:{action.id:04x}",
        name=asked.name,
        version=asked.version if asked.HasField("version") else None,
        input=asked.input if asked.HasField("input") else None,
        parentTraceContext=(
            asked.parentTraceContext if asked.HasField("parentTraceContext") else None
        ),
        tags=dict(asked.tags),
    )
    begin_child(tx, instance, action.id, created)
    return pb.HistoryEvent(
        eventId=action.id,
        timestamp=events.to_timestamp(tx.now_us),
        subOrchestrationInstanceCreated=created,
    )


def begin_child(
    tx: Transaction,
    parent: Instance,
    task_id: int,
    created: pb.SubOrchestrationInstanceCreatedEvent,
) -> None:
    """Begins a sub-orchestration; an ended one with its id gives way, a live one makes it fail."""
    # A retried child comes under the id of the one that failed, so ended ones are replaced.
    existing = instances.find(tx, created.instanceId)
    # As a failure that the code can catch, not as a call that is never answered.
    if existing is not None and not existing.is_ended:
        failure = events.failure(
            "InstanceAlreadyExists",
            f"Orchestration instance '{created.instanceId}' already exists and has not ended.",
        )
        instances.deliver(tx, parent.instance_id, events.child_failed(tx.now_us, task_id, failure))
        return
    if existing is not None:
        endings.remove(tx, created.instanceId)
    instances.begin(
        tx,
        Start(
            instance_id=created.instanceId,
            name=created.name,
            version=created.version.value if created.HasField("version") else None,
            input=created.input.value if created.HasField("input") else None,
            tags=dict(created.tags),
            parent=Parent(
                instance_id=parent.instance_id,
                execution_id=parent.execution_id,
                name=parent.name,
                task_id=task_id,
            ),
            trace=created.parentTraceContext if created.HasField("parentTraceContext") else None,
        ),
    )


def _send_event(
    tx: Transaction, _instance: Instance, action: pb.OrchestratorAction
) -> pb.HistoryEvent:
    asked = action.sendEvent
    payload = asked.data.value if asked.HasField("data") else None
    target = instances.find(tx, asked.instance.instanceId)
    # An event for nobody is lost, as in Azure; the sender's history still says it was sent.
    if target is not None and not target.is_ended:
        raised = events.event_raised(tx.now_us, asked.name, payload)
        instances.deliver(tx, target.instance_id, raised)
    return pb.HistoryEvent(
        eventId=action.id,
        timestamp=events.to_timestamp(tx.now_us),
        eventSent=pb.EventSentEvent(
            instanceId=asked.instance.instanceId, name=asked.name, input=events.optional(payload)
        ),
    )


def _terminate_other(
    tx: Transaction, _instance: Instance, action: pb.OrchestratorAction
) -> pb.HistoryEvent | None:
    asked = action.terminateOrchestration
    # No history event confirms it: none exists in the contract, and a replay asks for none.
    target = instances.find(tx, asked.instanceId)
    if target is not None:
        reason = asked.reason.value if asked.HasField("reason") else None
        endings.terminate(tx, target, reason, recursive=asked.recurse)
    return None


type _Handler = Callable[[Transaction, Instance, pb.OrchestratorAction], pb.HistoryEvent | None]

_HANDLERS: dict[str, _Handler] = {
    "scheduleTask": _schedule_task,
    "createTimer": _create_timer,
    "createSubOrchestration": _start_child,
    "sendEvent": _send_event,
    "terminateOrchestration": _terminate_other,
}
