"""What clients may ask about instances. Reads committed state only, in the reader's thread."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import grpc
from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub import events
from local.taskhub.errors import RefusalError, not_found

# Instances per page where the caller states no size.
DEFAULT_PAGE = 100

# Bytes of history per streamed chunk; gRPC refuses messages above 4 MB by default.
CHUNK_BYTES = 1_000_000

_STATE_COLUMNS = (
    "instance_id, execution_id, name, version, status, input, output, custom_status, failure,"
    " created_us, updated_us, completed_us, scheduled_us, parent_id, tags"
)


def get_instance(
    db: sqlite3.Connection, instance_id: str, *, with_payloads: bool
) -> pb.GetInstanceResponse:
    """The state of one instance; ``exists`` is false for an unknown one."""
    row = db.execute(
        f"select {_STATE_COLUMNS} from instances where instance_id = ?",  # noqa: S608 (own columns)
        (instance_id,),
    ).fetchone()
    if row is None:
        return pb.GetInstanceResponse(exists=False)
    state = _state(row, with_payloads=with_payloads)
    return pb.GetInstanceResponse(exists=True, orchestrationState=state)


def query_instances(db: sqlite3.Connection, query: pb.InstanceQuery) -> pb.QueryInstancesResponse:
    """One page of the instances a query matches, oldest first.

    Raises:
        RefusalError: INVALID_ARGUMENT for a continuation token this hub did not give.
    """
    where, values = _conditions(query)
    page_size = query.maxInstanceCount if query.maxInstanceCount > 0 else DEFAULT_PAGE
    rows = db.execute(
        f"select {_STATE_COLUMNS} from instances where {where}"  # noqa: S608 (own conditions)
        " order by created_us, instance_id limit ?",
        # One more than the page: it says whether another page follows, without counting.
        (*values, page_size + 1),
    ).fetchall()
    page = rows[:page_size]
    response = pb.QueryInstancesResponse(
        orchestrationState=[_state(row, with_payloads=query.fetchInputsAndOutputs) for row in page]
    )
    if len(rows) > page_size:
        last = page[-1]
        response.continuationToken.value = _token(last["created_us"], last["instance_id"])
    return response


def _conditions(query: pb.InstanceQuery) -> tuple[str, list[object]]:
    conditions = ["1"]
    values: list[object] = []
    if query.HasField("createdTimeFrom"):
        conditions.append("created_us >= ?")
        values.append(events.to_us(query.createdTimeFrom))
    if query.HasField("createdTimeTo"):
        conditions.append("created_us < ?")
        values.append(events.to_us(query.createdTimeTo))
    # One parameter for all states: the statement's text stays the same, and sqlite3 keeps
    # statements prepared by their text.
    if query.runtimeStatus:
        conditions.append("status in (select value from json_each(?))")
        values.append(json.dumps(list(query.runtimeStatus)))
    if query.instanceIdPrefix.value:
        # Not LIKE: it ignores the case of letters, and % and _ occur in ids.
        conditions.append("substr(instance_id, 1, ?) = ?")
        values += [len(query.instanceIdPrefix.value), query.instanceIdPrefix.value]
    if query.continuationToken.value:
        # Goes on behind a row, not at a position: instances that come or go move no page.
        conditions.append("(created_us, instance_id) > (?, ?)")
        values += _parse_token(query.continuationToken.value)
    return " and ".join(conditions), values


def list_instance_ids(
    db: sqlite3.Connection, request: pb.ListInstanceIdsRequest
) -> pb.ListInstanceIdsResponse:
    """One page of the ids of ended instances, in the order in which they ended.

    Raises:
        RefusalError: INVALID_ARGUMENT for a continuation token this hub did not give.
    """
    # What has not ended has no place in the order of ends, and so no page.
    conditions = ["completed_us is not null"]
    values: list[object] = []
    if request.runtimeStatus:
        conditions.append("status in (select value from json_each(?))")
        values.append(json.dumps(list(request.runtimeStatus)))
    if request.HasField("completedTimeFrom"):
        conditions.append("completed_us >= ?")
        values.append(events.to_us(request.completedTimeFrom))
    if request.HasField("completedTimeTo"):
        conditions.append("completed_us < ?")
        values.append(events.to_us(request.completedTimeTo))
    if request.lastInstanceKey.value:
        conditions.append("(completed_us, instance_id) > (?, ?)")
        values += _parse_token(request.lastInstanceKey.value)
    page_size = request.pageSize if request.pageSize > 0 else DEFAULT_PAGE
    rows = db.execute(
        "select instance_id, completed_us from instances where"  # noqa: S608 (own conditions)
        f" {' and '.join(conditions)} order by completed_us, instance_id limit ?",
        (*values, page_size + 1),
    ).fetchall()
    page = rows[:page_size]
    response = pb.ListInstanceIdsResponse(instanceIds=[row["instance_id"] for row in page])
    if len(rows) > page_size:
        last = page[-1]
        response.lastInstanceKey.value = _token(last["completed_us"], last["instance_id"])
    return response


def read_history(db: sqlite3.Connection, instance_id: str) -> list[pb.HistoryEvent]:
    """The committed history of an instance, oldest event first; empty for an unknown one."""
    rows = db.execute(
        "select events from history where instance_id = ? order by turn", (instance_id,)
    )
    # Serialised messages of one kind, put end to end, are their lists put end to end.
    chunk = pb.HistoryChunk.FromString(b"".join(row[0] for row in rows))
    return list(chunk.events)


def existing_history(db: sqlite3.Connection, instance_id: str) -> list[pb.HistoryEvent]:
    """The committed history of an instance.

    Raises:
        RefusalError: NOT_FOUND.
    """
    known = db.execute("select 1 from instances where instance_id = ?", (instance_id,)).fetchone()
    if known is None:
        raise not_found(instance_id)
    return read_history(db, instance_id)


def chunked(history: list[pb.HistoryEvent]) -> Iterator[pb.HistoryChunk]:
    """A history in pieces that fit into a gRPC message."""
    chunk = pb.HistoryChunk()
    size = 0
    for event in history:
        event_size = event.ByteSize()
        # An event larger than a chunk goes alone: events cannot be split.
        if chunk.events and size + event_size > CHUNK_BYTES:
            yield chunk
            chunk, size = pb.HistoryChunk(), 0
        chunk.events.append(event)
        size += event_size
    if chunk.events:
        yield chunk


def _state(row: Any, *, with_payloads: bool) -> pb.OrchestrationState:
    state = pb.OrchestrationState(
        instanceId=row["instance_id"],
        executionId=events.optional(row["execution_id"]),
        name=row["name"],
        version=events.optional(row["version"]),
        orchestrationStatus=row["status"],
        createdTimestamp=events.to_timestamp(row["created_us"]),
        lastUpdatedTimestamp=events.to_timestamp(row["updated_us"]),
        customStatus=events.optional(row["custom_status"]),
        parentInstanceId=events.optional(row["parent_id"]),
        tags=json.loads(row["tags"] or "{}"),
    )
    if row["completed_us"] is not None:
        state.completedTimestamp.CopyFrom(events.to_timestamp(row["completed_us"]))
    if row["scheduled_us"] is not None:
        state.scheduledStartTimestamp.CopyFrom(events.to_timestamp(row["scheduled_us"]))
    if row["failure"] is not None:
        state.failureDetails.ParseFromString(row["failure"])
    if with_payloads and row["input"] is not None:
        state.input.value = row["input"]
    if with_payloads and row["output"] is not None:
        state.output.value = row["output"]
    return state


def _token(moment_us: int, instance_id: str) -> str:
    # The moment first: it has no bar in it, while an instance id may.
    return f"{moment_us}|{instance_id}"


def _parse_token(token: str) -> list[object]:
    moment, separator, instance_id = token.partition("|")
    if not separator or not moment.isdecimal():
        raise RefusalError(
            grpc.StatusCode.INVALID_ARGUMENT,
            "the continuation token is not one this task hub gave.",
            what_to_do="Start again from the first page.",
        )
    return [int(moment), instance_id]
