"""A fleet of vaults upgraded earlier: one scenario each, with the end it has to come to."""

from dataclasses import dataclass, field
from typing import Any

from domain.estate_map import EstateMap, OwnerRule, ZoneRule
from domain.upgrade import RunState
from local.azure.estate import FileEstate, parse_estate

SUBSCRIPTION = "7d7e3b8e-3c1b-4b65-9a43-1f2d6c0a9b11"
GROUP = "rg-fleet"
BERLIN = "W. Europe Standard Time"
TOKYO = "Tokyo Standard Time"
WORKSPACE = "5b8a2f6e-0c43-4d7e-8a19-2e6f3b1c7d40"
REPORTS_TO = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-logs"
    f"/providers/Microsoft.OperationalInsights/workspaces/{WORKSPACE}"
)
MAP = EstateMap(
    zones=(ZoneRule(name="mapped-*", time_zone=BERLIN),),
    owners=(OwnerRule(machine="*.contoso.example", owner="it@contoso.example"),),
)
NEW, OLD = "2.0.9269.0", "2.0.8719.0"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What a vault holds, what is asked for it, and how it has to end."""

    name: str
    end: RunState
    zone: str | None = BERLIN
    """The zone its policies have to have at the end; None: nothing may be written."""
    request: dict[str, Any] = field(default_factory=dict)
    vault: dict[str, Any] = field(default_factory=dict)
    faults: tuple[dict[str, Any], ...] = ()
    """Fault rules about this vault alone."""
    is_granted: bool = False
    """The guard's owner agrees two days later."""
    untouched: tuple[str, ...] = ()
    """Policies that must stay as they are although the others change."""


def _policy(name: str, kind: str = "vm", **members: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "runTime": "22:30", **members}


def _machines(*names: str, version: str = NEW) -> dict[str, Any]:
    return {
        "policies": [_policy("Files", "mab", hidden=True), _policy("Vms")],
        "machines": [{"name": name, "agentVersion": version} for name in names],
        "items": [
            {"type": "folder", "name": "C:\\", "holder": name, "policy": "Files"} for name in names
        ],
    }


_EVERY_KIND = {
    "policies": [
        _policy("Vm"),
        _policy("VmUtc", timeZone="UTC"),
        _policy("Enhanced", "vm-enhanced"),
        _policy("Shares", "file-share"),
        _policy("Sql", "sql"),
        _policy("Other", "generic"),
        _policy("Files", "mab"),
        {"name": "AzureSql", "type": "azure-sql"},
    ],
    "machines": [{"name": "fs1.contoso.example", "agentVersion": NEW}],
    "items": [
        {"type": "vm", "name": "vm1", "policy": "Vm"},
        {"type": "vm", "name": "vm2", "policy": "VmUtc"},
        {"type": "file-share", "name": "share", "holder": "account", "policy": "Shares"},
        {"type": "folder", "name": "C:\\", "holder": "fs1.contoso.example", "policy": "Files"},
    ],
}
_PLAIN = {
    "policies": [_policy("Daily"), _policy("Empty")],
    "items": [{"type": "vm", "name": "vm1", "policy": "Daily"}],
}
_GUARDED = {
    **_PLAIN,
    "settings": {"multiUserAuthorization": True, "guardsPolicyEdits": True},
}


def _server(build: str | None) -> dict[str, Any]:
    engine = {"name": "dpm1.contoso.example", "type": "dpm", "agentVersion": NEW}
    return {"policies": [_policy("Daily")], "engines": [{**engine, "dpmVersion": build}]}


def _put(kind: str, **members: Any) -> dict[str, Any]:
    return {"kind": kind, "method": "PUT", "route": "policy", "count": 1, **members}


def _get(kind: str, **members: Any) -> dict[str, Any]:
    return {"kind": kind, "method": "GET", "route": "policy", "count": 1, **members}


