"""Vaults whose upgrade is held up by machines: the check fails while one of them is registered."""

from dataclasses import replace
from typing import Any

from domain.upgrade import CheckOutcome, ClassicVault, PrerequisiteCheck
from domain.vaults import VaultRef
from tests.estate import FakeEstate, TimedClassicVaults, estate_of_one
from tests.fakes import FakeClassicContents, machine_row
from tests.unit.domain.check_samples import service_reason

GONE = "gone.contoso.example"
OLD = "old.contoso.example"


class HeldUp(TimedClassicVaults):
    """Every registered machine has an agent below the floor, or is no more."""

    contents = FakeClassicContents()

    async def check_prerequisites(
        self, vault: ClassicVault, target: VaultRef, client_request_id: str
    ) -> PrerequisiteCheck:
        check = await super().check_prerequisites(vault, target, client_request_id)
        names = [one["uniqueName"] for one in self.contents.machines]
        if not names:
            return check
        table = "|".join(f"{name};2.0.8700.0" for name in names)
        reason = service_reason("AgentVersionNotSupported", table)
        return replace(check, outcome=CheckOutcome.FAILED, reasons=(reason,))


def hold_up(estate: FakeEstate, classic: HeldUp, *machines: str) -> FakeEstate:
    """The estate with these machines registered, and this classic API."""
    classic.contents = estate.classic_contents
    estate.classic_contents.machines = [
        machine_row(name, number) for number, name in enumerate(machines, 7)
    ]
    ports = replace(estate.ports, classic=classic, classic_contents=estate.classic_contents)
    return replace(estate, classic=classic, ports=ports)


def held_up_estate(*machines: str, **upgrade: Any) -> FakeEstate:
    """An estate of one vault that these machines hold up."""
    estate = estate_of_one()
    classic = HeldUp(*estate.classic.vaults.values(), clock=estate.clock, **upgrade)
    estate.recovery_services.classic = classic
    return hold_up(estate, classic, *machines)
