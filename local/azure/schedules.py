"""When a policy's backups run.

Run times are wall-clock times in the policy's zone, written with a literal ``Z``
(recovery-services 1.3); where the policy names no zone they run in the zone of the place the
vault was set up in. Log backups are left out: they never appear as jobs of their own.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

from domain.codec import JsonObject
from local.azure.contents import Workload

_ALIASES = {"Mid-Atlantic Standard Time": "Etc/GMT+2", "Kamchatka Standard Time": "Asia/Kamchatka"}
"""Windows ids that CLDR dropped and Azure still knows (recovery-services 12)."""
# The table also has a few ids of CLDR 49 that Azure may not know yet (recovery-services 12).
ZONES: dict[str, str] = {**win_tz, **_ALIASES}
"""Every Windows zone id the service takes, and the IANA zone it means."""

_HOURS_PER_DAY = 24

type Slot = tuple[frozenset[str] | None, time]
"""Days of the week (None: every day) and the wall-clock time of a run."""


def zone_id(properties: JsonObject) -> str | None:
    """The Windows zone id a policy names, wherever its type keeps it (recovery-services 1.2)."""
    kind = properties.get("backupManagementType")
    # One that lies where the type has none is ignored: a client that wrote it there must notice.
    if kind in (Workload.MAB, Workload.AZURE_SQL):
        return None
    holder = properties.get("settings") or {} if kind == Workload.SQL_IN_VM else properties
    return holder.get("timeZone") or None


def runs(
    properties: JsonObject, local_zone: str, start: datetime, end: datetime
) -> Iterator[datetime]:
    """The moments from ``start`` up to ``end`` at which the policy starts a backup, in order."""
    zone = ZoneInfo(ZONES[zone_id(properties) or local_zone])
    slots = [slot for schedule in _schedules(properties) for slot in _slots(schedule)]
    # A wall-clock day may begin up to 14 hours away from the UTC day of the same date.
    day = (start - timedelta(days=1)).date()
    while day <= (end + timedelta(days=1)).date():
        for moment in sorted(_moments(slots, day, zone)):
            if start <= moment < end:
                yield moment
        day += timedelta(days=1)


def _moments(slots: list[Slot], day: date, zone: ZoneInfo) -> set[datetime]:
    return {
        # The wall clock counts on either side of a change to daylight saving; what the real service
        # does then is told in two ways (recovery-services 1.3).
        datetime.combine(day, at, zone).astimezone(UTC)
        for days, at in slots
        if days is None or day.strftime("%A") in days
    }


def _schedules(properties: JsonObject) -> list[JsonObject]:
    parts = properties.get("subProtectionPolicy") or [properties]
    found = [part.get("schedulePolicy") or {} for part in parts]
    return [one for one in found if one.get("schedulePolicyType", "").startswith("Simple")]


def _slots(schedule: JsonObject) -> list[Slot]:
    frequency = schedule.get("scheduleRunFrequency")
    if frequency == "Hourly":
        return _hourly_slots(schedule["hourlySchedule"])
    # Enhanced (V2) policies keep days and times one level deeper than standard ones.
    inner = schedule.get("weeklySchedule" if frequency == "Weekly" else "dailySchedule", schedule)
    days = frozenset(inner["scheduleRunDays"]) if frequency == "Weekly" else None
    return [(days, clock_time(text)) for text in inner.get("scheduleRunTimes", [])]


def _hourly_slots(hourly: JsonObject) -> list[Slot]:
    first = clock_time(hourly["scheduleWindowStartTime"])
    # A window of a whole day must not run its first hour twice.
    window = min(int(hourly["scheduleWindowDuration"]), _HOURS_PER_DAY - 1)
    hours = range(0, window + 1, hourly["interval"])
    times = {time((first.hour + hour) % _HOURS_PER_DAY, first.minute) for hour in hours}
    return [(None, at) for at in sorted(times)]


def clock_time(text: str) -> time:
    """The wall-clock time in a schedule's moment; its date and its ``Z`` mean nothing."""
    return datetime.fromisoformat(text).time()
