"""How long policies keep recovery points, and the floors the service enforces.

Durations are compared in days, except that months and years are compared with each other in
months: twelve months are one year whatever their days (recovery-services 7).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from domain.codec import JsonObject
from domain.documents import Path, path_text, value_at
from domain.policies import parse_policy

# Round numbers, because the service does not publish its own. They count only where a schedule is
# kept in another unit than its floor (recovery-services 7).
_DAYS = {"days": 1, "weeks": 7, "months": 30, "years": 365}
_MONTHS = {"months": 1, "years": 12}

_RETENTIONS: tuple[Path, ...] = (
    ("properties", "retentionPolicy"),
    # File shares whose backups are copied into the vault keep a second one (recovery-services 1.2).
    ("properties", "vaultRetentionPolicy", "vaultRetention"),
)


@dataclass(frozen=True, kw_only=True)
class Duration:
    """A retention as the service writes it: ``{count, durationType}``."""

    count: int
    unit: str
    """Days, Weeks, Months or Years."""

    def is_at_least(self, other: "Duration") -> bool:
        """Whether this is as long as ``other`` or longer."""
        units = (
            _MONTHS if {self.unit.casefold(), other.unit.casefold()} <= _MONTHS.keys() else _DAYS
        )
        return (
            self.count * units[self.unit.casefold()] >= other.count * units[other.unit.casefold()]
        )

    def __str__(self) -> str:
        """How the duration is named to people."""
        return f"{self.count} {self.unit.lower()}"


MINIMUMS: dict[str, Duration] = {
    "dailySchedule": Duration(count=7, unit="Days"),
    "weeklySchedule": Duration(count=4, unit="Weeks"),
    "monthlySchedule": Duration(count=3, unit="Months"),
    "yearlySchedule": Duration(count=1, unit="Years"),
}
"""Least retention of hybrid backups under enhanced security (recovery-services 7)."""


@dataclass(frozen=True, kw_only=True)
class ScheduleRetention:
    """The retention of one schedule of a policy."""

    path: str
    schedule: str
    """dailySchedule, weeklySchedule, monthlySchedule or yearlySchedule."""
    duration: Duration | None
    """None where it is missing or in a unit not known here."""


def _duration(value: Any) -> Duration | None:
    if not isinstance(value, dict):
        return None
    count, unit = value.get("count"), value.get("durationType")
    if isinstance(count, int) and isinstance(unit, str) and unit.casefold() in _DAYS:
        return Duration(count=count, unit=unit)
    return None


def _places(document: JsonObject) -> Iterator[Path]:
    yield from _RETENTIONS
    # Databases keep a schedule and a retention for each kind of backup.
    parts = value_at(document, ("properties", "subProtectionPolicy"))
    for index in range(len(parts) if isinstance(parts, list) else 0):
        yield ("properties", "subProtectionPolicy", index, "retentionPolicy")


def retentions(document: JsonObject) -> tuple[ScheduleRetention, ...]:
    """The retention of every schedule the policy has; schedules it lacks are left out."""
    return tuple(
        ScheduleRetention(
            path=path_text((*place, schedule, "retentionDuration")),
            schedule=schedule,
            duration=_duration(value_at(document, (*place, schedule, "retentionDuration"))),
        )
        for place in _places(document)
        for schedule in MINIMUMS
        if isinstance(value_at(document, (*place, schedule)), dict)
    )


def shortfalls(document: JsonObject) -> tuple[ScheduleRetention, ...]:
    """The schedules kept for less than enhanced security asks; unknown durations are left out."""
    return tuple(
        one
        for one in retentions(document)
        if one.duration is not None and not one.duration.is_at_least(MINIMUMS[one.schedule])
    )


def legacy_retention_problem(document: JsonObject) -> str | None:
    """Why any change of an old VM policy will be refused, or None.

    Policies made before the floor of 7 days came keep their shorter daily retention only until
    they are changed; every write must raise it then (recovery-services 1.4).
    """
    if parse_policy(document).management_type.casefold() != "azureiaasvm":
        return None
    floor = MINIMUMS["dailySchedule"]
    for one in retentions(document):
        if one.schedule == "dailySchedule" and one.duration and not one.duration.is_at_least(floor):
            return (
                f"daily retention is {one.duration}; the service takes no change of this policy"
                f" that does not raise it to {floor} or more"
            )
    return None
