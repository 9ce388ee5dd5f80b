"""Moments and spans as the services write them."""

from datetime import UTC, datetime, timedelta

import pytest

from local.azure.moments import (
    format_duration,
    format_moment,
    format_ticks,
    moment_of,
    parse_span,
    parse_ticks,
    ticks_of,
)


@pytest.mark.parametrize(
    "text",
    ["2017-03-28T10:03:17.9915356Z", "2017-03-23T12:18:17.174831Z", "2017-03-23T12:18:17Z"],
)
def test_ticks_come_out_with_the_digits_they_went_in_with(text):
    """A recorded moment survives being read and written, to the last digit."""
    assert text == format_ticks(parse_ticks(text))


def test_a_moment_without_z_is_refused():
    """The sentinel of a running upgrade is no moment."""
    with pytest.raises(ValueError, match="not a moment"):
        parse_ticks("9999-12-31T23:59:59.9999999")


def test_ticks_and_datetimes_agree():
    """A datetime survives the way through ticks."""
    moment = datetime(2026, 3, 10, 12, 0, 0, 123456, tzinfo=UTC)

    assert moment == moment_of(ticks_of(moment))
    assert format_moment(moment) == "2026-03-10T12:00:00.123456Z"


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("22m", timedelta(minutes=22)),
        ("1d12h", timedelta(hours=36)),
        ("90s", timedelta(seconds=90)),
    ],
)
def test_spans_are_read(text, span):
    """Estate files write spans in days, hours, minutes and seconds."""
    assert span == parse_span(text)


@pytest.mark.parametrize("text", ["", "soon", "12", "m22", "-5m"])
def test_other_spans_are_refused(text):
    """Anything else is a mistake, not zero."""
    with pytest.raises(ValueError, match="not a span"):
        parse_span(text)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=12.5), "PT12.5S"),
        (timedelta(minutes=41, seconds=11), "PT41M11S"),
        (timedelta(hours=1, seconds=3), "PT1H3S"),
        (timedelta(), "PT0S"),
    ],
)
def test_durations_have_the_recorded_form(span, text):
    """Jobs write their duration in ISO 8601 without empty parts."""
    assert text == format_duration(span)
