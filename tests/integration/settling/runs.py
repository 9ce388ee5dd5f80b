"""Runs a fleet through the real adapters against simulated Azure, in virtual time."""

import copy
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from activities.registry import ACTIVITIES, activity_shell
from adapters.bootstrap import build_ports, close_ports
from adapters.ports import Ports
from domain.codec import from_json, to_json
from domain.outcomes import SettlementOutcome
from domain.requests import settle_instance_id
from domain.settling import SettleRequest, SettleResult
from domain.upgrade import RunState
from domain.vaults import VaultRef
from local.azure.faults import parse_rules
from local.azure.model import Vault
from local.azure.server import RunningAzure
from orchestrators import names
from tests.fakes import FakeClock
from tests.integration.adapters.conftest import settings
from tests.integration.settling.fleet import BERLIN, GROUP, MAP, SUBSCRIPTION, Member
from tests.workflow import ActivityBody, Workflow

MAX_TURNS = 100_000
WINDOW = timedelta(hours=24)


@dataclass(frozen=True)
class Chaos:
    """What goes wrong by chance, all from one seed.

    Activities may die after their effect, so that the result is lost, or be carried out twice.
    """

    seed: int
    dies: float = 0.03
    repeats: float = 0.03

    def around(self, name: str, body: ActivityBody) -> ActivityBody:
        """The activity as a host that crashes and redelivers would run it."""
        chance = random.Random(f"{self.seed}/{name}")  # noqa: S311 - a repeatable disaster

        async def run(request: Any) -> Any:
            if chance.random() < self.repeats:
                await body(request)
            answer = await body(request)
            if chance.random() < self.dies:
                raise RuntimeError("the process was killed after its work")
            return answer

        return run


@dataclass
class FleetRun:
    """One settlement of every vault."""

    azure: RunningAzure
    ports: Ports
    clock: FakeClock
    members: tuple[Member, ...]
    chaos: Chaos | None = None

    def vault(self, member: Member) -> Vault:
        """The vault as simulated Azure has it."""
        found = self.azure.service.state.find_vault(SUBSCRIPTION, GROUP, member.name)
        if found is None:
            raise AssertionError(f"{member.name} is not in the estate")
        return found

    def arm_faults(self) -> None:
        """Puts the faults of every scenario in force."""
        for member in self.members:
            for rule in member.scenario.faults:
                (parsed,) = parse_rules({**rule, "vault": member.name})
                self.azure.service.faults.add(parsed)
            self.vault(member).is_guard_granted = member.scenario.is_granted

    async def settle(self, run_id: str) -> dict[str, RunState]:
        """Settles every vault at once and gives the state each came to."""
        bodies = {
            one.name: self._shell(one.name, activity_shell(one, self.ports)) for one in ACTIVITIES
        }
        workflow = Workflow(bodies, self.clock)
        workflow.max_turns = MAX_TURNS
        for member in self.members:
            request = _request(member, run_id)
            instance_id = settle_instance_id(request.vault)
            workflow.start(names.SETTLE_VAULT, to_json(request), instance_id)
            if member.scenario.is_granted:
                answer = {"decision": "granted", "by": "guard owner"}
                workflow.raise_event(instance_id, names.GUARD_EVENT, answer, timedelta(days=2))
        await workflow.settle()
        return {member.name: _state(workflow, member) for member in self.members}

    def _shell(self, name: str, body: ActivityBody) -> ActivityBody:
        return self.chaos.around(name, body) if self.chaos else body

    def snapshot(self) -> dict[str, Any]:
        """Everything a settlement could write, as simulated Azure keeps it: all versions."""
        return {
            member.name: (
                {
                    policy.name: [copy.deepcopy(one.properties) for one in policy.versions]
                    for policy in self.vault(member).contents.policies.values()
                },
                copy.deepcopy(self.vault(member).contents.diagnostics),
            )
            for member in self.members
        }

    def other_writes(self) -> set[tuple[str, str]]:
        """What was written besides policies: route and vault."""
        writes = self.azure.service.journal.writes
        return {(one.route, one.vault) for one in writes if one.route != "policy"}

    def policy_writes(self) -> list[tuple[str, datetime, int]]:
        """Every PUT of a policy that reached the service: vault, moment, status."""
        return [
            (entry.vault, datetime.fromisoformat(entry.at), entry.status)
            for entry in self.azure.service.journal.writes
            if entry.method == "PUT" and entry.route == "policy"
        ]


def ref_of(member: Member) -> VaultRef:
    """Names the member's vault."""
    return VaultRef(subscription_id=SUBSCRIPTION, resource_group=GROUP, name=member.name)


def _request(member: Member, run_id: str) -> SettleRequest:
    vault = ref_of(member)
    values: dict[str, Any] = {
        "vault": to_json(vault),
        "run_id": run_id,
        "prefix": f"vaults/{vault.key}/settlements/{run_id}",
        "time_zone": BERLIN,
        "time_zone_mode": "set-zone",
        "upgrade_ended_at": None,
        "log_workspace_id": None,
        "is_alone": True,
        **member.scenario.request,
    }
    return from_json(SettleRequest, values)


def _state(workflow: Workflow, member: Member) -> RunState:
    instance = workflow.instances[settle_instance_id(ref_of(member))]
    if instance.output is None:
        raise AssertionError(f"{member.name} broke down: {instance.failure}")
    outcome: SettlementOutcome | None = from_json(SettleResult, instance.output).outcome
    if outcome is None:
        raise AssertionError(f"{member.name} recorded no end")
    return outcome.state


def most_in_a_day(moments: list[datetime]) -> int:
    """The most moments in any 24 hours."""
    return max((sum(at <= one < at + WINDOW for one in moments) for at in moments), default=0)


async def with_fleet(
    azure: RunningAzure,
    clock: FakeClock,
    members: tuple[Member, ...],
    evidence: Path,
    body: Callable[[FleetRun], Awaitable[None]],
    chaos: Chaos | None = None,
) -> None:
    """Runs ``body`` with a fleet whose ports reach simulated Azure; closes them afterwards."""
    ports = build_ports(settings(azure, evidence))
    try:
        fitted = replace(ports, clock=clock, estate_map=MAP)
        await body(FleetRun(azure, fitted, clock, members, chaos))
    finally:
        await close_ports(ports)
