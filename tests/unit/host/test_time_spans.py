"""The TimeSpan notation of host.json."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.host.time_spans import format_time_span, parse_time_span


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:05:00", 300),
        ("00:00:00.5", 0.5),
        ("1.02:00:00", 93_600),
        ("00:30", 1800),
        (" 23:59:59 ", 86_399),
    ],
)
def test_spans_are_read(text: str, seconds: float):
    """Days, hours, minutes, seconds and fractions."""
    assert parse_time_span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["24:00:00", "00:60:00", "00:00:60", "5", "", "-00:05:00", "5m"])
def test_what_is_no_span_is_refused(text: str):
    """Values .NET would read otherwise, or not at all."""
    with pytest.raises(ValueError, match=r"."):
        parse_time_span(text)


@given(st.integers(0, 10_000_000))
def test_a_written_span_reads_back(seconds: int):
    """Writing and reading whole seconds gives the same span."""
    span = timedelta(seconds=seconds)

    assert parse_time_span(format_time_span(span)) == span
