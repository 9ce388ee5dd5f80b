"""The body of ``POST /api/campaigns`` from what was typed."""

import re
from typing import Any

from domain.codec import JsonObject
from domain.errors import InvalidInputError, Problem

_HOURS = re.compile(
    r"(?:(?P<days>[a-z]{3}(?:[,-][a-z]{3})*)\s+)?(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d)",
    re.IGNORECASE,
)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def parse_hours(text: str) -> JsonObject:
    """Hours such as ``mon-fri 22:00-04:00`` or ``sat,sun 08:00-20:00``; no days: every day.

    Raises:
        InvalidInputError: The text is none of that.
    """
    found = _HOURS.fullmatch(text.strip())
    days = _days(found["days"].lower()) if found and found["days"] else list(_DAYS)
    if found is None or not days:
        message = f"{text!r} is not of the form mon-fri 22:00-04:00"
        raise InvalidInputError([Problem(where="command line", field="--hours", message=message)])
    return {"days": days, "start": found["start"], "end": found["end"]}


def _days(text: str) -> list[str]:
    """The days of ``mon-fri,sun``; empty where a word is no day."""
    days: list[str] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not {first, last or first} <= set(_DAYS):
            return []
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        # Over the weekend: fri-mon.
        length = (end - start) % len(_DAYS) + 1
        days += [_DAYS[(start + step) % len(_DAYS)] for step in range(length)]
    return list(dict.fromkeys(days))


def threshold(max_failures: int | None, max_failures_percent: float | None) -> JsonObject | None:
    """The error threshold; the app refuses both at once."""
    given: dict[str, Any] = {"count": max_failures, "percent": max_failures_percent}
    return {name: value for name, value in given.items() if value is not None} or None


def maintenance(hours: list[str] | None, zone: str | None) -> JsonObject | None:
    """The maintenance window; hours without a zone are those of UTC.

    Raises:
        InvalidInputError: Hours that cannot be read, or a zone without hours.
    """
    if not hours:
        if zone is not None:
            message = "says in which zone --hours are; give those too"
            raise InvalidInputError(
                [Problem(where="command line", field="--hours-zone", message=message)]
            )
        return None
    return {"timeZone": zone or "UTC", "hours": [parse_hours(one) for one in hours]}


def without_nothing(body: JsonObject) -> JsonObject:
    """The body without what was not given, so that the app's defaults hold."""
    return {name: value for name, value in body.items() if value is not None}
