"""When the clocks of a zone change next, and by how much."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.time_zones import zone_info

_HORIZON_DAYS = 2 * 366
"""How far ahead a clock change is looked for; a zone without one by then counts as having none."""


_SCAN_STEP = timedelta(days=5)
"""Shorter than the time between any two clock changes of a zone (the shortest is Ramadan's)."""


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One change of a zone's clocks."""

    at: datetime
    """The first moment with the new offset, UTC, to the second."""
    offset_before_min: int
    """Minutes east of UTC until then."""
    offset_after_min: int

    @property
    def shift_min(self) -> int:
        """Minutes the clock jumps ahead; negative when it is put back."""
        return self.offset_after_min - self.offset_before_min


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def _narrow(zone: ZoneInfo, low: datetime, high: datetime) -> Transition:
    before = _offset(zone, low)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return Transition(
        at=high,
        offset_before_min=int(before.total_seconds()) // 60,
        offset_after_min=int(_offset(zone, high).total_seconds()) // 60,
    )


def next_transitions(windows_id: str, after: datetime, count: int = 2) -> tuple[Transition, ...]:
    """The next clock changes of a zone after a moment, at most two years ahead.

    Args:
        windows_id: A canonical Windows id.
        after: An aware moment.
        count: How many to give; fewer come back where the zone has fewer.
    """
    zone = zone_info(windows_id)
    low = after.astimezone(UTC).replace(microsecond=0)
    end = low + timedelta(days=_HORIZON_DAYS)
    found: list[Transition] = []
    while low < end and len(found) < count:
        # zoneinfo tells the offset of a moment and never the next change, so that has to be
        # searched for.
        high = low + _SCAN_STEP
        if _offset(zone, low) == _offset(zone, high):
            low = high
        else:
            found.append(_narrow(zone, low, high))
            low = found[-1].at
    return tuple(found)
