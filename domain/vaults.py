"""The two kinds of vault, and how each is named.

A classic vault is known by subscription, region, type and name
(facts: vault-upgrade 2.0, 2.1); a Recovery Services vault by its ARM id. All comparisons ignore
case, as the services do (recovery-services 0).
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

VAULT_KEY_LENGTH = 32
"""Hex digits of a vault key: short enough for session and instance ids, and still unique."""

_ARM_VAULT_ID = re.compile(
    r"^/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.RecoveryServices[^/]*/vaults/(?P<name>[^/]+)/?$",
    re.IGNORECASE,
)


PROVISIONING = "Provisioning"
"""ARM's state of a vault while its upgrade runs, or after it failed (vault-upgrade 2.6)."""


class VaultType(StrEnum):
    """The resource types of the classic list; only Backup vaults are upgraded by vaultlift."""

    BACKUP = "BackupVault"
    SITE_RECOVERY = "HyperVRecoveryManagerVault"


def _digest(*parts: str) -> str:
    # A bar separates the parts, which no name may hold: without it, ("ab", "c") and ("a", "bc")
    # would be one vault.
    text = "|".join(part.strip().casefold() for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:VAULT_KEY_LENGTH]


@dataclass(frozen=True, kw_only=True)
class ClassicVaultRef:
    """Names one classic vault."""

    subscription_id: str
    """Lower-case GUID with dashes."""
    region: str
    """The region's display name, as in GeoRegion: ``West US``."""
    name: str
    vault_type: VaultType = VaultType.BACKUP

    @property
    def key(self) -> str:
        """A hash that is the same for every spelling of this vault: 32 hex digits."""
        # The classic list says West US where ARM and people say westus; both must find the same
        # run.
        region = self.region.replace(" ", "")
        return _digest("classic", self.subscription_id, region, self.vault_type, self.name)

    def __str__(self) -> str:
        """How the vault is named to people."""
        return f"{self.name} ({self.region}, subscription {self.subscription_id})"


@dataclass(frozen=True, kw_only=True)
class VaultRef:
    """Names one Recovery Services vault."""

    subscription_id: str
    resource_group: str
    name: str

    @property
    def arm_id(self) -> str:
        """The ARM resource id, spelt as the upgrade call spells it (``Vaults``)."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.RecoveryServices/Vaults/{self.name}"
        )

    @property
    def key(self) -> str:
        """A hash that is the same for every spelling of this vault: 32 hex digits."""
        return _digest("rsv", self.subscription_id, self.resource_group, self.name)

    @classmethod
    def parse(cls, arm_id: str) -> "VaultRef":
        """The vault an ARM id names.

        Raises:
            ValueError: The text is not the ARM id of a Recovery Services vault.
        """
        found = _ARM_VAULT_ID.match(arm_id.strip())
        if found is None:
            raise ValueError(f"not the ARM id of a Recovery Services vault: {arm_id!r}")
        return cls(
            subscription_id=found["subscription"].lower(),
            resource_group=found["group"],
            name=found["name"],
        )

    def __str__(self) -> str:
        """How the vault is named to people."""
        return f"{self.name} (resource group {self.resource_group})"


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where a reading comes from, so that every verdict can name its source."""

    source: str
    """Method and path of the call, without query string or tokens."""
    request_id: str | None
    """The service's ``x-ms-request-id``, or None when it sent none."""
    read_at: datetime
    """When it was read, UTC."""


@dataclass(frozen=True, kw_only=True)
class Reading[T]:
    """A value read from a service together with where it comes from."""

    value: T
    provenance: Provenance
