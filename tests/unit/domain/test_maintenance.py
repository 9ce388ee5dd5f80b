"""Hours in which vaults may be started, on the clock of a zone."""

from datetime import UTC, datetime, time

import pytest

from domain.maintenance import Day, Hours, MaintenanceWindow, is_open, next_opening

BERLIN = "W. Europe Standard Time"
WEEKDAYS = tuple(Day)[:5]


def window(start: str, end: str, *days: Day, zone: str = BERLIN) -> MaintenanceWindow:
    """A window with one stretch of hours."""
    hours = Hours(
        days=days or tuple(Day), start=time.fromisoformat(start), end=time.fromisoformat(end)
    )
    return MaintenanceWindow(time_zone=zone, hours=(hours,))


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23T20:59:59", False),
        ("2026-11-23T21:00:00", True),
        ("2026-11-24T02:59:59", True),
        ("2026-11-24T03:00:00", False),
    ],
)
def test_hours_over_midnight_include_their_start_and_not_their_end(
    moment: str, expected: object
) -> None:
    """22:00 to 04:00 in Berlin is 21:00 to 03:00 UTC in winter."""
    assert expected is is_open(window("22:00", "04:00"), at(moment))


def test_hours_follow_summer_time() -> None:
    """The same clock time is an hour earlier in UTC in summer."""
    nights = window("22:00", "04:00")

    assert at("2026-07-01T20:00") == next_opening(nights, at("2026-07-01T12:00"))
    assert at("2026-12-01T21:00") == next_opening(nights, at("2026-12-01T12:00"))


def test_the_day_is_that_of_the_start() -> None:
    """Friday's hours go on into Saturday; Saturday has none of its own."""
    nights = window("22:00", "04:00", *WEEKDAYS)

    assert is_open(nights, at("2026-11-28T02:30"))
    assert not is_open(nights, at("2026-11-28T22:30"))


def test_the_next_opening_may_be_days_away() -> None:
    """From Saturday noon the next weekday's night is Monday's."""
    nights = window("22:00", "04:00", *WEEKDAYS)

    assert at("2026-11-30T21:00") == next_opening(nights, at("2026-11-28T12:00"))


def test_an_open_window_opens_now() -> None:
    """Nobody waits while the hours last."""
    assert at("2026-11-23T23:00") == next_opening(window("22:00", "04:00"), at("2026-11-23T23:00"))


def test_equal_times_mean_a_whole_day() -> None:
    """From midnight to midnight is a day, not nothing."""
    sundays = window("00:00", "00:00", Day.SUNDAY, zone="UTC")

    assert is_open(sundays, at("2026-11-29T23:59"))
    assert not is_open(sundays, at("2026-11-30T00:00"))


def test_an_hour_that_comes_twice_belongs_to_the_window_both_times() -> None:
    """On 25 October 2026 Berlin's clocks show 02:30 twice; hours until 02:45 last for both."""
    early = window("01:00", "02:45")

    assert is_open(early, at("2026-10-25T00:30"))
    assert is_open(early, at("2026-10-25T01:40"))
    assert not is_open(early, at("2026-10-25T01:45"))


def test_a_start_that_spring_leaves_out_is_after_the_jump() -> None:
    """On 29 March 2026 there is no 02:30 in Berlin: the hours begin at 03:30 by the clock."""
    assert at("2026-03-29T01:30") == next_opening(window("02:30", "05:00"), at("2026-03-29T00:00"))


def test_an_end_that_spring_leaves_out_is_after_the_jump() -> None:
    """Hours until 02:30 end at 03:30 by the clock that day, so they never shrink to nothing."""
    nights = window("01:45", "02:30")

    assert is_open(nights, at("2026-03-29T01:15"))
    assert not is_open(nights, at("2026-03-29T01:30"))


def test_the_first_of_several_hours_opens_next() -> None:
    """Hours are looked at together, whatever their order."""
    lunch = Hours(days=tuple(Day), start=time(12), end=time(13))
    night = Hours(days=tuple(Day), start=time(22), end=time(23))
    both = MaintenanceWindow(time_zone="UTC", hours=(night, lunch))

    assert at("2026-11-23T12:00") == next_opening(both, at("2026-11-23T08:00"))


def test_a_window_without_hours_is_refused() -> None:
    """It would never open, and a campaign would wait for ever."""
    with pytest.raises(ValueError, match="no hours"):
        next_opening(MaintenanceWindow(time_zone="UTC", hours=()), at("2026-11-23T08:00"))
