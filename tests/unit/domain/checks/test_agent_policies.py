"""Retention floors of agent policies, and what enhanced security costs."""

from typing import Any

import pytest

from domain.checks import agent_policies
from domain.findings import Finding, Verdict
from domain.readings import FailedRead
from tests.unit.domain.builders import reading
from tests.unit.domain.policy_documents import kept, policy, stamped, vm_policy


def _mab(**schedules: tuple[int, str]) -> dict[str, Any]:
    retention = {
        name: {"retentionTimes": [stamped("03:00")], "retentionDuration": kept(*duration)}
        for name, duration in schedules.items()
    }
    return policy({"backupManagementType": "MAB", "retentionPolicy": retention})


def _check(*policies: Any) -> list[Finding]:
    return list(agent_policies.check(reading(policies), vault="vault-one"))


@pytest.mark.parametrize(
    ("schedules", "verdict"),
    [
        ({"dailySchedule": (7, "Days")}, Verdict.PASS),
        ({"dailySchedule": (1, "Weeks")}, Verdict.PASS),
        ({"dailySchedule": (6, "Days")}, Verdict.FAIL),
        ({"weeklySchedule": (28, "Days")}, Verdict.PASS),
        ({"weeklySchedule": (3, "Weeks")}, Verdict.FAIL),
        ({"monthlySchedule": (2, "Months")}, Verdict.FAIL),
        ({"yearlySchedule": (12, "Months")}, Verdict.PASS),
        ({"yearlySchedule": (11, "Months")}, Verdict.FAIL),
        ({"dailySchedule": (9, "Fortnights")}, Verdict.UNKNOWN),
        ({"dailySchedule": (30, "Days"), "yearlySchedule": (1, "Months")}, Verdict.FAIL),
    ],
)
def test_each_schedule_has_its_floor(schedules: dict[str, Any], verdict: Verdict) -> None:
    """Units are brought together before they are compared; schedules a policy lacks are none."""
    (found,) = _check(_mab(**schedules))

    assert verdict == found.verdict


def test_a_shortfall_names_what_to_raise_to() -> None:
    """The owner reads the floor, not the rule."""
    (found,) = _check(_mab(monthlySchedule=(2, "Months")))

    assert "at least 3 months" in found.what_to_do


def test_policies_of_machines_in_azure_have_other_floors() -> None:
    """Enhanced security is about agents."""
    assert [] == _check(vm_policy(days=1))


def test_policies_that_could_not_be_read_are_unknown() -> None:
    """DESIGN rule 4."""
    failed = FailedRead(what="the policies", reason="403")
    (found,) = agent_policies.check(failed, vault="vault-one")

    assert Verdict.UNKNOWN == found.verdict
