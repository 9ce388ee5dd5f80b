"""What an operator knows of the estate and no service tells: expected zones, owners of machines.

Rules are tried in the order they stand in; the first one that fits decides, so the narrow rules
come first. How the document is read: :mod:`domain.estate_intake`.
"""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from domain.vaults import VaultRef


def fold_region(region: str) -> str:
    """A region's name as it compares: ``West US`` and ``westus`` are one."""
    return region.replace(" ", "").casefold()


@dataclass(frozen=True, kw_only=True)
class ZoneRule:
    """The zone expected of the vaults that fit; what is empty fits every vault."""

    time_zone: str
    """Canonical Windows id."""
    name: str = ""
    """Pattern of vault names, ``*`` and ``?``, compared without case."""
    region: str = ""
    subscription_id: str = ""

    def fits(self, vault: VaultRef, region: str) -> bool:
        """Whether the rule is about this vault."""
        if self.subscription_id and self.subscription_id.casefold() != vault.subscription_id:
            return False
        if self.region and fold_region(self.region) != fold_region(region):
            return False
        return not self.name or fnmatchcase(vault.name.casefold(), self.name.casefold())


@dataclass(frozen=True, kw_only=True)
class OwnerRule:
    """Who looks after the machines that fit."""

    machine: str
    """Pattern of machine names, compared without case."""
    owner: str

    def fits(self, machine: str) -> bool:
        """Whether the rule is about this machine."""
        return fnmatchcase(machine.casefold(), self.machine.casefold())


@dataclass(frozen=True, kw_only=True)
class EstateMap:
    """Every rule of the map; an empty map answers nothing."""

    zones: tuple[ZoneRule, ...] = field(default=())
    owners: tuple[OwnerRule, ...] = field(default=())

    def owner_of(self, machine: str) -> str:
        """Who looks after a machine; empty where no rule says."""
        return next((rule.owner for rule in self.owners if rule.fits(machine)), "")
