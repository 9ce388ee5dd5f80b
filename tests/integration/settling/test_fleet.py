"""A whole fleet is settled: each vault ends as declared, and nothing else was changed."""

import copy
import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.azure.contents import Policy, PolicyVersion
from local.azure.faults import FaultKind, parse_rules
from local.azure.meddling import MARK
from local.azure.model import Vault
from local.azure.policy_documents import shown
from local.azure.schedules import zone_id
from local.azure.server import running_azure
from tests.fakes import FakeClock
from tests.integration.settling.fleet import SCENARIOS, Member, fleet, fleet_estate
from tests.integration.settling.runs import Chaos, FleetRun, most_in_a_day, with_fleet

START = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
LIMIT = 50
"""Policy edits the service takes within 24 hours."""
FORBIDDEN = 403
SEED = 20260310
EVERYWHERE: list[dict[str, Any]] = [
    {"kind": "status", "status": 503, "method": "GET", "probability": 0.03},
    {"kind": "status", "status": 429, "retryAfterS": 0, "method": "GET", "probability": 0.03},
    {"kind": "drop", "method": "GET", "probability": 0.02},
    {"kind": "wrong-body", "method": "GET", "probability": 0.01},
    {"kind": "expire-token", "method": "GET", "probability": 0.01},
    {"kind": "latency", "latencyS": 0.02, "probability": 0.02},
    {"kind": "lost-response", "method": "PUT", "route": "policy", "probability": 0.08},
    {"kind": "drop", "method": "PUT", "route": "policy", "probability": 0.08},
    {"kind": "status", "status": 500, "method": "PUT", "route": "policy", "probability": 0.05},
    {"kind": "status", "status": 429, "method": "PUT", "route": "policy", "probability": 0.05},
    {"kind": "wrong-body", "method": "PUT", "route": "policy", "probability": 0.05},
    {"kind": "meddle", "method": "PUT", "route": "policy", "probability": 0.05},
]
"""Every fault there is, on every vault, by chance."""


def _stripped(version: PolicyVersion) -> str:
    """A document's bytes as the service shows them, without its zone and the other's mark."""
    document = copy.deepcopy(shown(version.properties, 0))
    document.pop("timeZone", None)
    document.pop(MARK, None)
    (document.get("settings") or {}).pop("timeZone", None)
    return json.dumps(document, sort_keys=True)


def _strays(vault: Vault) -> list[str]:
    """Policies of which anything but the zone was changed, or another's edit was lost."""
    return [
        policy.name
        for policy in vault.contents.policies.values()
        if len({_stripped(one) for one in policy.versions}) != 1 or _lost_mark(policy)
    ]


def _lost_mark(policy: Policy) -> bool:
    marks = [one.properties.get(MARK, 0) for one in policy.versions]
    return bool(marks[-1] < max(marks))


def _wrong_zones(member: Member, vault: Vault) -> list[str]:
    """Policies that do not have the zone they should, or have one they should not."""
    scenario = member.scenario
    wrong = []
    for policy in vault.contents.policies.values():
        is_kept = scenario.zone is None or policy.name in scenario.untouched or policy.is_hidden
        before, after = (zone_id(policy.versions[index].properties) for index in (0, -1))
        if after != (before if is_kept else scenario.zone):
            wrong.append(f"{policy.name}: {before} became {after}")
    return wrong


def _unlike_declared(run: FleetRun, states: dict[str, Any]) -> dict[str, Any]:
    return {
        one.name: (one.scenario.end.value, states[one.name].value)
        for one in run.members
        if one.scenario.end is not states[one.name]
    }


async def _check(run: FleetRun) -> None:
    """Settles twice and compares with simulated Azure's own journal."""
    states = await run.settle("first")
    writes = run.policy_writes()
    by_vault: defaultdict[str, list[datetime]] = defaultdict(list)
    for vault, at, _ in writes:
        by_vault[vault].append(at)

    assert {} == _unlike_declared(run, states)
    assert {} == {one.name: bad for one in run.members if (bad := _strays(run.vault(one)))}
    assert {} == {
        one.name: bad for one in run.members if (bad := _wrong_zones(one, run.vault(one)))
    }
    assert LIMIT >= max(most_in_a_day(moments) for moments in by_vault.values())

    assert {("diagnostics", one.name) for one in run.members if _asks_for_reports(one)} == (
        run.other_writes()
    )
    await _check_again(run, len(writes))


def _asks_for_reports(member: Member) -> bool:
    # Where the legacy category goes to the same workspace, none is made.
    asked = "diagnostics_workspace" in member.scenario.request
    return asked and "reports" not in member.scenario.vault


async def _check_again(run: FleetRun, writes: int) -> None:
    """Settles every vault once more: nothing is written, and nothing has another version."""
    before = run.snapshot()
    run.azure.service.faults.clear()
    await run.settle("second")

    # An owner who never agreed is asked again, and the service refuses again; that is no write.
    refused = {vault for vault, _, status in run.policy_writes()[writes:] if status == FORBIDDEN}
    others = [one for one in run.policy_writes()[writes:] if one[0] not in refused]
    assert [] == others
    assert {one.name for one in run.members if _waits_in_vain(one)} == refused
    assert before == run.snapshot()


def _waits_in_vain(member: Member) -> bool:
    has_guard = member.scenario.vault.get("settings", {}).get("guardsPolicyEdits", False)
    return has_guard and not member.scenario.is_granted


def test_every_kind_of_fault_strikes() -> None:
    """None that simulated Azure knows is left out."""
    assert set(FaultKind) == {FaultKind(one["kind"]) for one in EVERYWHERE}


async def test_one_vault_of_each_kind_ends_as_declared_and_a_second_run_writes_nothing(
    tmp_path: Path,
) -> None:
    """Not one unintended byte, at most 50 edits a day, zero writes the second time."""
    clock = FakeClock(START)
    members = fleet(len(SCENARIOS))
    async with running_azure(fleet_estate(members), clock) as azure:

        async def body(run: FleetRun) -> None:
            run.arm_faults()
            await _check(run)

        await with_fleet(azure, clock, members, tmp_path, body)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_sixty_vaults_with_every_fault_on_end_as_declared(tmp_path: Path) -> None:
    """Faults on every call, activities that die after their work or run twice: the same ends."""
    clock = FakeClock(START)
    members = fleet(60)
    async with running_azure(fleet_estate(members), clock) as azure:

        async def body(run: FleetRun) -> None:
            run.arm_faults()
            for number, rule in enumerate(EVERYWHERE):
                (parsed,) = parse_rules({**rule, "seed": SEED + number})
                run.azure.service.faults.add(parsed)
            await _check(run)

        await with_fleet(azure, clock, members, tmp_path, body, Chaos(SEED))
