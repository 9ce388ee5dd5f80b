"""What a management request asks for, read from its query."""

from datetime import UTC, datetime

from aiohttp import web
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.wrappers_pb2 import StringValue

from .hub_json import parse_status

_LONGEST_WAIT_S = 86_400.0


def flag_of(request: web.Request, name: str, *, default: bool = False) -> bool:
    """Whether a member is true; ``default`` when it is not there."""
    value = request.query.get(name)
    return default if value is None else value.strip().lower() == "true"


def wait_of(request: web.Request) -> tuple[float, float] | None:
    """Seconds to wait for the end and between two looks; None: no wait is asked for.

    Raises:
        ValueError: Not two numbers of seconds, or more than a day.
    """
    wait_s, pause_s = request.query.get("timeout"), request.query.get("pollingInterval")
    # The URL that waits has both; with one alone the extension does not wait either.
    if wait_s is None or pause_s is None:
        return None
    wanted = float(wait_s), float(pause_s)
    # Written this way round, because a comparison with NaN is false: such a wait would not end.
    if not (0 <= wanted[0] <= _LONGEST_WAIT_S and 0 < wanted[1] <= _LONGEST_WAIT_S):
        raise ValueError(f"timeout={wait_s}, pollingInterval={pause_s}: seconds, at most a day")
    return wanted


def reason_of(request: web.Request) -> StringValue | None:
    """Why, as the caller puts it."""
    text = request.query.get("reason")
    return None if text is None else StringValue(value=text)


def time_of(request: web.Request, name: str) -> Timestamp | None:
    """The moment a member names; None when it is not there.

    Raises:
        ValueError: Not ISO 8601.
    """
    text = request.query.get(name)
    if not text:
        return None
    # Without a zone UTC is meant, as everywhere in this API.
    moment = datetime.fromisoformat(text)
    timestamp = Timestamp()
    timestamp.FromDatetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return timestamp


def statuses_of(request: web.Request) -> list[pb.OrchestrationStatus]:
    """The statuses that ``runtimeStatus`` lists."""
    names = ",".join(request.query.getall("runtimeStatus", [])).split(",")
    # Unknown names are passed over, as the extension does.
    return [status for name in names if name and (status := parse_status(name)) is not None]
