"""When a campaign may start vaults: hours on a wall clock, in the zone the operator names.

Hours are clock times, so they follow the zone's summer time (DESIGN rule 6). Only starts are bound
to them: an upgrade that is running when the hours end is followed to its end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from domain.time_zones import zone_info


class Day(StrEnum):
    """Days as they are written in a request, in the order of ``date.weekday``."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


_WEEK = tuple(Day)

_SEARCH_DAYS = 8
"""A weekly pattern repeats within seven days; one more for hours that began the day before."""


@dataclass(frozen=True, kw_only=True)
class Hours:
    """Hours of some days of the week."""

    days: tuple[Day, ...]
    """The days on which the hours begin."""
    start: time
    end: time
    """Not after ``start``: on the next day. The same: a whole day."""


@dataclass(frozen=True, kw_only=True)
class MaintenanceWindow:
    """All hours of a week in which vaults may be started."""

    time_zone: str
    """Canonical Windows id."""
    hours: tuple[Hours, ...]


def is_open(window: MaintenanceWindow, at: datetime) -> bool:
    """Whether vaults may be started at a moment."""
    return any(opens <= at < closes for opens, closes in _spans(window, at))


def next_opening(window: MaintenanceWindow, at: datetime) -> datetime:
    """The first moment from ``at`` on at which vaults may be started: ``at`` itself while open.

    Raises:
        ValueError: The window has no hours, so it never opens.
    """
    if is_open(window, at):
        return at
    openings = [opens for opens, _ in _spans(window, at) if opens > at]
    if not openings:
        raise ValueError("the maintenance window has no hours")
    return min(openings)


def _spans(window: MaintenanceWindow, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Openings and closings around a moment, UTC: from the day before it to a week after."""
    today = at.astimezone(zone_info(window.time_zone)).date()
    # From yesterday on: hours that began before midnight may still be running.
    for offset in range(-1, _SEARCH_DAYS + 1):
        day = today + timedelta(days=offset)
        for hours in window.hours:
            if _WEEK[day.weekday()] in hours.days:
                last_day = day if hours.end > hours.start else day + timedelta(days=1)
                yield (
                    _moment(window.time_zone, day, hours.start, fold=0),
                    # An hour that comes twice in autumn belongs to the window both times.
                    _moment(window.time_zone, last_day, hours.end, fold=1),
                )


def _moment(time_zone: str, day: date, clock: time, *, fold: int) -> datetime:
    """The moment a clock shows a time; one that spring leaves out counts as after the jump."""
    zone = zone_info(time_zone)
    local = datetime.combine(day, clock, tzinfo=zone)
    moment = local.replace(fold=fold).astimezone(UTC)
    # A skipped time comes back as another one, and with fold=1 as one before the jump.
    is_skipped = moment.astimezone(zone).time() != clock
    return local.astimezone(UTC) if is_skipped else moment
