"""Applying what an orchestrator turn decided: one command, all of it or nothing.

1. Check that the turn is still the instance's: it may have been terminated or replaced meanwhile.
2. Turn each action into its history event and its row: a task, a timer, a child, a message.
3. Write the turn's events to the history and take the consumed ones out of the inbox.
4. End the instance, begin it anew, or leave it waiting.
"""

import uuid
from collections.abc import Sequence

from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub import endings, events, instances, steps
from local.taskhub.instances import Instance, Start
from local.taskhub.transaction import InstanceOpened, Transaction, TurnCommitted
from local.taskhub.work import Turn

_CONTINUED = pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW
_ENDS = instances.TERMINAL | {_CONTINUED}


def apply_turn(tx: Transaction, turn: Turn, response: pb.OrchestratorResponse) -> bool:
    """Commits a turn.

    Returns:
        Whether it counted; False when the instance was ended or replaced while it ran.
    """
    # By execution and number of turns, not by token: the file decides, whoever reports and how
    # often.
    instance = instances.find(tx, turn.instance_id)
    if instance is None or not instance.is_at(turn.execution_id, turn.turns):
        return False
    instances.consume(tx, turn.instance_id, turn.consumed)
    # Steps before the end: what a turn asks for happens even if the same turn ends the instance.
    completion, actions = _split(response.actions)
    asked = [steps.perform(tx, instance, action) for action in actions]
    if completion is not None and completion.orchestrationStatus == _CONTINUED:
        _continue_as_new(tx, instance, completion)
        return True
    turn_events = turn.new_events + [event for event in asked if event is not None]
    turn_events.append(events.orchestrator_completed(tx.now_us))
    _write_turn(tx, instance, turn_events, completion, response)
    return True


def _split(
    actions: Sequence[pb.OrchestratorAction],
) -> tuple[pb.CompleteOrchestrationAction | None, list[pb.OrchestratorAction]]:
    """The completion, if there is one, and what else is to be done."""
    completion = None
    rest: list[pb.OrchestratorAction] = []
    for action in actions:
        if action.HasField("completeOrchestration"):
            completion = action.completeOrchestration
            # An instance that has ended as running could neither go on nor be ended any more.
            if completion.orchestrationStatus not in _ENDS:
                return _unsupported("The worker ended the orchestration as what is no end."), []
        elif action.HasField("sendEntityMessage"):
            # The whole turn goes: half of what the code asked for is not what it meant.
            return _unsupported("Durable entities are not supported by this task hub."), []
        elif action.WhichOneof("orchestratorActionType") is None:
            return _unsupported("The worker asked for an action this task hub does not know."), []
        else:
            rest.append(action)
    # Code that does not match its history asks for steps nobody meant: none of them may start.
    if completion is not None and completion.failureDetails.errorType.endswith(
        "NonDeterminismError"
    ):
        rest = []
    return completion, rest


def _unsupported(message: str) -> pb.CompleteOrchestrationAction:
    return pb.CompleteOrchestrationAction(
        orchestrationStatus=pb.ORCHESTRATION_STATUS_FAILED,
        failureDetails=events.failure("NotSupportedError", message),
    )


def _write_turn(
    tx: Transaction,
    instance: Instance,
    turn_events: list[pb.HistoryEvent],
    completion: pb.CompleteOrchestrationAction | None,
    response: pb.OrchestratorResponse,
) -> None:
    status, output, failure = _outcome(completion)
    if status is not None:
        turn_events.append(events.execution_completed(tx.now_us, status, output, failure))
    # The end is part of the last turn's row, so that no history is ever without its end.
    instances.append_history(tx, instance.instance_id, instance.turns, turn_events)
    trace = response.orchestrationTraceContext
    turn_trace = trace if trace.ByteSize() else None
    # A suspension that came while the turn ran stays in force.
    tx.db.execute(
        "update instances set turns = turns + 1, custom_status = ?, turn_trace = ?,"
        " updated_us = ?, status = iif(suspended, status, ?) where instance_id = ?",
        (
            response.customStatus.value if response.HasField("customStatus") else None,
            None if turn_trace is None else turn_trace.SerializeToString(),
            tx.now_us,
            pb.ORCHESTRATION_STATUS_RUNNING,
            instance.instance_id,
        ),
    )
    if status is None:
        tx.effects.append(TurnCommitted(instance.instance_id, turn_trace))
    else:
        endings.end(tx, instance, status, output, failure)


def _outcome(
    completion: pb.CompleteOrchestrationAction | None,
) -> tuple[pb.OrchestrationStatus | None, str | None, pb.TaskFailureDetails | None]:
    if completion is None:
        return None, None, None
    return (
        completion.orchestrationStatus,
        completion.result.value if completion.HasField("result") else None,
        completion.failureDetails if completion.HasField("failureDetails") else None,
    )


def _continue_as_new(
    tx: Transaction, instance: Instance, completion: pb.CompleteOrchestrationAction
) -> None:
    """Begins the instance anew: same id, parent and tags, empty history, events carried over."""
    execution_id = uuid.uuid4().hex
    start = Start(
        instance_id=instance.instance_id,
        name=instance.name,
        version=(
            completion.newVersion.value if completion.HasField("newVersion") else instance.version
        ),
        input=completion.result.value if completion.HasField("result") else None,
        tags=instance.tags,
        parent=instance.parent,
        trace=_trace(instance.start_trace),
    )
    tx.db.execute(
        "update instances set execution_id = ?, version = ?, input = ?, turns = 0, turn_trace ="
        " null, updated_us = ?, custom_status = null, status = iif(suspended, status, ?)"
        " where instance_id = ?",
        (
            execution_id,
            start.version,
            start.input,
            tx.now_us,
            pb.ORCHESTRATION_STATUS_PENDING,
            instance.instance_id,
        ),
    )
    # The new execution must not see the old one's history, nor be woken by its timers; its
    # running activities are let finish, and their results find no execution to go to.
    tx.db.execute("delete from history where instance_id = ?", (instance.instance_id,))
    tx.db.execute("delete from timers where instance_id = ?", (instance.instance_id,))
    tx.effects.append(
        InstanceOpened(
            instance.instance_id,
            execution_id,
            instance.name,
            start.version or "",
            suspended=instance.is_suspended,
        )
    )
    # Emptied and filled again: the start must come before what is carried over, and that before
    # what came while the old execution ran its last turn.
    arrived = instances.take_inbox(tx, instance.instance_id)
    instances.deliver(tx, instance.instance_id, instances.started_event(tx, start, execution_id))
    for event in [*completion.carryoverEvents, *filter(_is_for_any_execution, arrived)]:
        instances.deliver(tx, instance.instance_id, event)


def _is_for_any_execution(event: pb.HistoryEvent) -> bool:
    """Whether an event is meant for the instance rather than for a step of one execution."""
    # A timer or a result of the old execution may share its number with a step of the new one.
    return event.WhichOneof("eventType") in {
        "eventRaised",
        "executionSuspended",
        "executionResumed",
    }


def _trace(serialised: bytes | None) -> pb.TraceContext | None:
    return None if serialised is None else pb.TraceContext.FromString(serialised)
