"""A fake estate of many vaults, and a queue that starts their runs, in virtual time.

The orchestrators and activities are the app's own; upgrades take the time each vault is given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from activities.registry import ACTIVITIES, RUNS_ACTIVITIES, activity_shell, runs_shell
from adapters.durable_runs import DurableRuns
from adapters.ports import Ports
from domain.campaign_steps import PLAN_PAGE, PlanPage, plan_key
from domain.campaigns import (
    CampaignOptions,
    CampaignState,
    Command,
    Limits,
    Mark,
    Verb,
    campaign_instance_id,
)
from domain.codec import from_json, to_json, to_object
from domain.evidence import evidence_document
from domain.requests import UpgradeRequest
from domain.schedule import encode_places, plan_order
from domain.upgrade import ClassicVault, UpgradeStatus
from domain.vaults import ClassicVaultRef
from orchestrators import names
from tests.estate import TimedClassicVaults, UpgradedVaults, settled_vault
from tests.fake_workflow_client import WorkflowClient
from tests.fakes import (
    NOON,
    FakeClock,
    FakeQueue,
    MemoryEvidence,
    classic_vault,
    fake_ports,
)
from tests.workflow import Instance, Workflow

CAMPAIGN = "c1"
INSTANCE = campaign_instance_id(CAMPAIGN)


class FleetVaults(TimedClassicVaults):
    """Classic vaults whose upgrades take a time each, and of which some fail."""

    def __init__(
        self,
        *vaults: ClassicVault,
        clock: FakeClock,
        durations: Mapping[str, timedelta],
        failing: Sequence[str] = (),
    ) -> None:
        super().__init__(*vaults, clock=clock)
        self.durations = durations
        self.failing = frozenset(failing)

    def _find(self, vault: ClassicVaultRef) -> ClassicVault:
        self.duration = self.durations[vault.name]
        self.end = UpgradeStatus.FAILED if vault.name in self.failing else UpgradeStatus.UPGRADED
        return super()._find(vault)


class RunningQueue(FakeQueue):
    """Hands each message to the vault's run at once, as the trigger does; may lose some."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.runs: DurableRuns | None = None
        self.lost: set[str] = set()
        """Vaults whose next message disappears."""

    async def send(self, requests: Sequence[UpgradeRequest]) -> None:
        """Keeps the requests and begins their runs."""
        await super().send(requests)
        for request in requests:
            if request.vault.name in self.lost:
                self.lost.remove(request.vault.name)
            elif self.runs is not None:
                await self.runs.start(request)


@dataclass(kw_only=True)
class Fleet:
    """Many vaults, the app's activities on fakes, and the engine that runs them."""

    classic: FleetVaults
    queue: RunningQueue
    evidence: MemoryEvidence
    ports: Ports
    workflow: Workflow
    planned: tuple[UpgradeRequest, ...] = field(default=())

    @classmethod
    def make(
        cls,
        requests: Sequence[UpgradeRequest],
        durations: Mapping[str, timedelta],
        *,
        failing: Sequence[str] = (),
        max_turns: int = 20_000,
    ) -> "Fleet":
        """A fleet with one vault per request."""
        clock = FakeClock()
        vaults = [classic_vault(one.vault) for one in requests]
        classic = FleetVaults(*vaults, clock=clock, durations=durations, failing=failing)
        recovery_services = UpgradedVaults(classic, clock)
        for one in requests:
            recovery_services.add(one.target, settled_vault())
        queue, evidence = RunningQueue(clock), MemoryEvidence(clock)
        ports = fake_ports(
            clock=clock,
            classic=classic,
            recovery_services=recovery_services,
            queue=queue,
            evidence=evidence,
        )
        workflow = Workflow({}, clock, max_turns=max_turns)
        runs = DurableRuns(WorkflowClient(workflow), names.UPGRADE_VAULT)
        queue.runs = runs
        workflow.activities = {
            **{one.name: activity_shell(one, ports) for one in ACTIVITIES},
            **{one.name: _bound(one, ports, runs) for one in RUNS_ACTIVITIES},
        }
        return cls(classic=classic, queue=queue, evidence=evidence, ports=ports, workflow=workflow)

    async def start(
        self, requests: Sequence[UpgradeRequest], *, window: int = 2, **options: Any
    ) -> None:
        """Writes the plan down and starts the campaign."""
        limits = options.pop("limits", Limits(window=window))
        self.planned = plan_order(requests, limits.window)
        for page in range(0, len(self.planned), PLAN_PAGE):
            vaults = PlanPage(vaults=self.planned[page : page + PLAN_PAGE])
            document = evidence_document(
                kind="campaign-plan",
                subject=CAMPAIGN,
                run_id=CAMPAIGN,
                at=NOON,
                data=to_object(vaults),
            )
            await self.evidence.create(plan_key(CAMPAIGN, page // PLAN_PAGE), document)
        state = CampaignState(
            campaign_id=CAMPAIGN,
            options=CampaignOptions(limits=limits, **options),
            marks=Mark.WAITING * len(self.planned),
            places=encode_places(self.planned),
            started_at=NOON,
        )
        self.workflow.start(names.RUN_CAMPAIGN, to_json(state), INSTANCE)

    def command(self, verb: Verb, after: timedelta = timedelta(0)) -> None:
        """An operator asks for something."""
        asked = Command(verb=verb, requested_by="ada", at=self.workflow.clock.now())
        self.workflow.raise_event(INSTANCE, names.SLOT_EVENT, to_json(asked), after)

    @property
    def campaign(self) -> Instance:
        """The campaign's instance."""
        return self.workflow.instances[INSTANCE]

    @property
    def status(self) -> dict[str, Any]:
        """What the campaign shows last."""
        return self.campaign.statuses[-1]

    @property
    def end(self) -> CampaignState:
        """How the campaign ended."""
        if self.campaign.output is None:
            raise AssertionError(f"the campaign failed: {self.campaign.failure}")
        return from_json(CampaignState, self.campaign.output)

    @property
    def trail(self) -> list[str]:
        """What the campaign noted, in order."""
        prefix = f"campaigns/{CAMPAIGN}/trail/"
        keys = sorted(key for key in self.evidence.documents if key.startswith(prefix))
        return [self.evidence.documents[key]["data"]["what"] for key in keys]


def _bound(activity: Any, ports: Ports, runs: DurableRuns) -> Any:
    """The activity's shell with a client bound, as the host does."""
    shell = runs_shell(activity, ports, lambda _client: runs)

    async def call(request: Any) -> Any:
        return await shell(request, None)

    return call


def fleet_requests(base: UpgradeRequest, count: int) -> list[UpgradeRequest]:
    """So many requests like one, each for a vault of its own."""
    return [
        replace(base, vault=replace(base.vault, name=f"vault-{index:04d}"))
        for index in range(count)
    ]
