"""Virtual time is a pure function of the wall clock."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.clock import ScaledClock


def test_at_the_origin_both_times_agree() -> None:
    """A fast clock shows the real time at its origin."""
    clock = ScaledClock(900, 1_000_000, real_time=lambda: 1_000_000)

    assert datetime.fromtimestamp(1_000_000, UTC) == clock.now()


def test_time_runs_faster_by_the_rate() -> None:
    """Forty-eight real seconds at a rate of 900 are twelve hours."""
    clock = ScaledClock(900, 1_000_000, real_time=lambda: 1_000_048)

    assert timedelta(hours=12) == clock.now() - datetime.fromtimestamp(1_000_000, UTC)


def test_clocks_with_the_same_settings_agree() -> None:
    """Two processes show the same time whenever they were started."""
    first = ScaledClock(600, 1_000_000, real_time=lambda: 1_000_123.5)
    second = ScaledClock(600, 1_000_000, real_time=lambda: 1_000_123.5)

    assert first.now() == second.now()


def test_the_default_is_the_wall_clock() -> None:
    """Without settings virtual and real time are the same."""
    clock = ScaledClock(real_time=lambda: 1_234_567.0)

    assert datetime.fromtimestamp(1_234_567, UTC) == clock.now()


def test_a_virtual_span_takes_less_real_time() -> None:
    """Fifteen virtual minutes at a rate of 900 take a real second."""
    assert 1.0 == ScaledClock(900, 0).to_real_s(timedelta(minutes=15))


def test_a_moment_that_has_passed_needs_no_wait() -> None:
    """Nobody waits for the past."""
    clock = ScaledClock(10, 1000, real_time=lambda: 1000)

    assert 0.0 == clock.real_s_until(datetime.fromtimestamp(900, UTC))


def test_a_moment_to_come_is_waited_for_in_real_seconds() -> None:
    """A virtual minute ahead is six real seconds at a rate of ten."""
    clock = ScaledClock(10, 1000, real_time=lambda: 1000)

    assert 6.0 == clock.real_s_until(datetime.fromtimestamp(1060, UTC))


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_clock_that_stands_or_goes_back_is_refused(rate: float) -> None:
    """Only rates above 0 make a clock."""
    with pytest.raises(ValueError, match="more than 0"):
        ScaledClock(rate)
