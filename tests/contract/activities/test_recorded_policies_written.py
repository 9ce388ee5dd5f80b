"""Recorded policies go through the whole write, and come back with one member changed.

The bodies are other people's recordings beside the repository; without them nothing is tested here.
"""

import copy
from typing import Any

import pytest

from activities.policies import run_write_policy_zone
from activities.policy_results import run_check_policy_write
from domain.documents import walk
from domain.policies import zone_path
from domain.requests import TimeZoneMode
from domain.settling import PolicyChange, PolicyCheck, SettleRequest, WriteOutcome
from tests.contract.domain.test_recorded_policies import POLICIES
from tests.fakes import FakeRecoveryServices, FakeVault, fake_ports, vault_ref

ZONE = "Tokyo Standard Time"
NAME = "Recorded"


def _change() -> PolicyChange:
    settle = SettleRequest(
        vault=vault_ref(),
        run_id="run-1",
        prefix="vaults/key/settlements/run-1",
        time_zone=ZONE,
        time_zone_mode=TimeZoneMode.SET_ZONE,
        upgrade_ended_at=None,
        log_workspace_id=None,
    )
    return PolicyChange(settle=settle, policy_name=NAME)


@pytest.mark.parametrize("document", POLICIES)
async def test_a_written_policy_differs_in_its_zone_and_nowhere_else(
    document: dict[str, Any],
) -> None:
    """Read, changed, sent, stored and read back: every other path is as it was recorded."""
    arm = FakeRecoveryServices()
    policies = {NAME: copy.deepcopy(document)}
    arm.add(vault_ref(), FakeVault(document={}, policies=policies))
    ports = fake_ports(recovery_services=arm)

    write = await run_write_policy_zone(ports, _change())

    path = zone_path(document)
    before = {one: value for one, value in walk(document) if one != path}
    stored = arm.vaults[vault_ref().key].policies[NAME]
    assert before == {one: value for one, value in walk(stored) if one != path}
    if write.outcome is WriteOutcome.SENT:
        check = PolicyCheck(change=_change(), was_answered=True, is_last=True)
        assert WriteOutcome.CHANGED == (await run_check_policy_write(ports, check)).outcome
