"""Writing instances: how one begins and gets events. Runs in the writer."""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub import events
from local.taskhub.transaction import (
    InstanceOpened,
    Message,
    MessageArrived,
    TimerSet,
    Transaction,
)

TERMINAL: frozenset[int] = frozenset(
    {
        pb.ORCHESTRATION_STATUS_COMPLETED,
        pb.ORCHESTRATION_STATUS_FAILED,
        pb.ORCHESTRATION_STATUS_CANCELED,
        pb.ORCHESTRATION_STATUS_TERMINATED,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Parent:
    """The orchestration that called this one, and its action that did."""

    instance_id: str
    execution_id: str
    name: str
    task_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """Everything needed to begin an instance."""

    instance_id: str
    name: str
    version: str | None
    input: str | None
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: Parent | None = None
    scheduled_us: int | None = None
    """Virtual time before which it must not begin."""
    trace: pb.TraceContext | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """What the writer needs to know of an instance."""

    instance_id: str
    execution_id: str
    name: str
    version: str | None
    status: int
    turns: int
    """How many turns are in the history."""
    input: str | None
    is_suspended: bool
    tags: dict[str, str]
    parent: Parent | None
    start_trace: bytes | None

    @property
    def is_ended(self) -> bool:
        """Whether nothing can happen to it any more, except removal, restart or rewind."""
        return self.status in TERMINAL

    def is_at(self, execution_id: str, turns: int) -> bool:
        """Whether a turn of that execution, begun after so many others, is the one to come.

        It is not if the instance ended, was replaced or began anew, and not if the same turn was
        handed out twice and has been committed already.
        """
        return not self.is_ended and (self.execution_id, self.turns) == (execution_id, turns)


_COLUMNS = (
    "instance_id, execution_id, name, version, status, turns, input, suspended, tags, parent_id,"
    " parent_execution_id, parent_name, parent_task_id, start_trace"
)


def find(tx: Transaction, instance_id: str) -> Instance | None:
    """The instance as the transaction sees it, or None."""
    row = tx.db.execute(
        f"select {_COLUMNS} from instances where instance_id = ?",  # noqa: S608 (own columns)
        (instance_id,),
    ).fetchone()
    return None if row is None else _from_row(row)


def _from_row(row: Any) -> Instance:
    parent = None
    if row["parent_id"] is not None:
        parent = Parent(
            instance_id=row["parent_id"],
            execution_id=row["parent_execution_id"],
            name=row["parent_name"],
            task_id=row["parent_task_id"],
        )
    return Instance(
        instance_id=row["instance_id"],
        execution_id=row["execution_id"],
        name=row["name"],
        version=row["version"],
        status=row["status"],
        turns=row["turns"],
        input=row["input"],
        is_suspended=bool(row["suspended"]),
        tags=json.loads(row["tags"]) if row["tags"] else {},
        parent=parent,
        start_trace=row["start_trace"],
    )


def begin(tx: Transaction, start: Start) -> None:
    """Writes a new instance; its first turn starts after the commit or when it is scheduled."""
    # New for every start, also under a used id: it is what late results of the one before miss.
    execution_id = uuid.uuid4().hex
    tx.db.execute(
        "insert into instances(instance_id, execution_id, name, version, status, input,"
        " created_us, updated_us, scheduled_us, parent_id, parent_name, parent_execution_id,"
        " parent_task_id, tags, start_trace) values(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            start.instance_id,
            execution_id,
            start.name,
            start.version,
            pb.ORCHESTRATION_STATUS_PENDING,
            start.input,
            tx.now_us,
            tx.now_us,
            start.scheduled_us,
            start.parent and start.parent.instance_id,
            start.parent and start.parent.name,
            start.parent and start.parent.execution_id,
            start.parent and start.parent.task_id,
            json.dumps(dict(start.tags)) if start.tags else None,
            None if start.trace is None else start.trace.SerializeToString(),
        ),
    )
    tx.effects.append(
        InstanceOpened(start.instance_id, execution_id, start.name, start.version or "")
    )
    event = started_event(tx, start, execution_id)
    # The start itself waits as a timer, so that a restart of the hub has nothing else to restore.
    if start.scheduled_us is not None and start.scheduled_us > tx.now_us:
        set_timer(tx, start.instance_id, execution_id, start.scheduled_us, event)
    else:
        deliver(tx, start.instance_id, event)


def started_event(tx: Transaction, start: Start, execution_id: str) -> pb.HistoryEvent:
    """The event that makes a worker call the orchestrator."""
    event = pb.ExecutionStartedEvent(
        name=start.name,
        version=events.optional(start.version),
        input=events.optional(start.input),
        orchestrationInstance=pb.OrchestrationInstance(
            instanceId=start.instance_id, executionId=events.optional(execution_id)
        ),
        parentTraceContext=start.trace,
        tags=dict(start.tags),
    )
    # The SDK reads the parent's id from here; what the hub reports to stands in the row.
    if start.parent is not None:
        event.parentInstance.CopyFrom(
            pb.ParentInstanceInfo(
                taskScheduledId=start.parent.task_id,
                name=events.optional(start.parent.name),
                orchestrationInstance=pb.OrchestrationInstance(
                    instanceId=start.parent.instance_id,
                    executionId=events.optional(start.parent.execution_id),
                ),
            )
        )
    if start.scheduled_us is not None:
        event.scheduledStartTimestamp.CopyFrom(events.to_timestamp(start.scheduled_us))
    return pb.HistoryEvent(
        eventId=events.NO_ACTION,
        timestamp=events.to_timestamp(tx.now_us),
        executionStarted=event,
    )


def deliver(tx: Transaction, instance_id: str, event: pb.HistoryEvent) -> None:
    """Puts an event into an instance's inbox; it is seen in the instance's next turn."""
    # Numbered over the whole hub: the order of an inbox is the order of the commits.
    message = Message(tx.next_number(), event)
    tx.db.execute(
        "insert into inbox values(?, ?, ?)", (instance_id, message.n, event.SerializeToString())
    )
    tx.effects.append(MessageArrived(instance_id, message))


def consume(tx: Transaction, instance_id: str, messages: Iterable[Message]) -> None:
    """Takes the messages of a turn out of the inbox."""
    tx.db.executemany(
        # One by one: what arrived while the turn ran stays for the next.
        "delete from inbox where instance_id = ? and n = ?",
        [(instance_id, message.n) for message in messages],
    )


def take_inbox(tx: Transaction, instance_id: str) -> list[pb.HistoryEvent]:
    """Empties an inbox and gives what was in it, oldest first."""
    rows = tx.db.execute(
        "select event from inbox where instance_id = ? order by n", (instance_id,)
    ).fetchall()
    tx.db.execute("delete from inbox where instance_id = ?", (instance_id,))
    return [pb.HistoryEvent.FromString(row[0]) for row in rows]


def deliver_to_execution(
    tx: Transaction, instance_id: str, execution_id: str, event: pb.HistoryEvent
) -> None:
    """Delivers what one execution asked for; drops it when that execution is over."""
    # Only whether it lives matters here, and this runs for every activity and timer.
    lives = tx.db.execute(
        "select 1 from instances where instance_id = ? and execution_id = ?"
        " and completed_us is null",
        (instance_id, execution_id),
    ).fetchone()
    if lives is not None:
        deliver(tx, instance_id, event)


def set_timer(
    tx: Transaction, instance_id: str, execution_id: str, due_us: int, event: pb.HistoryEvent
) -> None:
    """Keeps an event back until ``due_us``."""
    tx.db.execute(
        "insert into timers values(?, ?, ?, ?, ?)",
        (instance_id, tx.next_number(), execution_id, due_us, event.SerializeToString()),
    )
    # Only wakes the timer task earlier; what is due is always asked of the file.
    tx.effects.append(TimerSet(due_us))


def append_history(
    tx: Transaction, instance_id: str, turn: int, turn_events: list[pb.HistoryEvent]
) -> None:
    """Writes the events of one turn."""
    # A row per turn, not per event: a turn is written whole, read whole, and never changed.
    chunk = pb.HistoryChunk(events=turn_events)
    tx.db.execute(
        "insert into history values(?, ?, ?)", (instance_id, turn, chunk.SerializeToString())
    )


def children(tx: Transaction, instance_id: str) -> list[Instance]:
    """The sub-orchestrations of an instance."""
    rows = tx.db.execute(
        f"select {_COLUMNS} from instances where parent_id = ?",  # noqa: S608 (own columns)
        (instance_id,),
    ).fetchall()
    return [_from_row(row) for row in rows]
