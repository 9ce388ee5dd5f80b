"""A schedule that does not say when, on which days or how long is refused as a whole."""

import copy

import pytest

from local.azure import policy_documents
from tests.unit.simulated_azure.test_policy_rules import INVALID, UTC, refusal

TIMES = ["2017-03-01T22:30:00Z"]
WEEKLY = {"daysOfTheWeek": ["Sunday"], "weeksOfTheMonth": ["First"]}
MONTHLY = {
    "retentionScheduleFormatType": "Weekly",
    "retentionScheduleWeekly": WEEKLY,
    "retentionTimes": TIMES,
    "retentionDuration": {"count": 3, "durationType": "Months"},
}
WHOLE = {
    "weeklySchedule": {
        "daysOfTheWeek": ["Sunday"],
        "retentionTimes": TIMES,
        "retentionDuration": {"count": 4, "durationType": "Weeks"},
    },
    "monthlySchedule": MONTHLY,
    "yearlySchedule": MONTHLY | {"monthsOfYear": ["January"]},
}


def keeping(schedules):
    """A daily VM policy that keeps by the given schedules, too."""
    policy = policy_documents.vm("22:30", 30, UTC)
    policy["retentionPolicy"] |= copy.deepcopy(schedules)
    return policy


def test_whole_schedules_are_taken():
    """By days of the week, and by days of the month."""
    by_days = MONTHLY | {
        "retentionScheduleFormatType": "Daily",
        "retentionScheduleDaily": {"daysOfTheMonth": [{"date": 1, "isLast": False}]},
    }

    assert refusal(keeping(WHOLE)) is None
    assert refusal(keeping({"monthlySchedule": by_days})) is None


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("missing", ["retentionDuration", "retentionTimes"])
def test_every_schedule_says_when_and_how_long(name, missing):
    """What every schedule has to have."""
    half = {key: value for key, value in WHOLE[name].items() if key != missing}

    assert refusal(keeping({name: half})) == INVALID


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("weeklySchedule", {"daysOfTheWeek": []}),
        ("monthlySchedule", {"retentionScheduleFormatType": "Hourly"}),
        ("monthlySchedule", {"retentionScheduleFormatType": "Daily"}),
        ("monthlySchedule", {"retentionScheduleWeekly": WEEKLY | {"weeksOfTheMonth": []}}),
        ("yearlySchedule", {"monthsOfYear": []}),
        ("yearlySchedule", {"retentionDuration": {"count": 0, "durationType": "Years"}}),
        ("yearlySchedule", {"retentionDuration": {"count": 1, "durationType": "Decades"}}),
    ],
)
def test_every_schedule_says_which_days(name, changes):
    """Weekly by days; monthly and yearly by weeks or dates; yearly by months."""
    assert refusal(keeping({name: WHOLE[name] | changes})) == INVALID


def test_a_daily_backup_has_to_be_kept_daily():
    """Weekly retention alone would drop six of seven."""
    policy = keeping(WHOLE)
    del policy["retentionPolicy"]["dailySchedule"]

    assert refusal(policy) == INVALID


def test_a_weekly_backup_has_nothing_to_keep_daily():
    """And has to be kept weekly."""
    policy = keeping({"weeklySchedule": WHOLE["weeklySchedule"]})
    policy["schedulePolicy"] |= {"scheduleRunFrequency": "Weekly", "scheduleRunDays": ["Sunday"]}
    policy["instantRpRetentionRangeInDays"] = 5

    assert refusal(policy) == INVALID
    del policy["retentionPolicy"]["dailySchedule"]
    assert refusal(policy) is None
