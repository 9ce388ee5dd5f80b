"""``backupJobs`` through ARM: the list with its filter, and one job (recovery-services 5)."""

from datetime import UTC, datetime, timedelta

from domain.codec import JsonObject
from local.azure.arm_common import INVALID_INPUT, find_vault, page, parse_filter
from local.azure.exchange import Answer, Call, ServiceRefusal, json_answer
from local.azure.jobs import find_job, jobs_between

FILTER_TIME = "%Y-%m-%d %I:%M:%S %p"
"""UTC on a 12-hour clock."""
MAX_WINDOW = timedelta(days=30)
"""The longest window clients are told to ask for; the server's own limit was never published."""
_DEFAULT_WINDOW = timedelta(days=1)
_TOLERANCE = timedelta(days=1)
"""Clocks differ a little: neither a start just ahead of ours nor a window cut a moment ago is
wrong."""
# The operator is ``eq`` for all of them, even for the two that mean a range (recovery-services 5).
_KEYS = frozenset({"startTime", "endTime", "operation", "backupManagementType", "status", "jobId"})


def list_jobs(call: Call) -> Answer:
    """The jobs that started in a window; without one, those of the last day."""
    vault = find_vault(call)
    wanted = parse_filter(call, _KEYS)
    start, end = _window(wanted, call.now)
    rows = jobs_between(vault, start, end, call.now)
    return page(call, [row for row in rows if _matches(row, wanted)])


def read_job(call: Call) -> Answer:
    """One job, with the extended members the list leaves out."""
    vault = find_vault(call)
    row = find_job(vault, call.params["job"], call.now)
    if row is None:
        raise ServiceRefusal(404, "BMSUserErrorJobNotFound", "The job was not found.")
    entity = row["properties"]["entityFriendlyName"]
    row["properties"]["extendedInfo"] = {"tasksList": [], "propertyBag": {"Name": entity}}
    return json_answer(row)


def _matches(row: JsonObject, wanted: dict[str, str]) -> bool:
    shown = row["properties"] | {"jobId": row["name"]}
    # The window was applied when the jobs were made; the rest is compared as text.
    exact = wanted.keys() - {"startTime", "endTime"}
    return all(shown[key].lower() == wanted[key].lower() for key in exact)


def _window(wanted: dict[str, str], now: datetime) -> tuple[datetime, datetime]:
    start, end = (_moment(wanted.get(key)) for key in ("startTime", "endTime"))
    # An id is asked for without a window; the job may be older than the default one.
    if "jobId" in wanted and start is None:
        start = now - MAX_WINDOW
    start = start or (end or now) - _DEFAULT_WINDOW
    end = end or now + _TOLERANCE
    if start > end or end - start > MAX_WINDOW + _TOLERANCE:
        raise ServiceRefusal(400, *INVALID_INPUT)
    return start, end


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, FILTER_TIME).replace(tzinfo=UTC)
    except ValueError as error:
        raise ServiceRefusal(400, *INVALID_INPUT) from error
