"""What a change of the clocks does to a run at a fixed local time."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given

from domain.clock_changes import RunEffect, effect_of, next_run, run_at_transitions
from domain.time_zones import zone_info
from domain.zone_clocks import Transition, next_transitions
from tests.unit.domain.strategies import clock_times, moments, zones

AUTUMN = datetime(2026, 11, 22, tzinfo=UTC)
BERLIN = "W. Europe Standard Time"


@pytest.mark.parametrize(
    ("clock", "in_spring", "in_autumn"),
    [
        (time(1, 59), RunEffect.MOVES, RunEffect.MOVES),
        (time(2, 0), RunEffect.SKIPPED, RunEffect.REPEATED),
        (time(2, 30), RunEffect.SKIPPED, RunEffect.REPEATED),
        (time(3, 0), RunEffect.MOVES, RunEffect.MOVES),
    ],
)
def test_a_run_inside_the_change_is_skipped_or_repeated(
    clock: time, in_spring: RunEffect, in_autumn: RunEffect
) -> None:
    """Only local times between 02:00 and 03:00 are lost in March and doubled in October."""
    spring, autumn = run_at_transitions(BERLIN, clock, AUTUMN)

    assert (in_spring, in_autumn) == (spring.effect, autumn.effect)


def test_both_readings_of_the_service_are_given() -> None:
    """A 22:00 run moves to 20:00 UTC if it follows the clock, to 23:00 local if it does not."""
    spring, _ = run_at_transitions(BERLIN, time(22), AUTUMN)

    assert ("21:00", "20:00", "23:00") == (
        spring.utc_before,
        spring.utc_after,
        spring.local_if_moment_kept,
    )


def test_a_change_at_midnight_skips_the_first_half_hour() -> None:
    """Where the clock jumps from 24:00 to 01:00 (Cairo), a run at 00:30 is lost that day."""
    spring = next_transitions("Egypt Standard Time", AUTUMN)[0]

    assert RunEffect.SKIPPED == effect_of(spring, time(0, 30))


def test_a_change_back_at_midnight_repeats_the_last_half_hour() -> None:
    """Where the clock falls back from 24:00 to 23:00 (Cairo), a run at 23:30 comes twice."""
    autumn = next_transitions("Egypt Standard Time", AUTUMN)[1]

    assert RunEffect.REPEATED == effect_of(autumn, time(23, 30))


def test_a_jump_over_midnight_skips_the_first_minutes_of_the_new_day() -> None:
    """From 23:30 to 00:30: a run at 00:15 is lost as well as one at 23:45."""
    jump = Transition(
        at=datetime(2027, 3, 28, 23, 30, tzinfo=UTC), offset_before_min=0, offset_after_min=60
    )

    assert [RunEffect.SKIPPED, RunEffect.SKIPPED, RunEffect.MOVES] == [
        effect_of(jump, clock) for clock in (time(23, 45), time(0, 15), time(0, 30))
    ]


def test_the_next_run_is_later_today_when_its_time_is_still_to_come() -> None:
    """20:00 in Berlin, asked at noon UTC in winter, is 19:00 UTC of the same day."""
    assert datetime(2026, 11, 22, 19, tzinfo=UTC) == next_run(
        BERLIN, time(20), datetime(2026, 11, 22, 12, tzinfo=UTC)
    )


def test_the_next_run_is_tomorrow_when_its_time_has_just_come() -> None:
    """The very moment of a run is not the next one."""
    assert datetime(2026, 11, 23, 19, tzinfo=UTC) == next_run(
        BERLIN, time(20), datetime(2026, 11, 22, 19, tzinfo=UTC)
    )


def test_a_time_that_does_not_exist_is_passed_by() -> None:
    """02:30 on the day of the jump does not come; the day after does."""
    assert datetime(2027, 3, 29, 0, 30, tzinfo=UTC) == next_run(
        BERLIN, time(2, 30), datetime(2027, 3, 27, 20, tzinfo=UTC)
    )


@given(zones, clock_times, moments)
def test_the_next_run_shows_its_time_on_the_local_clock(
    zone: str, clock: time, after: datetime
) -> None:
    """Whatever the zone, the next run is later than now, within two days, at the local time."""
    moment = next_run(zone, clock, after)

    assert (clock, True) == (
        moment.astimezone(zone_info(zone)).time(),
        timedelta(0) < moment - after <= timedelta(days=2, hours=2),
    )
