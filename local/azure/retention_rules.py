"""Whether a policy's retention is whole: each schedule says when, on which days, and how long.

Members by the published definition; what the service says of a half one is its catch-all refusal
(recovery-services 1.2, 1.3).
"""

from collections.abc import Iterator

from domain.codec import JsonObject

LONG_TERM = ("dailySchedule", "weeklySchedule", "monthlySchedule", "yearlySchedule")
UNITS = {"Days": 1, "Weeks": 7, "Months": 30, "Years": 365}
"""Days of each unit; months and years by their usual length."""

_DAY_LISTS = {
    "Weekly": ("retentionScheduleWeekly", ("daysOfTheWeek", "weeksOfTheMonth")),
    "Daily": ("retentionScheduleDaily", ("daysOfTheMonth",)),
}


def schedules_of(part: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """The schedules one part of a policy keeps by, with their names."""
    retention = part.get("retentionPolicy") or {}
    for name in LONG_TERM:
        if retention.get(name):
            yield name, retention[name]


def is_whole(part: JsonObject) -> bool:
    """Whether every schedule of a part is complete, and the one its backups need is there.

    Raises:
        KeyError: A member is missing; like the two below, taken for the same refusal.
        TypeError: A member is of the wrong kind.
        AttributeError: The same.
    """
    schedules = dict(schedules_of(part))
    if not schedules:
        return _is_duration(part["retentionPolicy"]["retentionDuration"])
    frequency = (part.get("schedulePolicy") or {}).get("scheduleRunFrequency")
    # A weekly backup leaves nothing to keep daily; a daily one has to be kept daily.
    if frequency == "Weekly" and (
        "weeklySchedule" not in schedules or "dailySchedule" in schedules
    ):
        return False
    if frequency == "Daily" and "dailySchedule" not in schedules:
        return False
    return all(_is_complete(name, schedule) for name, schedule in schedules.items())


def _is_complete(name: str, schedule: JsonObject) -> bool:
    if not _is_duration(schedule["retentionDuration"]):
        return False
    if name == "weeklySchedule":
        return bool(schedule["daysOfTheWeek"])
    if name == "dailySchedule":
        return True
    member, lists = _DAY_LISTS[schedule["retentionScheduleFormatType"]]
    has_days = all(schedule[member][one] for one in lists)
    return has_days and (name == "monthlySchedule" or bool(schedule["monthsOfYear"]))


def _is_duration(duration: JsonObject) -> bool:
    return int(duration["count"]) > 0 and duration["durationType"] in UNITS


def days_of(duration: JsonObject) -> int:
    """A retention duration in days."""
    return int(duration["count"]) * UNITS[duration["durationType"]]
