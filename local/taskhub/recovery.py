"""What a hub finds in its file when it starts: the same effects that once led there."""

import sqlite3
from collections import defaultdict

from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub.transaction import Effect, InstanceOpened, Message, TaskScheduled, TimerSet


def load(db: sqlite3.Connection) -> list[Effect]:
    """Every live instance with what waits for it, every unfinished activity, the next timer."""
    # No state beside the file: what a running hub knows comes of the same effects, one by one.
    effects: list[Effect] = [*_instances(db), *_tasks(db)]
    due_us = db.execute("select min(due_us) from timers").fetchone()[0]
    if due_us is not None:
        effects.append(TimerSet(due_us))
    return effects


def _instances(db: sqlite3.Connection) -> list[InstanceOpened]:
    inboxes: defaultdict[str, list[Message]] = defaultdict(list)
    for instance_id, n, event in db.execute(
        "select instance_id, n, event from inbox order by instance_id, n"
    ):
        inboxes[instance_id].append(Message(n, pb.HistoryEvent.FromString(event)))
    # Oldest first, so that after a crash nobody overtakes those who waited longer.
    rows = db.execute(
        "select instance_id, execution_id, name, version, suspended, turns, turn_trace"
        " from instances where completed_us is null order by created_us, instance_id"
    )
    return [
        InstanceOpened(
            row["instance_id"],
            row["execution_id"],
            row["name"],
            row["version"] or "",
            inbox=tuple(inboxes.get(row["instance_id"], ())),
            suspended=bool(row["suspended"]),
            turns=row["turns"],
            turn_trace=(
                None
                if row["turn_trace"] is None
                else pb.OrchestrationTraceContext.FromString(row["turn_trace"])
            ),
        )
        for row in rows
    ]


def _tasks(db: sqlite3.Connection) -> list[TaskScheduled]:
    scheduled: list[TaskScheduled] = []
    for instance_id, n, serialised in db.execute(
        # All of them, also those an earlier process had handed out: whether they ran, nobody knows.
        "select instance_id, n, request from tasks order by n"
    ):
        request = pb.ActivityRequest.FromString(serialised)
        scheduled.append(
            TaskScheduled(instance_id, n, request.name, request.version.value, request)
        )
    return scheduled
