"""The next changes of a zone's clocks are found to the second."""

from datetime import UTC, datetime, timedelta

from hypothesis import given

from domain.time_zones import (
    zone_info,
)
from domain.zone_clocks import next_transitions
from tests.unit.domain.strategies import moments, zones

AUTUMN = datetime(2026, 11, 22, tzinfo=UTC)


def test_the_next_two_clock_changes_are_found_to_the_second() -> None:
    """Pacific time springs ahead on 14 March 2027 and falls back on 7 November."""
    changes = next_transitions("Pacific Standard Time", AUTUMN)

    assert [
        (datetime(2027, 3, 14, 10, tzinfo=UTC), 60),
        (datetime(2027, 11, 7, 9, tzinfo=UTC), -60),
    ] == [(change.at, change.shift_min) for change in changes]


def test_two_changes_within_five_weeks_are_both_found() -> None:
    """Morocco's pause for Ramadan is short, and neither of its ends is missed."""
    first, second = next_transitions("Morocco Standard Time", AUTUMN)

    assert (-60, 60, True) == (
        first.shift_min,
        second.shift_min,
        second.at - first.at < timedelta(weeks=6),
    )


def test_a_zone_without_summer_time_has_no_changes() -> None:
    """Tokyo's clocks stay as they are."""
    assert () == next_transitions("Tokyo Standard Time", AUTUMN)


@given(zones, moments)
def test_a_change_is_the_very_second_the_offset_changes(zone: str, after: datetime) -> None:
    """One second before each change the old offset holds, from then on the new one."""
    info = zone_info(zone)
    for change in next_transitions(zone, after):
        just_before = change.at - timedelta(seconds=1)
        offsets = [just_before.astimezone(info).utcoffset(), change.at.astimezone(info).utcoffset()]

        assert [
            timedelta(minutes=change.offset_before_min),
            timedelta(minutes=change.offset_after_min),
        ] == offsets
