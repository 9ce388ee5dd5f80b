"""A preview says what a policy's times mean, today and when the clocks change."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from domain.previews import preview, preview_of
from domain.run_slots import run_slots
from domain.time_zones import zone_info
from tests.unit.domain.policy_documents import stamped, vm_policy, weekly_vm_policy
from tests.unit.domain.strategies import moments, run_times, zones

PACIFIC, INDIA = "Pacific Standard Time", "India Standard Time"
NOVEMBER = datetime(2026, 10, 30, 12, tzinfo=UTC)
"""Two days before the clocks go back in the United States."""


def test_a_run_is_told_in_local_time_and_utc() -> None:
    """22:00 in Los Angeles in summer is 05:00 UTC of the next day."""
    (run,) = preview(vm_policy("22:00"), PACIFIC, NOVEMBER).runs

    assert ("22:00", "05:00", datetime(2026, 10, 31, 5, tzinfo=UTC)) == (
        run.local_time,
        run.utc_time,
        run.next_run,
    )


def test_the_next_two_clock_changes_are_told_with_what_they_do() -> None:
    """The moment moves by an hour each time, if the service follows the clock."""
    (run,) = preview(vm_policy("22:00"), PACIFIC, NOVEMBER).runs

    assert [("05:00", "06:00"), ("06:00", "05:00")] == [
        (one.utc_before, one.utc_after) for one in run.clock_changes
    ]


def test_a_run_the_clock_jumps_over_is_told() -> None:
    """02:30 does not exist on the day the clocks go ahead."""
    text = preview(vm_policy("02:30"), PACIFIC, datetime(2027, 3, 1, tzinfo=UTC)).text

    assert "does not exist that day" in text


def test_a_zone_without_clock_changes_says_so() -> None:
    """No list of changes could also mean that nobody looked."""
    assert "clock does not change" in preview(vm_policy(), INDIA, NOVEMBER).text


def test_a_weekly_run_is_next_on_one_of_its_days() -> None:
    """On a Friday, the next Sunday run is two days off."""
    (run,) = preview(weekly_vm_policy("22:00"), "UTC", NOVEMBER).runs

    assert ("Sunday", True) == (f"{run.next_run:%A}", "Sunday" in run.slot)


@given(run_times, zones, moments)
def test_the_next_run_is_ahead_and_shows_the_local_time(at: Any, zone: str, now: datetime) -> None:
    """Whatever the zone: the clock there shows the policy's time at the moment that is told."""
    (run,) = preview(vm_policy(f"{at:%H:%M}"), zone, now).runs

    local = run.next_run.astimezone(zone_info(zone))
    assert (True, f"{at:%H:%M}") == (run.next_run > now, f"{local:%H:%M}")


@pytest.mark.parametrize("zone", [None, "", "Europe/Berlin"])
def test_a_policy_without_a_valid_zone_has_no_preview(zone: str | None) -> None:
    """Its times are of no known zone; nothing is guessed."""
    document = vm_policy()
    document["properties"]["timeZone"] = zone

    assert None is preview_of(document, NOVEMBER)


def test_a_policy_without_clock_times_is_told_as_such() -> None:
    """A policy of retention only never runs by the clock."""
    document = {"name": "P", "properties": {"retentionPolicy": {}}}

    assert "The policy has no clock times." == preview(document, "UTC", NOVEMBER).text


def _hourly(**members: Any) -> dict[str, Any]:
    schedule = {"interval": 4, "scheduleWindowStartTime": stamped("08:00"), **members}
    policy = {"scheduleRunFrequency": "Hourly", "hourlySchedule": schedule}
    return {"properties": {"schedulePolicy": policy}}


def test_an_hourly_window_has_a_slot_for_every_run() -> None:
    """Twelve hours from 8 o'clock, every four hours, the end included."""
    slots = run_slots(_hourly(scheduleWindowDuration=12))

    assert ["08:00", "12:00", "16:00", "20:00"] == [f"{one.at:%H:%M}" for one in slots]


@pytest.mark.parametrize("members", [{"interval": 0}, {"scheduleWindowStartTime": None}])
def test_an_hourly_window_that_makes_no_sense_has_no_slots(members: dict[str, Any]) -> None:
    """Nothing is made up, and nothing loops for ever."""
    assert () == run_slots(_hourly(scheduleWindowDuration=12, **members))


def test_the_second_form_of_schedules_is_read_one_level_deeper() -> None:
    """Enhanced policies keep days and times in an object of their own."""
    weekly = {"scheduleRunDays": ["Monday"], "scheduleRunTimes": [stamped("03:30")]}
    schedule = {"scheduleRunFrequency": "Weekly", "weeklySchedule": weekly}

    (slot,) = run_slots({"properties": {"schedulePolicy": schedule}})

    assert ("03:30", frozenset({"Monday"})) == (f"{slot.at:%H:%M}", slot.days)


def test_databases_have_slots_for_each_kind_of_backup() -> None:
    """Log backups run by interval and have no clock time."""
    times = {"scheduleRunFrequency": "Daily", "scheduleRunTimes": [stamped("01:00")]}
    parts = [
        {"policyType": "Full", "schedulePolicy": times},
        {"policyType": "Log", "schedulePolicy": {"scheduleFrequencyInMins": 60}},
    ]

    slots = run_slots({"properties": {"subProtectionPolicy": parts}})

    assert ["Full daily at 01:00"] == [str(one) for one in slots]
