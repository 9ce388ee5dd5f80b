"""Times as the services write them, with their several ways of saying "never"."""

from datetime import UTC, datetime

NEVER_BACKED_UP = datetime(2001, 1, 1, tzinfo=UTC)
"""``lastBackupTime`` of an item without a backup (recovery-services 0)."""


def as_utc(moment: datetime) -> datetime:
    """The moment in UTC; one without a zone is UTC already, as all our sources mean it."""
    # Never astimezone alone: it would take such a moment for one of this machine's zone.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_moment(value: object) -> datetime | None:
    """The moment, UTC, or None where the service gave none or one of its sentinels.

    Year 1 and year 9999 stand for "not ended", 2001-01-01 for "never" (recovery-services 0). A
    time without an offset is UTC; the seventh digit of a fraction is dropped.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    # The sentinels first: years 1 and 9999 overflow when they are moved to another offset.
    if moment.year in {1, 9999}:
        return None
    aware = as_utc(moment)
    return None if aware == NEVER_BACKED_UP else aware


def read_moment(value: object) -> datetime:
    """The UTC moment that an ISO 8601 text names.

    Raises:
        ValueError: It names none, or one without its offset, which could be anywhere.
    """
    try:
        # RFC 3339 also writes t and z, which Python does not read.
        moment = datetime.fromisoformat(value.upper()) if isinstance(value, str) else None
        if moment is not None and moment.utcoffset() is not None:
            return moment.astimezone(UTC)
    # Moved to UTC, a moment may leave the years there are.
    except (ValueError, OverflowError):
        pass
    raise ValueError("must be an ISO 8601 time with its offset")
