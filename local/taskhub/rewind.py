"""Rewinding a failed instance: its failed steps run again, the others keep their results.

1. The client asks: the instance is set running and gets an ExecutionRewound event.
2. The worker answers with the history as it should have been, without the failed steps.
3. That history replaces the old one; whatever it still waits for is started, found or reported
   again; the next turn replays it and asks anew for the steps that were taken out.

Upstream's limit holds here too: a step with a retry policy leaves its timers in the history and
cannot be rewound (durabletask 1.12, ``_build_rewind_result``).
"""

from dataclasses import replace

import grpc
from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub import endings, events, instances, steps
from local.taskhub.errors import RefusalError, not_found
from local.taskhub.instances import Instance, Parent
from local.taskhub.transaction import InstanceOpened, Transaction
from local.taskhub.work import Turn


def request_rewind(tx: Transaction, instance_id: str, reason: str | None) -> None:
    """Asks the worker for the rewound history of a failed instance.

    Raises:
        RefusalError: NOT_FOUND, or FAILED_PRECONDITION for an instance that has not failed.
    """
    instance = instances.find(tx, instance_id)
    if instance is None:
        raise not_found(instance_id)
    if instance.status != pb.ORCHESTRATION_STATUS_FAILED:
        raise RefusalError(
            grpc.StatusCode.FAILED_PRECONDITION,
            "only a failed instance can be rewound.",
            subject=instance_id,
        )
    # The worker decides what the rewound history is: which steps failed depends on its code.
    _reopen(tx, instance)
    instances.deliver(tx, instance_id, events.execution_rewound(tx.now_us, reason))


def rewound_history(response: pb.OrchestratorResponse) -> pb.RewindOrchestrationAction | None:
    """The rewound history in a worker's answer, or None if it answered anything else."""
    for action in response.actions:
        if action.HasField("rewindOrchestration"):
            return action.rewindOrchestration
    return None


def apply_rewind(tx: Transaction, turn: Turn, rewinding: pb.RewindOrchestrationAction) -> bool:
    """Puts the worker's rewound history in place and starts what it waits for.

    Returns:
        Whether it counted; False when the instance was ended or replaced meanwhile.
    """
    instance = instances.find(tx, turn.instance_id)
    if instance is None or not instance.is_at(turn.execution_id, turn.turns):
        return False
    history = list(rewinding.newHistory)
    # The worker gives the rewound execution a new id, so that late results of the failed one miss
    # it.
    execution_id = _execution_id(history) or instance.execution_id
    instances.consume(tx, turn.instance_id, turn.consumed)
    tx.db.execute("delete from history where instance_id = ?", (instance.instance_id,))
    instances.append_history(tx, instance.instance_id, 0, history)
    tx.db.execute(
        "update instances set turns = 1, execution_id = ? where instance_id = ?",
        (execution_id, instance.instance_id),
    )
    # Work that was under way when the instance failed still belongs to it.
    tx.db.execute(
        "update tasks set execution_id = ? where instance_id = ?",
        (execution_id, instance.instance_id),
    )
    tx.db.execute(
        "update instances set parent_execution_id = ? where parent_id = ?",
        (execution_id, instance.instance_id),
    )
    arrived = instances.take_inbox(tx, instance.instance_id)
    rewound = replace(instance, execution_id=execution_id, turns=1)
    _reopen(tx, rewound)
    # A turn needs an event; one that says nothing new makes the worker replay the history.
    instances.deliver(tx, instance.instance_id, events.orchestrator_started(tx.now_us))
    # After the one that wakes it: what came meanwhile belongs to the rewound execution.
    for event in arrived:
        instances.deliver(tx, instance.instance_id, event)
    _resume_open_steps(tx, rewound, history)
    return True


def _reopen(tx: Transaction, instance: Instance) -> None:
    tx.db.execute(
        "update instances set status = ?, output = null, failure = null, completed_us = null,"
        " updated_us = ? where instance_id = ?",
        (pb.ORCHESTRATION_STATUS_RUNNING, tx.now_us, instance.instance_id),
    )
    tx.effects.append(
        InstanceOpened(
            instance.instance_id,
            instance.execution_id,
            instance.name,
            instance.version or "",
            turns=instance.turns,
        )
    )


def _execution_id(history: list[pb.HistoryEvent]) -> str | None:
    for event in history:
        if event.HasField("executionStarted"):
            return event.executionStarted.orchestrationInstance.executionId.value or None
    return None


def _resume_open_steps(tx: Transaction, instance: Instance, history: list[pb.HistoryEvent]) -> None:
    """Starts, or waits again for, every step the history asked for and has no answer to."""
    # Failures are not among the answers: the worker has taken the failed steps out already.
    answered = {_answered_step(event) for event in history}
    running = _running_task_ids(tx, instance.instance_id)
    for event in history:
        if event.eventId in answered:
            continue
        if event.HasField("timerCreated"):
            due_us = events.to_us(event.timerCreated.fireAt)
            fired = events.timer_fired(due_us, event.eventId)
            instances.set_timer(tx, instance.instance_id, instance.execution_id, due_us, fired)
        # One that still runs must not be started twice: its row waits for its result.
        elif event.HasField("taskScheduled") and event.eventId not in running:
            request = steps.activity_request(instance, event.eventId, event.taskScheduled)
            steps.schedule_request(tx, instance.instance_id, instance.execution_id, request)
        elif event.HasField("subOrchestrationInstanceCreated"):
            _resume_child(tx, instance, event)


def _answered_step(event: pb.HistoryEvent) -> int:
    """The id of the action an event answers, or one that no action has."""
    kind = event.WhichOneof("eventType")
    if kind == "timerFired":
        return event.timerFired.timerId
    if kind in {"taskCompleted", "subOrchestrationInstanceCompleted"}:
        answer: int = getattr(event, kind).taskScheduledId
        return answer
    return events.NO_ACTION


def _running_task_ids(tx: Transaction, instance_id: str) -> set[int]:
    rows = tx.db.execute("select request from tasks where instance_id = ?", (instance_id,))
    return {pb.ActivityRequest.FromString(row[0]).taskId for row in rows.fetchall()}


def _resume_child(tx: Transaction, instance: Instance, event: pb.HistoryEvent) -> None:
    created = event.subOrchestrationInstanceCreated
    child = instances.find(tx, created.instanceId)
    if child is None:
        steps.begin_child(tx, instance, event.eventId, created)
    # Its failure may be the parent's: run again from its own failed step, not from its start.
    elif child.status == pb.ORCHESTRATION_STATUS_FAILED:
        request_rewind(tx, child.instance_id, "its parent was rewound")
    elif child.is_ended:
        # It ended while the parent was over, so that its answer was dropped: give it now.
        row = tx.db.execute(
            "select output from instances where instance_id = ?", (child.instance_id,)
        ).fetchone()
        parent = Parent(
            instance_id=instance.instance_id,
            execution_id=instance.execution_id,
            name=instance.name,
            task_id=event.eventId,
        )
        endings.report_to_parent(tx, parent, child.instance_id, child.status, row[0], None)
