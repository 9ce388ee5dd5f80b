"""When backups run."""

from datetime import UTC, datetime

import pytest

from local.azure import policy_documents
from local.azure.schedules import ZONES, runs, zone_id

MONDAY = datetime(2026, 3, 9, tzinfo=UTC)
WEDNESDAY = datetime(2026, 3, 11, tzinfo=UTC)


def times(properties, start=MONDAY, end=WEDNESDAY, local="UTC"):
    """Runs as short text."""
    return [moment.strftime("%d %H:%M") for moment in runs(properties, local, start, end)]


def test_a_daily_policy_runs_once_a_day():
    """Each day at the run time."""
    assert times(policy_documents.vm("22:30", 30, "UTC")) == ["09 22:30", "10 22:30"]


def test_run_times_are_wall_clock_times_of_the_zone():
    """22:30 in Tokyo is 13:30 UTC, whatever Z the schedule writes."""
    policy = policy_documents.vm("22:30", 30, "Tokyo Standard Time")

    assert times(policy) == ["09 13:30", "10 13:30"]


def test_a_policy_without_zone_runs_in_the_local_zone():
    """Absent is not UTC."""
    policy = policy_documents.vm("22:30", 30, None)

    assert times(policy, local="Tokyo Standard Time") == ["09 13:30", "10 13:30"]


def test_summer_time_moves_a_wall_clock_run():
    """The same wall-clock time is another moment after the change."""
    policy = policy_documents.vm("09:30", 30, "W. Europe Standard Time")
    start, end = datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC)

    assert times(policy, start, end) == ["28 08:30", "29 07:30"]


def test_a_weekly_policy_runs_on_its_days():
    """Other days stay empty."""
    policy = policy_documents.vm("05:00", 30, "UTC")
    policy["schedulePolicy"] |= {
        "scheduleRunFrequency": "Weekly",
        "scheduleRunDays": ["Tuesday"],
    }

    assert times(policy) == ["10 05:00"]


def test_an_enhanced_policy_keeps_its_times_one_level_deeper():
    """V2 schedules run all the same."""
    assert times(policy_documents.vm_enhanced("04:00", 30, "UTC")) == ["09 04:00", "10 04:00"]


def test_an_hourly_policy_runs_through_its_window():
    """From the start of the window, every interval, to its end."""
    hourly = {
        "interval": 4,
        "scheduleWindowStartTime": "2026-01-01T08:00:00Z",
        "scheduleWindowDuration": 12,
    }
    policy = policy_documents.vm_enhanced("04:00", 30, "UTC")
    policy["schedulePolicy"] = {
        "schedulePolicyType": "SimpleSchedulePolicyV2",
        "scheduleRunFrequency": "Hourly",
        "hourlySchedule": hourly,
    }
    end = datetime(2026, 3, 10, tzinfo=UTC)

    assert times(policy, end=end) == ["09 08:00", "09 12:00", "09 16:00", "09 20:00"]


def test_log_backups_are_no_runs():
    """A SQL policy runs its full backup; the log's interval is left out."""
    assert times(policy_documents.sql("18:00", 30, "UTC")) == ["09 18:00", "10 18:00"]


def test_a_policy_without_schedule_never_runs():
    """Azure SQL backs up by itself."""
    assert times(policy_documents.azure_sql("00:00", 30, None)) == []


def test_the_end_of_the_window_is_left_out():
    """A run at the end belongs to the next window."""
    policy = policy_documents.vm("00:00", 30, "UTC")

    assert times(policy) == ["09 00:00", "10 00:00"]


@pytest.mark.parametrize(
    ("build", "place"), [(policy_documents.vm, "timeZone"), (policy_documents.sql, "settings")]
)
def test_the_zone_is_found_where_the_type_keeps_it(build, place):
    """Most types keep it beside the schedule, SQL in its settings."""
    properties = build("01:00", 30, "Tokyo Standard Time")

    assert place in properties
    assert zone_id(properties) == "Tokyo Standard Time"
    assert zone_id(build("01:00", 30, None)) is None


@pytest.mark.parametrize(
    "build", [policy_documents.sql, policy_documents.mab, policy_documents.azure_sql]
)
def test_a_zone_in_the_wrong_place_means_nothing(build):
    """A client that writes it where the type has none must not see it work."""
    properties = build("01:00", 30, None) | {"timeZone": "Tokyo Standard Time"}

    assert zone_id(properties) is None


def test_zones_that_cldr_dropped_are_known():
    """Two ids live on in Azure only."""
    assert {"Mid-Atlantic Standard Time", "Kamchatka Standard Time"} <= ZONES.keys()
