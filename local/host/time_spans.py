"""The TimeSpan notation of host.json: ``[d.]hh:mm[:ss[.fffffff]]``."""

import re
from datetime import timedelta

_TIME_SPAN = re.compile(
    r"(?:(?P<days>\d+)\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{1,2})"
    r"(?::(?P<seconds>\d{1,2}(?:\.\d{1,7})?))?"
)
_LAST_HOUR = 23
_LAST_MINUTE = 59


def parse_time_span(text: str) -> timedelta:
    """The span that ``text`` says; ``-1`` (no limit) and the like are the caller's to handle.

    Raises:
        ValueError: Not a time span, or an hour above 23, a minute or second above 59.
    """
    # The subset that host.json uses; .NET's "10" for ten days is too easily misread as seconds.
    match = _TIME_SPAN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a time span such as 00:05:00 or 1.02:00:00")
    hours, minutes = int(match["hours"]), int(match["minutes"])
    seconds = float(match["seconds"] or 0)
    # As in .NET: 24:00:00 is refused rather than read as a day, since there it means 24 days.
    if hours > _LAST_HOUR or minutes > _LAST_MINUTE or seconds >= _LAST_MINUTE + 1:
        raise ValueError(f"{text!r} has an hour above 23, or a minute or second above 59")
    return timedelta(days=int(match["days"] or 0), hours=hours, minutes=minutes, seconds=seconds)


def format_time_span(span: timedelta) -> str:
    """The shortest notation that ``parse_time_span`` reads back, whole seconds."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    clock = f"{hours:02}:{minutes:02}:{seconds:02}"
    # .NET writes days before a dot, and not at all when there are none.
    return f"{days}.{clock}" if days else clock