CLOSED, TASKS = RunState.CLOSED, RunState.CLOSED_WITH_TASKS
SCENARIOS: tuple[Scenario, ...] = (
    Scenario(name="plain", end=CLOSED, vault=_PLAIN),
    Scenario(name="tagged", end=CLOSED, zone=TOKYO, request={"time_zone": None},
             vault={**_PLAIN, "tags": {"Vaultlift-Time-Zone": "Asia/Tokyo"}}),
    Scenario(name="mapped", end=CLOSED, request={"time_zone": None}, vault=_PLAIN),
    Scenario(name="every-kind", end=TASKS, vault=_EVERY_KIND, untouched=("Files", "AzureSql")),
    Scenario(name="many", end=CLOSED,
             vault={"policies": [_policy(f"Policy{n:02}") for n in range(60)]}),
    Scenario(name="legacy", end=TASKS, untouched=("Short",),
             vault={"policies": [_policy("Short", days=5), _policy("Long")]}),
    Scenario(name="granted", end=CLOSED, vault=_GUARDED, is_granted=True),
    Scenario(name="guarded", end=TASKS, zone=None, vault=_GUARDED),
    Scenario(name="editor-reads", end=CLOSED, vault=_PLAIN, faults=(_get("meddle"),)),
    Scenario(name="editor-writes", end=CLOSED, vault={"policies": [_policy("Daily")]},
             faults=(_put("meddle"),)),
    Scenario(name="lost-answer", end=CLOSED, vault=_PLAIN, faults=(_put("lost-response"),)),
    Scenario(name="lost-write", end=CLOSED, vault=_PLAIN, faults=(_put("drop"),)),
    Scenario(name="odd-answer", end=CLOSED, vault=_PLAIN,
             faults=(_put("wrong-body", body="<html></html>"),)),
    Scenario(name="throttled", end=CLOSED, vault=_PLAIN,
             faults=(_put("status", status=429, retryAfterS=0),)),
    Scenario(name="undecided", end=RunState.NEEDS_DECISION, zone=None,
             request={"time_zone": None}, vault=_PLAIN),
    Scenario(name="wrong-tag", end=RunState.NEEDS_DECISION, zone=None,
             request={"time_zone": None},
             vault={**_PLAIN, "tags": {"vaultlift-time-zone": "Mars"}}),
    Scenario(name="old-agents", end=TASKS, vault=_machines("old1.x", "old2.x", version=OLD)),
    Scenario(name="twice-a", end=TASKS, vault=_machines("both.contoso.example")),
    Scenario(name="twice-b", end=TASKS, vault=_machines("both.contoso.example")),
    Scenario(name="insecure", end=TASKS,
             vault={**_PLAIN, "settings": {"enhancedSecurity": "Disabled"}}),
    Scenario(name="twin", end=TASKS, vault={
        "policies": [_policy("Daily")],
        "items": [{"type": "classic-vm", "name": "app1", "policy": "Daily"}],
        "protectable": [{"name": "app1"}]}),
    Scenario(name="reports", end=CLOSED, request={"diagnostics_workspace": REPORTS_TO},
             vault=_PLAIN),
    Scenario(name="partial-reports", end=TASKS, vault={**_PLAIN, "reports": "partial"}),
    Scenario(name="legacy-reports", end=TASKS, request={"diagnostics_workspace": REPORTS_TO},
             vault={**_PLAIN, "reports": "legacy", "logWorkspace": WORKSPACE}),
    Scenario(name="doubled-reports", end=TASKS, vault={**_PLAIN, "reports": "doubled"}),
    Scenario(name="old-server", end=TASKS, vault=_server("4.1.3333.0")),
    Scenario(name="new-server", end=CLOSED, vault=_server("10.22.148.0")),
    Scenario(name="untold-server", end=TASKS, vault=_server(None)),
    Scenario(name="short-retention", end=TASKS, untouched=("Files",), vault={
        "policies": [_policy("Daily"), _policy("Files", "mab", days=5)]}),
    Scenario(name="empty-machine", end=TASKS, vault={
        "policies": [_policy("Daily")],
        "machines": [{"name": "idle.contoso.example", "agentVersion": NEW}]}),
    Scenario(name="stopped-item", end=CLOSED, vault={
        "policies": [_policy("Daily")],
        "items": [{"type": "vm", "name": "vm1", "state": "ProtectionStopped"}]}),
    Scenario(name="not-configured", end=TASKS, vault={
        "policies": [_policy("Daily")],
        "items": [{"type": "vm", "name": "vm1", "policy": "Daily", "failing": True}]}),
    Scenario(name="soft-delete-off", end=TASKS,
             vault={**_PLAIN, "settings": {"softDelete": "Disabled"}}),
    Scenario(name="quarter-hours", end=TASKS, zone=None,
             request={"time_zone": "Nepal Standard Time", "time_zone_mode": "keep-moment"},
             vault={"policies": [_policy("Daily", timeZone="UTC")]}),
    Scenario(name="failed", end=RunState.NEEDS_SUPPORT, zone=None, vault=_PLAIN),
)  # fmt: skip
"""One of each; a larger fleet repeats them."""


@dataclass(frozen=True)
class Member:
    """One vault of the fleet."""

    name: str
    scenario: Scenario


def fleet(size: int) -> tuple[Member, ...]:
    """So many vaults, scenario after scenario; the pair that shares a machine stays together."""
    return tuple(
        Member(f"{scenario.name}-{number // len(SCENARIOS)}", scenario)
        for number in range(size)
        for scenario in (SCENARIOS[number % len(SCENARIOS)],)
    )


def _row(member: Member) -> dict[str, Any]:
    record = {
        "operationId": f"op-{member.name}",
        "resourceGroup": GROUP,
        "startedAgo": "60d",
        "lasted": "20m",
        "status": "Failed" if member.scenario.name == "failed" else "Upgraded",
    }
    return {"name": member.name, "region": "West Europe", "record": record, **member.scenario.vault}


def fleet_estate(members: tuple[Member, ...]) -> FileEstate:
    """The estate that holds the fleet."""
    return parse_estate(
        {
            "schema": "vaultlift/estate/1",
            "workspaces": [{"id": WORKSPACE}],
            "subscriptions": [{"id": SUBSCRIPTION, "vaults": [_row(one) for one in members]}],
        }
    )
