"""Moments as the services write them.

The classic API counts in .NET ticks of 100 ns, one digit finer than Python's datetime; upgrade
records therefore keep ticks, so that a recorded moment comes out with the digits it went in with
(vault-upgrade 2.3).
"""

import re
from datetime import UTC, datetime, timedelta

TICKS_PER_SECOND = 10_000_000
TICKS_PER_MICROSECOND = 10

END_NOT_REACHED = "9999-12-31T23:59:59.9999999"
"""What an upgrade record says for its end while it runs: no ``Z`` (vault-upgrade 2.3)."""
NEVER_BACKED_UP = "2001-01-01T00:00:00Z"
"""``lastBackupTime`` of an item without a backup (recovery-services 0)."""
OPERATION_NOT_ENDED = "0001-01-01T00:00:00"
"""``endTime`` of an operation that still runs: no ``Z`` (recovery-services 0)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT = re.compile(r"^(?P<seconds>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,7}))?Z$")
_SPAN = re.compile(r"^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$")


def ticks_of(moment: datetime) -> int:
    """Ticks of 100 ns since 1970 of an aware moment."""
    # In whole numbers: a float of this size would lose the last digits.
    return (moment - _EPOCH) // timedelta(microseconds=1) * TICKS_PER_MICROSECOND


def moment_of(ticks: int) -> datetime:
    """The aware moment of a tick count, to the microsecond."""
    return _EPOCH + timedelta(microseconds=ticks // TICKS_PER_MICROSECOND)


def parse_ticks(text: str) -> int:
    """The ticks of a moment written as the services write it.

    Raises:
        ValueError: The text is not of the form ``2017-03-28T10:03:17.9915356Z``.
    """
    found = _MOMENT.match(text)
    if found is None:
        raise ValueError(f"not a moment like 2017-03-28T10:03:17.9915356Z: {text!r}")
    # Python has no place for the seventh digit, so the fraction is kept apart.
    whole = datetime.fromisoformat(found["seconds"]).replace(tzinfo=UTC)
    return ticks_of(whole) + int((found["fraction"] or "").ljust(7, "0"))


def format_ticks(ticks: int) -> str:
    """A moment as the services write it: up to 7 fraction digits, trailing zeros dropped."""
    seconds, fraction = divmod(ticks, TICKS_PER_SECOND)
    head = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    digits = f"{fraction:07d}".rstrip("0")
    return f"{head}.{digits}Z" if digits else f"{head}Z"


def format_moment(moment: datetime) -> str:
    """An aware datetime as the services write it."""
    return format_ticks(ticks_of(moment))


def format_duration(span: timedelta) -> str:
    """A span as ARM writes it in jobs: ``PT1H21M9.5S`` (recovery-services 5)."""
    seconds = f"{span.total_seconds() % 60:.7f}".rstrip("0").rstrip(".")
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    parts = (f"{hours}H" if hours else "", f"{minutes}M" if minutes else "", f"{seconds}S")
    return "PT" + "".join(parts)


def parse_span(text: str) -> timedelta:
    """A span as estate files write it: ``22m``, ``6h``, ``1d12h``, ``90s``.

    Raises:
        ValueError: The text is not of that form.
    """
    found = _SPAN.match(text.strip())
    if found is None or not any(found.groups()):
        raise ValueError(f"not a span like 22m, 6h, 1d12h or 90s: {text!r}")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
