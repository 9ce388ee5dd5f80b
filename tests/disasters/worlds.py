"""Where disasters are played: a fake estate whose service is the worst there could be."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from domain.upgrade import (
    START_GRACE,
    CheckOutcome,
    ClassicVault,
    PrerequisiteCheck,
    PrerequisiteReason,
    Severity,
    UpgradeRecord,
    UpgradeStatus,
)
from domain.vaults import ClassicVaultRef, VaultRef
from tests.estate import FakeEstate, TimedClassicVaults, UpgradedVaults, settled_vault
from tests.fakes import FakeClock, classic_ref, classic_vault, fake_ports, upgrade_record, vault_ref
from tests.held_up import GONE, HeldUp, hold_up

DURATION = START_GRACE + timedelta(minutes=1)
"""Longer than the grace period, and short because what happens meanwhile is tested elsewhere."""

SHOWN_AFTER = START_GRACE - timedelta(seconds=10)
"""How late the worst service shows a start: just within the grace period."""

PORTAL = "portal-2017-09-05 12:00:00Z-P"


TAKEN = PrerequisiteReason(
    severity=Severity.ERROR,
    category="Vault",
    code="UpgradeInProgress",
    message="an upgrade runs",
    rows=(("an upgrade runs",),),
    recommended_action="",
)


class WorstClassicVaults(TimedClassicVaults):
    """Shows a start late, and would start a second upgrade without a word.

    ``begun`` counts what counts: every upgrade this service has begun, whoever asked.
    """

    def __init__(self, *vaults: ClassicVault, **settings: Any) -> None:
        super().__init__(*vaults, **settings)
        self.begun: list[str] = []

    async def read_vault(self, vault: ClassicVaultRef) -> ClassicVault:
        known = await super().read_vault(vault)
        record = known.record
        if record is None or record.started_at is None or record.operation_id == PORTAL:
            return known
        is_fresh = self.clock.now() - record.started_at < SHOWN_AFTER
        return replace(known, record=None) if is_fresh else known

    async def start_upgrade(
        self, vault: ClassicVault, target: VaultRef, operation_id: str
    ) -> UpgradeRecord:
        known = self.vaults[vault.ref.key]
        if known.record is not None and known.record.operation_id != PORTAL:
            self.vaults[vault.ref.key] = replace(known, record=None)
        record = await super().start_upgrade(vault, target, operation_id)
        self.begun.append(operation_id)
        return record

    def start_from_portal(self) -> None:
        """Somebody presses the button in the portal; the service refuses if something runs."""
        known = self.vaults[classic_ref().key]
        if known.record is None:
            record = upgrade_record(PORTAL, started_at=self.clock.now())
            self.vaults[classic_ref().key] = replace(known, record=record)
            self.begun.append(PORTAL)


class FairClassicVaults(WorstClassicVaults):
    """Refuses a second start, and shows the first at once, as the real service should."""

    async def check_prerequisites(
        self, vault: ClassicVault, target: VaultRef, client_request_id: str
    ) -> PrerequisiteCheck:
        check = await super().check_prerequisites(vault, target, client_request_id)
        is_taken = self.vaults[vault.ref.key].record is not None
        return replace(check, outcome=CheckOutcome.FAILED, reasons=(TAKEN,)) if is_taken else check

    async def read_vault(self, vault: ClassicVaultRef) -> ClassicVault:
        return await TimedClassicVaults.read_vault(self, vault)

    async def start_upgrade(
        self, vault: ClassicVault, target: VaultRef, operation_id: str
    ) -> UpgradeRecord:
        record = await TimedClassicVaults.start_upgrade(self, vault, target, operation_id)
        self.begun.append(operation_id)
        return record


class HeldUpWorst(HeldUp, WorstClassicVaults):
    """The worst service, and a machine that is gone for good holds the vault up."""


class OwnClock:
    """A machine's own clock: somebody may set it, while the service's and the engine's go on."""

    def __init__(self, real: FakeClock) -> None:
        self.real = real
        self.wrong_by = timedelta(0)

    def now(self) -> datetime:
        """What this machine believes."""
        return self.real.now() + self.wrong_by


@dataclass(kw_only=True)
class World:
    """One vault and the service that upgrades it."""

    estate: FakeEstate
    classic: WorstClassicVaults

    def with_own_clock(self) -> tuple["World", "OwnClock"]:
        """The same world for a machine whose clock is its own, and that clock."""
        clock = OwnClock(self.estate.clock)
        ports = replace(self.estate.ports, clock=clock)
        return replace(self, estate=replace(self.estate, ports=ports)), clock

    @property
    def target(self) -> VaultRef:
        """The Recovery Services vault to be."""
        return vault_ref()

    def second_estate(self) -> FakeEstate:
        """The same Azure seen from another installation: nothing shared but the service."""
        ports = replace(self.estate.ports, evidence=fake_ports(clock=self.estate.clock).evidence)
        return replace(self.estate, ports=ports)


def make_world(
    kind: type[WorstClassicVaults] = WorstClassicVaults,
    end: UpgradeStatus = UpgradeStatus.UPGRADED,
) -> World:
    """A world at noon with a vault that was never upgraded."""
    clock = FakeClock()
    classic = kind(classic_vault(), clock=clock, duration=DURATION, end=end)
    estate = FakeEstate.make()
    arm = UpgradedVaults(classic, clock)
    arm.add(vault_ref(), settled_vault())
    ports = fake_ports(clock=clock, classic=classic, recovery_services=arm)
    estate = replace(estate, clock=clock, classic=classic, evidence=ports.evidence, ports=ports)
    return World(estate=estate, classic=classic)


def held_up_world() -> World:
    """A world with a machine that has to be unregistered first."""
    world = make_world(HeldUpWorst)
    return replace(world, estate=hold_up(world.estate, cast("HeldUp", world.classic), GONE))
