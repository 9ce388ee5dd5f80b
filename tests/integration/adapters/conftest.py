"""The real adapters in front of simulated Azure, in one process and on one clock."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.bootstrap import build_ports, close_ports
from adapters.ports import Ports
from adapters.settings import Settings
from domain.vaults import VaultRef
from local.azure.clocks import FixedClock, MovableClock
from local.azure.estate import load_estate
from local.azure.server import RunningAzure, running_azure
from tests.fakes import SUBSCRIPTION

ESTATE = Path(__file__).parents[3] / "local" / "demo" / "estate.yaml"
WORKSPACE = "5b8a2f6e-0c43-4d7e-8a19-2e6f3b1c7d40"
"""The workspace of the estate."""
START = datetime(2017, 9, 5, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """Everything a test needs."""

    azure: RunningAzure
    ports: Ports
    clock: MovableClock

    def pass_time(self, span: timedelta) -> None:
        """Moves the one clock on."""
        self.clock.advance(span)


def target(name: str) -> VaultRef:
    """The Recovery Services vault a classic vault of the estate becomes."""
    return VaultRef(subscription_id=SUBSCRIPTION, resource_group="rg-backup-upgraded", name=name)


def settings(azure: RunningAzure, evidence: Path) -> Settings:
    """Settings that lead to simulated Azure."""
    known = azure.describe()
    return Settings.from_environment(
        {
            "VAULTLIFT_CLOUD": "custom",
            "VAULTLIFT_CLASSIC_ENDPOINT": str(known["classicEndpoint"]),
            "VAULTLIFT_ARM_ENDPOINT": str(known["armEndpoint"]),
            "VAULTLIFT_LOGS_ENDPOINT": str(known["logsEndpoint"]),
            "VAULTLIFT_TOKEN_URL": str(known["tokenUrl"]),
            "VAULTLIFT_CLIENT_ID": str(known["clientId"]),
            "VAULTLIFT_CLIENT_SECRET": str(known["clientSecret"]),
            "VAULTLIFT_EVIDENCE": f"folder:{evidence}",
            "ServiceBusConnection": "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=k;"
            "SharedAccessKey=k;UseDevelopmentEmulator=true",
        }
    )


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A fresh estate."""
    clock = MovableClock(FixedClock(START))
    async with running_azure(load_estate(ESTATE), clock) as azure:
        ports = build_ports(settings(azure, tmp_path))
        try:
            yield World(azure=azure, ports=replace(ports, clock=clock), clock=clock)
        finally:
            await close_ports(ports)
