"""What is refused in a policy, rule by rule."""

from datetime import date

import pytest

from local.azure import policy_documents
from local.azure.exchange import ServiceRefusal
from local.azure.policy_rules import demand_valid, shortest_retention

TODAY = date(2026, 3, 10)
INVALID = "BMSUserErrorInvalidPolicyInput"
UTC = "UTC"


def refusal(properties):
    """Code the document is refused with, or None."""
    try:
        demand_valid(properties, TODAY)
    except ServiceRefusal as refused:
        return refused.code
    return None


def weekly(days, kept):
    """A weekly VM policy."""
    policy = policy_documents.vm("22:30", 30, UTC)
    policy["instantRpRetentionRangeInDays"] = 5
    policy["schedulePolicy"] |= {"scheduleRunFrequency": "Weekly", "scheduleRunDays": days}
    policy["retentionPolicy"] = {
        "retentionPolicyType": "LongTermRetentionPolicy",
        "weeklySchedule": {
            "daysOfTheWeek": kept,
            "retentionTimes": ["2017-03-01T22:30:00Z"],
            "retentionDuration": {"count": 4, "durationType": "Weeks"},
        },
    }
    return policy


def sql_with(full_frequency, differential_days, log_days, differential_keep=30):
    """A SQL policy with a differential."""
    policy = policy_documents.sql("18:00", 30, UTC)
    full, log = policy["subProtectionPolicy"]
    if full_frequency == "Weekly":
        full["schedulePolicy"] |= {
            "scheduleRunFrequency": "Weekly",
            "scheduleRunDays": ["Sunday"],
        }
        full["retentionPolicy"] = {
            "retentionPolicyType": "LongTermRetentionPolicy",
            "weeklySchedule": {
                "daysOfTheWeek": ["Sunday"],
                "retentionTimes": ["2017-03-01T18:00:00Z"],
                "retentionDuration": {"count": 4, "durationType": "Weeks"},
            },
        }
    log["retentionPolicy"]["retentionDuration"]["count"] = log_days
    differential = {
        "policyType": "Differential",
        "schedulePolicy": {
            "schedulePolicyType": "SimpleSchedulePolicy",
            "scheduleRunFrequency": "Weekly",
            "scheduleRunDays": differential_days,
            "scheduleRunTimes": ["2017-03-01T02:00:00Z"],
        },
        "retentionPolicy": {
            "retentionPolicyType": "SimpleRetentionPolicy",
            "retentionDuration": {"count": differential_keep, "durationType": "Days"},
        },
    }
    policy["subProtectionPolicy"].insert(1, differential)
    return policy


@pytest.mark.parametrize("name", policy_documents.BUILDERS)
def test_every_built_policy_is_valid(name):
    """What the builders make would be taken."""
    zone = None if name in policy_documents.ZONELESS else "W. Europe Standard Time"

    assert refusal(policy_documents.BUILDERS[name]("22:30", 30, zone)) is None


@pytest.mark.parametrize("zone", ["Europe/Berlin", "utc", "Coordinated Universal Time", "Mars"])
def test_only_windows_zone_ids_are_taken(zone):
    """IANA ids, display names and other spellings are unknown."""
    assert refusal(policy_documents.vm("22:30", 30, zone)) == INVALID
    assert refusal(policy_documents.sql("22:30", 30, zone)) == INVALID


def test_file_shares_have_a_code_of_their_own_for_zones():
    """With the service's literal NO_PARAM."""
    code = refusal(policy_documents.file_share("22:30", 30, "Mars"))

    assert code == "UserErrorInvalidRequestParameter"


@pytest.mark.parametrize("run_time", ["22:15", "22:01", "22:59"])
def test_run_times_lie_on_the_half_hour(run_time):
    """Minutes are 00 or 30."""
    assert refusal(policy_documents.vm(run_time, 30, UTC)) == INVALID


def test_seconds_are_refused():
    """A run time has none."""
    policy = policy_documents.vm("22:30", 30, UTC)
    policy["schedulePolicy"]["scheduleRunTimes"] = ["2017-03-01T22:30:05Z"]

    assert refusal(policy) == INVALID


def test_there_is_one_run_time():
    """A second one is refused."""
    policy = policy_documents.vm("22:30", 30, UTC)
    policy["schedulePolicy"]["scheduleRunTimes"].append("2017-03-01T10:30:00Z")

    assert refusal(policy) == INVALID


def test_agents_may_run_three_times_a_day():
    """And no more."""
    policy = policy_documents.mab("03:00", 30, None)
    times = policy["schedulePolicy"]["scheduleRunTimes"]
    times += ["2017-03-01T11:00:00Z", "2017-03-01T19:00:00Z"]

    assert refusal(policy) is None

    times.append("2017-03-01T23:00:00Z")

    assert refusal(policy) == INVALID


