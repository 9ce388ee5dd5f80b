"""Writing how instances end: by themselves, from outside, and for good. Runs in the writer."""

from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub import events, instances
from local.taskhub.instances import Instance, Parent
from local.taskhub.transaction import InstanceClosed, TasksDropped, Transaction


def end(
    tx: Transaction,
    instance: Instance,
    status: pb.OrchestrationStatus,
    output: str | None,
    failure: pb.TaskFailureDetails | None,
) -> None:
    """Ends an instance and tells its parent. Activities that already run are let finish."""
    tx.db.execute(
        "update instances set status = ?, output = ?, failure = ?, completed_us = ?,"
        " updated_us = ?, suspended = 0 where instance_id = ?",
        (
            status,
            output,
            None if failure is None else failure.SerializeToString(),
            tx.now_us,
            tx.now_us,
            instance.instance_id,
        ),
    )
    # Rows of tasks stay: an activity that is under way must find its row to be told apart from a
    # repeated report, and a rewind goes on waiting for it.
    tx.db.execute("delete from inbox where instance_id = ?", (instance.instance_id,))
    tx.db.execute("delete from timers where instance_id = ?", (instance.instance_id,))
    tx.effects.append(InstanceClosed(instance.instance_id))
    # In the same commit: a crash between an end and its report would leave the parent waiting.
    if instance.parent is not None:
        report_to_parent(tx, instance.parent, instance.instance_id, status, output, failure)


def report_to_parent(
    tx: Transaction,
    parent: Parent,
    instance_id: str,
    status: int,
    output: str | None,
    failure: pb.TaskFailureDetails | None,
) -> None:
    """Delivers a sub-orchestration's end to the execution that called it."""
    if status == pb.ORCHESTRATION_STATUS_COMPLETED:
        event = events.child_completed(tx.now_us, parent.task_id, output)
    else:
        fallback = events.failure(
            "SubOrchestrationTerminated", f"Sub-orchestration '{instance_id}' was terminated."
        )
        event = events.child_failed(tx.now_us, parent.task_id, failure or fallback)
    instances.deliver_to_execution(tx, parent.instance_id, parent.execution_id, event)


def terminate(tx: Transaction, instance: Instance, output: str | None, *, recursive: bool) -> None:
    """Ends an instance from outside, and with ``recursive`` everything below it."""
    # Children first: they must not report to a parent that is being ended with them.
    if recursive:
        for child in instances.children(tx, instance.instance_id):
            terminate(tx, child, output, recursive=True)
    if instance.is_ended:
        return
    status = pb.ORCHESTRATION_STATUS_TERMINATED
    # Written by the hub and not by a worker: an instance nobody can run must be possible to end.
    instances.append_history(
        tx,
        instance.instance_id,
        instance.turns,
        [
            events.orchestrator_started(tx.now_us),
            events.execution_terminated(tx.now_us, output, recurse=recursive),
            events.orchestrator_completed(tx.now_us),
            events.execution_completed(tx.now_us, status, output, None),
        ],
    )
    tx.db.execute(
        "update instances set turns = turns + 1 where instance_id = ?", (instance.instance_id,)
    )
    end(tx, instance, status, output, None)


def remove(tx: Transaction, instance_id: str) -> None:
    """Deletes an instance and everything that belongs to it."""
    tx.db.execute("delete from instances where instance_id = ?", (instance_id,))
    tx.db.execute("delete from history where instance_id = ?", (instance_id,))
    tx.db.execute("delete from inbox where instance_id = ?", (instance_id,))
    dropped = tx.db.execute("delete from tasks where instance_id = ?", (instance_id,)).rowcount
    tx.db.execute("delete from timers where instance_id = ?", (instance_id,))
    tx.effects.append(InstanceClosed(instance_id))
    # Only then: every drop searches all waiting activities, and a purge removes thousands.
    if dropped:
        tx.effects.append(TasksDropped(instance_id))
