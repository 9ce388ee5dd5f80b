"""What the service refuses in a policy (recovery-services 1.3, 1.4).

One function per rule, each giving a refusal or None; the service answers with the first it finds.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from domain.codec import JsonObject
from local.azure.contents import Workload
from local.azure.exchange import ServiceRefusal
from local.azure.retention_rules import days_of, is_whole, schedules_of
from local.azure.schedules import ZONES, clock_time, zone_id

POLICY_NAME = re.compile(r"^[A-Za-z][-_!a-zA-Z0-9]{2,149}$")
MIN_DAILY_DAYS = 7
"""Lowest daily retention of VM and SQL policies; older ones stay until they are modified."""
# Both ends count: logs 7 to 35 days, snapshots 1 to 5 or, enhanced, 1 to 30 (recovery-services 1.3,
# 1.4).
LOG_DAYS = range(7, 36)
INSTANT_DAYS = {"V1": range(1, 6), "V2": range(1, 31)}
WEEKLY_INSTANT_DAYS = 5

# One code and one text for some ten different mistakes: a client cannot learn from it which one it
# made, and has to check before it sends (recovery-services 1.4).
_INVALID_POLICY_TEXT = (
    "Input for create or update policy is not in proper format\r\nPlease check format of "
    "parameters like schedule time, schedule days, retention time and retention days "
)
INVALID_POLICY = ("BMSUserErrorInvalidPolicyInput", _INVALID_POLICY_TEXT)
# NO_PARAM is what the service really writes (recovery-services 1.3).
_INVALID_PARAMETER_TEXT = (
    "Parameter NO_PARAM in request is invalid. Please provide correct value for parameter NO_PARAM"
)
INVALID_PARAMETER = ("UserErrorInvalidRequestParameter", _INVALID_PARAMETER_TEXT)

type Rule = Callable[[JsonObject, date], tuple[str, str] | None]


def demand_valid(properties: JsonObject, today: date) -> None:
    """Checks a document that was sent.

    Raises:
        ServiceRefusal: 400 with the code of the first rule that is broken.
    """
    try:
        broken = next((code for rule in RULES if (code := rule(properties, today))), None)
    except (KeyError, TypeError, ValueError, AttributeError):
        # A member that is missing or of the wrong kind: the service's catch-all.
        broken = INVALID_POLICY
    if broken is not None:
        raise ServiceRefusal(400, *broken)


def _parts(properties: JsonObject) -> list[JsonObject]:
    return list(properties.get("subProtectionPolicy") or [properties])


def _known_type(properties: JsonObject, _today: date) -> tuple[str, str] | None:
    is_known = properties.get("backupManagementType") in {w.value for w in Workload}
    return None if is_known else INVALID_POLICY


def _known_zone(properties: JsonObject, _today: date) -> tuple[str, str] | None:
    zone = zone_id(properties)
    if zone is None or zone in ZONES:
        return None
    # Only the file-share refusal was ever published; the others are taken to be the catch-all.
    is_share = properties["backupManagementType"] == Workload.FILE_SHARE
    return INVALID_PARAMETER if is_share else INVALID_POLICY


def _has_schedule(properties: JsonObject, _today: date) -> tuple[str, str] | None:
    if properties["backupManagementType"] == Workload.AZURE_SQL:
        return None if properties["retentionPolicy"] else INVALID_POLICY
    scheduled = all(
        part["schedulePolicy"]["schedulePolicyType"] and is_whole(part)
        for part in _parts(properties)
    )
    return None if scheduled else INVALID_POLICY


def _run_times(part: JsonObject) -> list[time]:
    schedule = part.get("schedulePolicy") or {}
    frequency = str(schedule.get("scheduleRunFrequency", ""))
    inner = schedule.get(f"{frequency.lower()}Schedule") or schedule
    return [clock_time(text) for text in inner.get("scheduleRunTimes") or []]


def _needs_time(part: JsonObject) -> bool:
    # Hourly and log schedules have a window or an interval instead of a time.
    schedule = part.get("schedulePolicy") or {}
    return schedule.get("scheduleRunFrequency") in ("Daily", "Weekly")


def _proper_run_time(properties: JsonObject, _today: date) -> tuple[str, str] | None:
    # MARS agents may back up three times a day; everything else runs once.
    most = 3 if properties["backupManagementType"] == Workload.MAB else 1
    for part in _parts(properties):
        times = _run_times(part)
        if len(times) > most or (not times and _needs_time(part)):
            return INVALID_POLICY
        if any(at.minute not in (0, 30) or at.second or at.microsecond for at in times):
            return INVALID_POLICY
    return None


def _retention_at_run_time(properties: JsonObject, today: date) -> tuple[str, str] | None:
    for part in _parts(properties):
        run_times = set(_run_times(part))
        for _, schedule in schedules_of(part):
            moments = [datetime.fromisoformat(text) for text in schedule["retentionTimes"] or []]
            if run_times and not {moment.time() for moment in moments} <= run_times:
                return INVALID_POLICY
            # The date means nothing otherwise, but one that lies ahead is refused (1.3).
            if any(moment.date() > today for moment in moments):
                return INVALID_POLICY
    return None


def _weekly_days_agree(properties: JsonObject, _today: date) -> tuple[str, str] | None:
    for part in _parts(properties):
        schedule = part.get("schedulePolicy") or {}
        if schedule.get("scheduleRunFrequency") != "Weekly":
            continue
        inner = schedule.get("weeklySchedule") or schedule
        weekly = (part["retentionPolicy"] or {}).get("weeklySchedule")
        days = inner["scheduleRunDays"]
        if not days or (weekly and set(weekly["daysOfTheWeek"]) != set(days)):
            return INVALID_POLICY
    return None


def _daily_floor(properties: JsonObject, _today: date) -> tuple[str, str] | None:
    if properties["backupManagementType"] not in (Workload.VM, Workload.SQL_IN_VM):
        return None
    for part in _parts(properties):
        # Old policies keep less until somebody writes them: then any change meets this (1.4).
        daily = (part["retentionPolicy"] or {}).get("dailySchedule")
        if daily and days_of(daily["retentionDuration"]) < MIN_DAILY_DAYS:
            return INVALID_POLICY
    return None


def _instant_restore_range(properties: JsonObject, _today: date) -> tuple[str, str] | None:
    days: Any = properties.get("instantRpRetentionRangeInDays")
    if properties["backupManagementType"] != Workload.VM or days is None:
        return None
    kind = properties.get("policyType") or "V1"
    is_weekly = properties["schedulePolicy"].get("scheduleRunFrequency") == "Weekly"
    # A weekly standard policy bridges the week with its snapshots: five days, no others (1.4).
    if kind == "V1" and is_weekly:
        return None if days == WEEKLY_INSTANT_DAYS else INVALID_POLICY
    return None if days in INSTANT_DAYS[kind] else INVALID_POLICY


def _sql_parts(properties: JsonObject) -> dict[str, JsonObject]:
    if properties["backupManagementType"] != Workload.SQL_IN_VM:
        return {}
    return {part["policyType"]: part for part in properties["subProtectionPolicy"]}


def _sql_log_retention(properties: JsonObject, _today: date) -> tuple[str, str] | None:
    parts = _sql_parts(properties)
    if "Log" not in parts:
        return None
    log = days_of(parts["Log"]["retentionPolicy"]["retentionDuration"])
    if log not in LOG_DAYS:
        code = "UserErrorLogRetentionNotInValidRangeInPolicy"
        return code, "Log retention is not in the valid range of 7 to 35 days."
    if "Differential" in parts:
        differential = days_of(parts["Differential"]["retentionPolicy"]["retentionDuration"])
        if log > differential:
            code = "UserErrorLogRetentionMoreThanDiffRetentionInPolicy"
            return code, "Log retention is longer than differential retention."
    return None


def _sql_differential(properties: JsonObject, _today: date) -> tuple[str, str] | None:
    parts = _sql_parts(properties)
    if "Differential" not in parts:
        return None
    days = set(parts["Differential"]["schedulePolicy"]["scheduleRunDays"])
    full = parts["Full"]["schedulePolicy"]
    # A daily full backup leaves no day for a differential one.
    overlaps = full["scheduleRunFrequency"] == "Daily" or days & set(full["scheduleRunDays"])
    return INVALID_POLICY if len(days) != 1 or overlaps else None


RULES: tuple[Rule, ...] = (
    _known_type,
    _known_zone,
    _has_schedule,
    _proper_run_time,
    _retention_at_run_time,
    _weekly_days_agree,
    _daily_floor,
    _instant_restore_range,
    _sql_log_retention,
    _sql_differential,
)
"""In the order they are tried."""


def shortest_retention(properties: JsonObject) -> dict[str, int]:
    """Days kept per kind of retention, for telling whether a change keeps less."""
    # Part by part: a change keeps less if one part does, whatever the others gain.
    kept: dict[str, int] = {}
    for part in _parts(properties):
        retention = part.get("retentionPolicy") or {}
        prefix = part.get("policyType", "")
        for name, schedule in schedules_of(part):
            kept[f"{prefix}/{name}"] = days_of(schedule["retentionDuration"])
        if retention.get("retentionDuration"):
            kept[f"{prefix}/simple"] = days_of(retention["retentionDuration"])
    return kept
