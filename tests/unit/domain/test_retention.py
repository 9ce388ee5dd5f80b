"""How long policies keep recovery points, and the floors."""

from typing import Any

import pytest

from domain.retention import Duration, legacy_retention_problem, retentions, shortfalls
from tests.unit.domain.policy_documents import (
    agent_policy,
    kept,
    sql_policy,
    vm_policy,
    weekly_vm_policy,
)


@pytest.mark.parametrize(
    ("longer", "shorter"),
    [
        ((28, "Days"), (4, "Weeks")),
        ((4, "Weeks"), (28, "days")),
        ((12, "Months"), (1, "Years")),
        ((1, "Years"), (12, "Months")),
        ((90, "Days"), (3, "Months")),
        ((365, "Days"), (1, "Years")),
        ((1, "Months"), (7, "Days")),
    ],
)
def test_durations_of_different_units_are_compared(
    longer: tuple[int, str], shorter: tuple[int, str]
) -> None:
    """Twenty-eight days are four weeks, twelve months are a year."""
    first = Duration(count=longer[0], unit=longer[1])
    second = Duration(count=shorter[0], unit=shorter[1])

    assert first.is_at_least(second)


@pytest.mark.parametrize(
    ("shorter", "longer"),
    [
        ((27, "Days"), (4, "Weeks")),
        ((11, "Months"), (1, "Years")),
        ((89, "Days"), (3, "Months")),
        ((52, "Weeks"), (1, "Years")),
    ],
)
def test_a_shorter_duration_is_told_from_a_longer_one(
    shorter: tuple[int, str], longer: tuple[int, str]
) -> None:
    """One day less is less, whatever the units."""
    first = Duration(count=shorter[0], unit=shorter[1])
    second = Duration(count=longer[0], unit=longer[1])

    assert not first.is_at_least(second)


def test_only_the_schedules_a_policy_has_are_judged() -> None:
    """A weekly policy has no daily retention to fall short of."""
    assert ["weeklySchedule"] == [one.schedule for one in retentions(weekly_vm_policy())]


def test_sub_policies_have_their_own_retention() -> None:
    """The path names which of them it is."""
    assert [
        "properties.subProtectionPolicy[0].retentionPolicy.dailySchedule.retentionDuration"
    ] == [one.path for one in retentions(sql_policy())]


@pytest.mark.parametrize(
    ("schedule", "duration", "is_short"),
    [
        ("dailySchedule", kept(6), True),
        ("dailySchedule", kept(7), False),
        ("dailySchedule", kept(1, "Weeks"), False),
        ("weeklySchedule", kept(3, "Weeks"), True),
        ("weeklySchedule", kept(28), False),
        ("monthlySchedule", kept(2, "Months"), True),
        ("monthlySchedule", kept(3, "Months"), False),
        ("yearlySchedule", kept(11, "Months"), True),
        ("yearlySchedule", kept(1, "Years"), False),
    ],
)
def test_the_floors_of_enhanced_security(
    schedule: str, duration: dict[str, Any], is_short: bool
) -> None:
    """Seven days, four weeks, three months, one year."""
    document = agent_policy()
    document["properties"]["retentionPolicy"] = {schedule: {"retentionDuration": duration}}

    assert is_short is bool(shortfalls(document))


@pytest.mark.parametrize("duration", [None, {}, kept(3, "Fortnights"), {"count": "3"}])
def test_a_duration_that_cannot_be_read_is_unknown(duration: object) -> None:
    """Neither long enough nor too short."""
    document = agent_policy()
    document["properties"]["retentionPolicy"] = {"dailySchedule": {"retentionDuration": duration}}
    (only,) = retentions(document)

    assert (None, ()) == (only.duration, shortfalls(document))


def test_an_old_short_policy_is_told_before_it_is_written() -> None:
    """The service would refuse any change that keeps six days."""
    problem = legacy_retention_problem(vm_policy(days=6))

    assert problem is not None
    assert problem.startswith("daily retention is 6 days")


@pytest.mark.parametrize("document", [vm_policy(days=7), weekly_vm_policy(), agent_policy(days=6)])
def test_other_policies_may_be_written(document: dict[str, Any]) -> None:
    """The floor holds for daily retention of virtual machines only."""
    assert legacy_retention_problem(document) is None