def test_retention_times_equal_the_run_time():
    """One moved without the other is refused."""
    policy = policy_documents.vm("22:30", 30, UTC)
    policy["schedulePolicy"]["scheduleRunTimes"] = ["2017-03-01T21:30:00Z"]

    assert refusal(policy) == INVALID


def test_retention_times_do_not_lie_in_the_future():
    """Their date means nothing, but a later one is refused."""
    policy = policy_documents.vm("22:30", 30, UTC)
    policy["retentionPolicy"]["dailySchedule"]["retentionTimes"] = ["2026-03-11T22:30:00Z"]

    assert refusal(policy) == INVALID


@pytest.mark.parametrize(
    ("days", "kept", "expected"),
    [
        (["Monday"], ["Monday"], None),
        (["Monday", "Friday"], ["Friday", "Monday"], None),
        (["Monday"], ["Tuesday"], INVALID),
        ([], [], INVALID),
    ],
)
def test_weekly_days_agree(days, kept, expected):
    """Run days and kept days are the same set."""
    assert refusal(weekly(days, kept)) == expected


@pytest.mark.parametrize(("days", "expected"), [(7, None), (6, INVALID), (1, INVALID)])
def test_daily_retention_has_a_floor(days, expected):
    """Older policies below it cannot be modified as they are."""
    assert refusal(policy_documents.vm("22:30", days, UTC)) == expected
    assert refusal(policy_documents.sql("22:30", days, UTC)) == expected


def test_file_shares_have_no_floor():
    """One day is enough for them."""
    assert refusal(policy_documents.file_share("22:30", 1, UTC)) is None


@pytest.mark.parametrize(
    ("build", "days", "expected"),
    [
        (policy_documents.vm, 5, None),
        (policy_documents.vm, 6, INVALID),
        (policy_documents.vm, 0, INVALID),
        (policy_documents.vm_enhanced, 30, None),
        (policy_documents.vm_enhanced, 31, INVALID),
    ],
)
def test_instant_restore_has_a_range(build, days, expected):
    """Up to 5 days for standard policies, 30 for enhanced ones."""
    policy = build("22:30", 30, UTC) | {"instantRpRetentionRangeInDays": days}

    assert expected == refusal(policy)


def test_weekly_standard_policies_keep_instant_restore_five_days():
    """Neither fewer nor more."""
    policy = weekly(["Monday"], ["Monday"]) | {"instantRpRetentionRangeInDays": 4}

    assert refusal(policy) == INVALID


@pytest.mark.parametrize("days", [6, 36])
def test_log_retention_has_a_range(days):
    """7 to 35 days."""
    code = refusal(sql_with("Weekly", ["Monday"], days, 60))

    assert code == "UserErrorLogRetentionNotInValidRangeInPolicy"


def test_logs_are_not_kept_longer_than_differentials():
    """They would be of no use."""
    code = refusal(sql_with("Weekly", ["Monday"], 20, 10))

    assert code == "UserErrorLogRetentionMoreThanDiffRetentionInPolicy"


@pytest.mark.parametrize(
    ("full", "days", "expected"),
    [
        ("Weekly", ["Monday"], None),
        ("Weekly", ["Sunday"], INVALID),
        ("Weekly", ["Monday", "Tuesday"], INVALID),
        ("Daily", ["Monday"], INVALID),
    ],
)
def test_a_differential_has_one_day_that_is_not_the_fulls(full, days, expected):
    """One day, apart from the full backup's."""
    assert refusal(sql_with(full, days, 15)) == expected


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"backupManagementType": "Unheard"},
        {"backupManagementType": "AzureIaasVM"},
        {"backupManagementType": "AzureIaasVM", "schedulePolicy": [], "retentionPolicy": {}},
        {"backupManagementType": "AzureSql", "retentionPolicy": {}},
        policy_documents.vm("22:30", 30, UTC) | {"instantRpRetentionRangeInDays": "two"},
        policy_documents.vm("22:30", 30, UTC) | {"retentionPolicy": {"dailySchedule": {}}},
    ],
)
def test_documents_of_the_wrong_form_get_the_catch_all(properties):
    """Missing members and wrong kinds never crash."""
    assert refusal(properties) == INVALID


def test_retention_is_compared_in_days():
    """Weeks count as seven days, per kind of schedule."""
    assert shortest_retention(weekly(["Monday"], ["Monday"])) == {"/weeklySchedule": 28}
    assert shortest_retention(policy_documents.sql("18:00", 30, UTC)) == {
        "Full/dailySchedule": 30,
        "Log/simple": 15,
    }


@pytest.mark.parametrize("times", [[], None])
def test_a_schedule_without_a_time_is_refused(times):
    """Exactly one run time: none is as wrong as two."""
    policy = policy_documents.vm("22:30", 30, UTC)
    policy["schedulePolicy"]["scheduleRunTimes"] = times

    assert refusal(policy) == INVALID
