"""One policy in a fake vault, and the change that is asked for it."""

from typing import Any

from adapters.ports import Ports
from domain.requests import TimeZoneMode
from domain.settling import PolicyChange, SettleRequest
from tests.fakes import FakeClock, FakeRecoveryServices, FakeVault, fake_ports, vault_ref

PACIFIC = "Pacific Standard Time"
PREFIX = "vaults/key/runs/run-1"


def policy(**properties: Any) -> dict[str, Any]:
    """A policy without a zone, with a member nobody knows."""
    schedule = {
        "schedulePolicyType": "SimpleSchedulePolicy",
        "scheduleRunTimes": ["2017-01-24T22:00:00Z"],
    }
    return {
        "id": f"{vault_ref().arm_id}/backupPolicies/Daily",
        "name": "Daily",
        "type": "Microsoft.RecoveryServices/vaults/backupPolicies",
        "properties": {
            "backupManagementType": "AzureIaasVM",
            "schedulePolicy": schedule,
            "aMemberNobodyKnows": {"kept": True},
            **properties,
        },
    }


def daily_retention(days: int) -> dict[str, Any]:
    """A retention policy that keeps daily backups some days."""
    duration = {"count": days, "durationType": "Days"}
    times = ["2017-01-24T22:00:00Z"]
    return {"dailySchedule": {"retentionTimes": times, "retentionDuration": duration}}


def settle(**changes: Any) -> SettleRequest:
    """A settlement that wants Pacific time."""
    request: dict[str, Any] = {
        "vault": vault_ref(),
        "run_id": "run-1",
        "prefix": PREFIX,
        "time_zone": PACIFIC,
        "time_zone_mode": TimeZoneMode.SET_ZONE,
        "upgrade_ended_at": None,
        "log_workspace_id": None,
    }
    return SettleRequest(**{**request, **changes})


def change(attempt: int = 1, **changes: Any) -> PolicyChange:
    """One attempt at the policy."""
    guard = changes.pop("guard_requests", ())
    return PolicyChange(
        settle=settle(**changes), policy_name="Daily", attempt=attempt, guard_requests=guard
    )


def world(
    document: dict[str, Any] | None = None,
) -> tuple[Ports, FakeRecoveryServices, FakeClock]:
    """Ports whose only vault has one policy."""
    clock = FakeClock()
    arm = FakeRecoveryServices(clock=clock)
    arm.add(vault_ref(), FakeVault(document={}, policies={"Daily": document or policy()}))
    return fake_ports(recovery_services=arm, clock=clock), arm, clock


def policy_now(arm: FakeRecoveryServices) -> dict[str, Any]:
    """The policy as the vault has it."""
    return arm.vaults[vault_ref().key].policies["Daily"]
