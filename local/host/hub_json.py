"""Orchestrations as the durable management HTTP API shows them."""

import json
from collections.abc import Iterable
from datetime import UTC
from typing import Any, cast

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.wrappers_pb2 import StringValue

_PREFIX = "ORCHESTRATION_STATUS_"
_SCHEDULING = {
    "taskCompleted": "taskScheduled",
    "taskFailed": "taskScheduled",
    "subOrchestrationInstanceCompleted": "subOrchestrationInstanceCreated",
    "subOrchestrationInstanceFailed": "subOrchestrationInstanceCreated",
    "timerFired": "timerCreated",
}
"""Event that ends something → event that began it; the API shows one entry for the two."""

# Suspended is not among them: such an instance can be resumed, so it is still running.
ENDED = frozenset(
    {
        pb.ORCHESTRATION_STATUS_COMPLETED,
        pb.ORCHESTRATION_STATUS_FAILED,
        pb.ORCHESTRATION_STATUS_TERMINATED,
        pb.ORCHESTRATION_STATUS_CANCELED,
    }
)


def status_name(status: int) -> str:
    """``Running``, ``ContinuedAsNew`` and so on."""
    # Derived, not listed: a status the library adds has its name at once.
    words = pb.OrchestrationStatus.Name(status).removeprefix(_PREFIX).split("_")
    return "".join(word.capitalize() for word in words)


def parse_status(name: str) -> pb.OrchestrationStatus | None:
    """The status of a name, without case, or None."""
    for status in pb.OrchestrationStatus.values():
        if status_name(status).lower() == name.strip().lower():
            return cast("pb.OrchestrationStatus", status)
    return None


def to_status(state: pb.OrchestrationState, *, is_input_shown: bool = True) -> dict[str, Any]:
    """The status object of one orchestration."""
    output = _value(state, "output")
    # The API has one member for both; a failure's text goes where the output would.
    if state.HasField("failureDetails"):
        output = f"{state.failureDetails.errorType}: {state.failureDetails.errorMessage}"
    return {
        "name": state.name,
        "instanceId": state.instanceId,
        "runtimeStatus": status_name(state.orchestrationStatus),
        "input": _value(state, "input") if is_input_shown else None,
        "customStatus": _value(state, "customStatus"),
        "output": output,
        "createdTime": iso(state.createdTimestamp),
        "lastUpdatedTime": iso(state.lastUpdatedTimestamp),
    }


def iso(timestamp: Timestamp) -> str:
    """Whole seconds with a ``Z``, as the API writes times."""
    # Fractions are dropped here although histories have them; so does the extension.
    return timestamp.ToDatetime(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _value(message: pb.OrchestrationState | pb.TaskCompletedEvent | Any, field: str) -> Any:
    if not message.HasField(field):
        return None
    wrapped: StringValue = getattr(message, field)
    try:
        return json.loads(wrapped.value)
    except ValueError:
        # Not everything is JSON: a termination's reason may be plain text.
        return wrapped.value


def to_history(events: Iterable[pb.HistoryEvent], *, is_output_shown: bool) -> list[dict[str, Any]]:
    """The history as the API shows it: outcomes with the name and time of what they end.

    Turn boundaries are left out, and so is what has begun and ended (its end is shown).
    """
    shown: list[dict[str, Any]] = []
    begun: dict[tuple[str, int], dict[str, Any]] = {}
    for event in events:
        kind = event.WhichOneof("eventType") or ""
        # Turns are the engine's business; the extension leaves them out of its history as well.
        if kind in {"orchestratorStarted", "orchestratorCompleted"}:
            continue
        entry = _entry(event, kind, is_output_shown=is_output_shown)
        if kind in _SCHEDULING.values():
            begun[kind, event.eventId] = entry
        elif kind in _SCHEDULING:
            _join(entry, event, kind, begun, shown)
        shown.append(entry)
    return shown


def _entry(event: pb.HistoryEvent, kind: str, *, is_output_shown: bool) -> dict[str, Any]:
    body = getattr(event, kind)
    entry: dict[str, Any] = {
        "EventType": kind[0].upper() + kind[1:],
        "Timestamp": event.timestamp.ToDatetime(tzinfo=UTC).isoformat().replace("+00:00", "Z"),
    }
    for field, label in (("name", "FunctionName"), ("fireAt", "FireAt")):
        if field in body.DESCRIPTOR.fields_by_name:
            value = getattr(body, field)
            entry[label] = iso(value) if field == "fireAt" else value
    if "failureDetails" in body.DESCRIPTOR.fields_by_name and body.HasField("failureDetails"):
        entry["FailureDetails"] = MessageToDict(body.failureDetails)
    if is_output_shown and "result" in body.DESCRIPTOR.fields_by_name:
        entry["Result"] = _value(body, "result")
    if kind == "executionCompleted":
        entry["OrchestrationStatus"] = status_name(body.orchestrationStatus)
    return entry


def _join(
    entry: dict[str, Any],
    event: pb.HistoryEvent,
    kind: str,
    begun: dict[tuple[str, int], dict[str, Any]],
    shown: list[dict[str, Any]],
) -> None:
    body = getattr(event, kind)
    began_as = begun.pop(
        (_SCHEDULING[kind], getattr(body, "taskScheduledId", 0) or _timer_id(body)), None
    )
    if began_as is None:
        return
    entry["ScheduledTime"] = began_as["Timestamp"]
    if "FunctionName" in began_as:
        entry["FunctionName"] = began_as["FunctionName"]
    # Its end is shown in its place; what has not ended yet stays.
    shown.remove(began_as)


def _timer_id(body: Any) -> int:
    return int(getattr(body, "timerId", 0))
