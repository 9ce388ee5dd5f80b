"""When a timer trigger is due: NCRONTAB expressions and plain intervals.

NCRONTAB is not cron. ``{second} {minute} {hour} {day} {month} {day-of-week}``, the second optional;
a day must satisfy *both* day fields; day-of-week is 0 (Sunday) to 6; a range may be written
backwards and means the same; names may be shortened to any prefix (``Mon``, ``Sept``). All times
are UTC, the zone a Functions host runs in unless told otherwise.
"""

import calendar
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from .time_spans import format_time_span, parse_time_span

_MONTHS = tuple(name for name in calendar.month_name if name)
_WEEK_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_WITH_SECONDS = 6
_SEARCH_YEARS = 28
"""After so many years the calendar repeats; a day that was not found by then does not exist."""


class Schedule(Protocol):
    """Says when next."""

    def next_after(self, moment: datetime) -> datetime:
        """The first due moment later than ``moment`` (aware, UTC)."""
        ...


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    names: Sequence[str] = ()

    def parse(self, text: str) -> frozenset[int]:
        """The values a field text stands for.

        Raises:
            ValueError: The text is not understood or a value is out of range.
        """
        return frozenset().union(*(self._parse_item(item) for item in text.split(",")))

    def _parse_item(self, item: str) -> range:
        body, slash, step_text = item.partition("/")
        if slash and not step_text.isdecimal():
            raise ValueError(f"{self.name}: '{item}' has no number after the slash")
        # NCrontab reads a step of 0 as 1; a range with step 0 would be an error.
        step = max(1, int(step_text or 1))
        if body == "*":
            return range(self.low, self.high + 1, step)
        first_text, dash, last_text = body.partition("-")
        first = self._value(first_text)
        if dash:
            last = self._value(last_text)
            # 5-3 is 3-5 to NCrontab, not a range over the end of the week.
            return range(min(first, last), max(first, last) + 1, step)
        # 5/10 starts at 5 and goes on to the end; 5 alone, and 5/1, are just 5.
        return range(first, (self.high if step > 1 else first) + 1, step)

    def _value(self, text: str) -> int:
        if text.isdecimal():
            value = int(text)
            if not self.low <= value <= self.high:
                raise ValueError(f"{self.name}: {value} is not between {self.low} and {self.high}")
            return value
        for index, name in enumerate(self.names):
            if text and name.lower().startswith(text.lower()):
                return self.low + index
        raise ValueError(f"{self.name}: '{text}' is not a value")


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _WEEK_DAYS),
)


class CronSchedule:
    """An NCRONTAB expression of five or six fields.

    Raises:
        ValueError: The expression is not understood, or no day ever satisfies it.
    """

    def __init__(self, expression: str) -> None:
        self.expression = expression
        texts = expression.split()
        # Five fields are accepted by the real host as well, and mean second 0.
        if len(texts) == _WITH_SECONDS - 1:
            texts.insert(0, "0")
        if len(texts) != _WITH_SECONDS:
            raise ValueError(f"'{expression}' has {len(texts)} fields instead of six")
        parsed = [field.parse(text) for field, text in zip(_FIELDS, texts, strict=True)]
        self._seconds, self._minutes, self._hours = (sorted(values) for values in parsed[:3])
        self._days, self._months, self._week_days = parsed[3:]
        # Found out now: 30 February would otherwise be looked for only when the timer waits.
        self._first_day(datetime(2000, 1, 1, tzinfo=UTC))

    def __str__(self) -> str:
        return f"Cron: '{self.expression}'"

    def next_after(self, moment: datetime) -> datetime:
        """The first due moment later than ``moment`` (aware, UTC)."""
        # Strictly later, and schedules have no fractions of seconds.
        earliest = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        day = self._first_day(earliest)
        if day.date() == earliest.date():
            found = self._time_from(earliest)
            if found is not None:
                return found
            day = self._first_day(_midnight(earliest) + timedelta(days=1))
        return day.replace(hour=self._hours[0], minute=self._minutes[0], second=self._seconds[0])

    def _first_day(self, moment: datetime) -> datetime:
        day = _midnight(moment)
        last_year = day.year + _SEARCH_YEARS
        while day.year <= last_year:
            # A month at a step, or a leap day would be searched for through ten thousand days.
            if day.month not in self._months:
                day = _next_month(day)
            # Both day fields must hold; cron would take either.
            elif day.day in self._days and day.isoweekday() % 7 in self._week_days:
                return day
            else:
                day += timedelta(days=1)
        raise ValueError(f"no day ever satisfies '{self.expression}'")

    def _time_from(self, earliest: datetime) -> datetime | None:
        """The first due moment of that day at or after ``earliest``."""
        # In ascending order because each field is sorted.
        times = itertools.product(self._hours, self._minutes, self._seconds)
        reached = (earliest.hour, earliest.minute, earliest.second)
        found = next((one for one in times if one >= reached), None)
        if found is None:
            return None
        return earliest.replace(hour=found[0], minute=found[1], second=found[2])


class IntervalSchedule:
    """A fixed interval, as ``00:05:00``."""

    def __init__(self, interval: timedelta) -> None:
        if interval <= timedelta():
            raise ValueError("an interval must be longer than nothing")
        self.interval = interval

    def __str__(self) -> str:
        return f"Constant: {format_time_span(self.interval)}"

    def next_after(self, moment: datetime) -> datetime:
        """One interval later."""
        return moment + self.interval


def parse_schedule(text: str) -> CronSchedule | IntervalSchedule:
    """The schedule a timer trigger's ``schedule`` says.

    Raises:
        ValueError: Neither NCRONTAB nor a time span.
    """
    # Only a cron expression has blanks, so the two notations cannot be mixed up.
    if re.search(r"\s", text.strip()):
        return CronSchedule(text.strip())
    return IntervalSchedule(parse_time_span(text))


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _next_month(day: datetime) -> datetime:
    if day.month == len(_MONTHS):
        return day.replace(year=day.year + 1, month=1, day=1)
    return day.replace(month=day.month + 1, day=1)
