"""Zones are planned from the request, and judged by what is there afterwards."""

from typing import Any

import pytest

from activities.policies import run_write_policy_zone
from activities.time_zones import run_plan_time_zones, run_verify_time_zones
from adapters.ports import Ports
from domain.errors import RefusedError
from domain.requests import TimeZoneMode
from domain.settling import PolicyChange, SettleRequest
from tests.fakes import FakeRecoveryServices, FakeVault, fake_ports, vault_ref

PACIFIC = "Pacific Standard Time"


def _policy(name: str, **properties: Any) -> dict[str, Any]:
    schedule = {"scheduleRunTimes": ["2017-01-24T22:00:00Z"]}
    common = {"backupManagementType": "AzureIaasVM", "schedulePolicy": schedule}
    return {"name": name, "properties": {**common, **properties}}


def _settle(time_zone: str | None = PACIFIC) -> SettleRequest:
    return SettleRequest(
        vault=vault_ref(),
        run_id="run-1",
        prefix="vaults/key/runs/run-1",
        time_zone=time_zone,
        time_zone_mode=TimeZoneMode.SET_ZONE,
        upgrade_ended_at=None,
        log_workspace_id=None,
    )


def _ports(*policies: dict[str, Any]) -> tuple[Ports, FakeRecoveryServices]:
    arm = FakeRecoveryServices()
    kept = {policy["name"]: policy for policy in policies}
    arm.add(vault_ref(), FakeVault(document={}, policies=kept))
    return fake_ports(recovery_services=arm), arm


async def _findings(ports: Ports) -> list[dict[str, Any]]:
    document = await ports.evidence.read("vaults/key/runs/run-1/09-time-zones.json")
    return list(document["data"]["findings"]) if document else []


async def test_only_policies_that_lack_the_zone_are_changed() -> None:
    """Absent and other zones are changed; the right one and zoneless kinds are not."""
    ports, _ = _ports(
        _policy("Absent"),
        _policy("Utc", timeZone="UTC"),
        _policy("Right", timeZone=PACIFIC),
        _policy("Mars", backupManagementType="MAB"),
    )

    plan = await run_plan_time_zones(ports, _settle())

    assert (("Absent", "Utc"), ()) == (plan.to_change, plan.decisions)


async def test_without_a_zone_asked_for_nothing_is_planned_and_a_choice_is_due() -> None:
    """A policy with a zone is left as it is; one without needs somebody's decision."""
    ports, _ = _ports(_policy("Absent"), _policy("Tokyo", timeZone="Tokyo Standard Time"))

    plan = await run_plan_time_zones(ports, _settle(None))

    assert ((), 1, True) == (plan.to_change, len(plan.decisions), "Absent" in plan.decisions[0])


async def test_the_plan_is_kept_before_anything_is_written() -> None:
    """What was meant to be done is in evidence with its differences."""
    ports, _ = _ports(_policy("Absent"))

    await run_plan_time_zones(ports, _settle())

    kept = await ports.evidence.read("vaults/key/runs/run-1/09-time-zone-plan.json")
    assert ["Absent"] == (kept["data"]["to_change"] if kept else None)


async def test_a_zone_that_is_there_passes_with_its_raw_value() -> None:
    """The finding holds the field, its value and where it was read (DESIGN rule 4)."""
    ports, _ = _ports(_policy("Right", timeZone=PACIFIC))

    await run_verify_time_zones(ports, _settle())

    (finding,) = await _findings(ports)
    fact, *_ = finding["facts"]
    assert ("pass", "properties.timeZone", PACIFIC, True) == (
        finding["verdict"],
        fact["field"],
        fact["value"],
        fact["provenance"]["request_id"] is not None,
    )


async def test_a_refused_write_fails_with_the_reason_and_a_task() -> None:
    """The reader learns why the zone is not there."""
    ports, arm = _ports(_policy("Absent"))
    arm.fail("write_policy", RefusedError("retention below 7 days"))
    await run_write_policy_zone(ports, PolicyChange(settle=_settle(), policy_name="Absent"))

    summary = await run_verify_time_zones(ports, _settle())

    zone, integrity = await _findings(ports)
    assert ("fail", True, "pass", 1) == (
        zone["verdict"],
        "retention below 7 days" in zone["message"],
        integrity["verdict"],
        summary.task_count,
    )


@pytest.mark.parametrize("meddled", [False, True])
async def test_a_stray_change_beside_the_zone_is_found(meddled: bool) -> None:
    """DESIGN rule 5: what was written is compared with what is there now."""
    ports, arm = _ports(_policy("Absent"))
    await run_write_policy_zone(ports, PolicyChange(settle=_settle(), policy_name="Absent"))
    if meddled:
        arm.vaults[vault_ref().key].policies["Absent"]["properties"]["tags"] = {"by": "portal"}

    await run_verify_time_zones(ports, _settle())

    findings = await _findings(ports)
    assert ["fail" if meddled else "pass"] == [
        one["verdict"] for one in findings if one["check_id"] == "policy-integrity"
    ]
