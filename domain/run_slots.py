"""When a policy runs, read from its document: days and local clock times, whatever its kind.

Schedules of the first and second form, of databases with several parts, and hourly windows
(recovery-services 1.2).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from typing import Any

from domain.codec import JsonObject
from domain.documents import value_at

_CLOCK = re.compile(r"T([01]\d|2[0-3]):([0-5]\d)")
_HOURS = 24


@dataclass(frozen=True, kw_only=True)
class RunSlot:
    """One time of day at which a policy starts backups."""

    part: str
    """Kind of backup, where the policy has several: Full, Differential; else empty."""
    at: time
    """Local wall-clock time in the policy's zone."""
    days: frozenset[str] | None
    """English names of the days; None: every day."""

    def __str__(self) -> str:
        """How the slot is named to people."""
        names = "daily" if self.days is None else ", ".join(sorted(self.days, key=_weekday))
        return " ".join(word for word in (self.part, names, f"at {self.at:%H:%M}") if word)


_WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _weekday(name: str) -> int:
    return _WEEK.index(name) if name in _WEEK else len(_WEEK)


def _clock(text: object) -> time | None:
    found = _CLOCK.search(text) if isinstance(text, str) else None
    return time(int(found[1]), int(found[2])) if found else None


def _hourly(schedule: JsonObject) -> Iterator[time]:
    first = _clock(schedule.get("scheduleWindowStartTime"))
    interval, length = schedule.get("interval"), schedule.get("scheduleWindowDuration")
    if first is None or not isinstance(interval, int) or interval < 1:
        return
    last = length if isinstance(length, int) else 0
    # Longer than a day would start the same hours over again.
    for hours in range(0, min(last, _HOURS - 1) + 1, interval):
        # A window may begin in the evening and go on after midnight.
        yield time((first.hour + hours) % _HOURS, first.minute)


def _times(frequency: str, schedule: JsonObject, inner: JsonObject) -> Iterator[time]:
    if frequency == "hourly":
        hourly = schedule.get("hourlySchedule")
        yield from _hourly(hourly if isinstance(hourly, dict) else {})
        return
    texts = inner.get("scheduleRunTimes")
    for text in texts if isinstance(texts, list) else ():
        clock = _clock(text)
        if clock is not None:
            yield clock


def _days(schedule: JsonObject) -> frozenset[str] | None:
    named = schedule.get("scheduleRunDays")
    return frozenset(map(str, named)) if isinstance(named, list) and named else None


def _slots(part: str, schedule: Any) -> Iterator[RunSlot]:
    if not isinstance(schedule, dict):
        return
    frequency = str(schedule.get("scheduleRunFrequency") or "").casefold()
    # Weekly, daily and hourly objects lie beside the frequency's own name.
    # The second form keeps days and times one level deeper.
    inner = schedule.get(f"{frequency}Schedule")
    inner = inner if isinstance(inner, dict) else schedule
    days = _days(inner) if frequency == "weekly" else None
    for at in _times(frequency, schedule, inner):
        yield RunSlot(part=part, at=at, days=days)


def run_slots(document: JsonObject) -> tuple[RunSlot, ...]:
    """Every slot of a policy, in the order of the document; none where it has no clock times."""
    # Databases keep one schedule for each kind of backup; log backups have an interval only.
    parts = value_at(document, ("properties", "subProtectionPolicy"))
    if not isinstance(parts, list):
        return tuple(_slots("", value_at(document, ("properties", "schedulePolicy"))))
    return tuple(
        slot
        for one in parts
        if isinstance(one, dict)
        for slot in _slots(str(one.get("policyType") or ""), one.get("schedulePolicy"))
    )
