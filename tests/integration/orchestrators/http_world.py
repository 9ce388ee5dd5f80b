"""The app's activities on the real adapters, in front of simulated Azure, on one fake clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from activities.registry import ACTIVITIES, activity_shell
from adapters.bootstrap import build_ports, close_ports
from adapters.evidence_folder import EvidenceFolder
from adapters.ports import Ports
from domain.requests import UpgradeRequest
from local.azure.estate import load_estate
from local.azure.model import UpgradePlan, Vault
from local.azure.server import RunningAzure, running_azure
from tests.fakes import FakeClock, classic_ref, upgrade_request
from tests.integration.adapters.conftest import ESTATE, settings
from tests.workflow import Workflow

VAULT = classic_ref("vault-clean", "West Europe")
QUICK = UpgradePlan(duration=timedelta(minutes=4), job_sync_delay=timedelta(minutes=10))
"""What the upgrade takes; longer ones only make more polls."""
PORTAL = "portal-2017-09-05 12:00:00Z-P"


@dataclass(frozen=True, kw_only=True)
class HttpWorld:
    """One installation of the app, and the Azure it talks to."""

    azure: RunningAzure
    ports: Ports
    clock: FakeClock

    def workflow(self) -> Workflow:
        """The app's activities over the wire."""
        bodies = {one.name: activity_shell(one, self.ports) for one in ACTIVITIES}
        return Workflow(bodies, self.clock)

    @property
    def vault(self) -> Vault:
        """The vault as simulated Azure knows it."""
        return next(one for one in self.azure.state.vaults if one.name == VAULT.name)

    @property
    def begun(self) -> list[str]:
        """Every upgrade of the vault that simulated Azure began, by OperationId."""
        return [record.operation_id for record in self.vault.records]

    def second(self, folder: Path) -> "HttpWorld":
        """Another installation: nothing shared but Azure."""
        return replace(self, ports=replace(self.ports, evidence=EvidenceFolder(folder)))


def request() -> UpgradeRequest:
    """The request every case plays."""
    return upgrade_request(VAULT, time_zone="W. Europe Standard Time")


@asynccontextmanager
async def http_world(folder: Path) -> AsyncIterator[HttpWorld]:
    """A fresh Azure and an installation with empty evidence."""
    clock = FakeClock()
    async with running_azure(load_estate(ESTATE), clock) as azure:
        ports = build_ports(settings(azure, folder))
        try:
            world = HttpWorld(azure=azure, ports=replace(ports, clock=clock), clock=clock)
            world.vault.plan = QUICK
            yield world
        finally:
            await close_ports(ports)
