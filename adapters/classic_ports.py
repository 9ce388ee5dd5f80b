"""What may be asked of classic vaults: the service that upgrades them, and what they hold.

Part of the ports (:mod:`adapters.ports`), in a file of its own because of its size.
"""

from typing import Protocol

from domain.codec import JsonObject
from domain.upgrade import ClassicVault, OperationInfo, PrerequisiteCheck, UpgradeRecord
from domain.vaults import ClassicVaultRef, Reading, VaultRef


class ClassicVaults(Protocol):
    """The classic management API (vault-upgrade 2)."""

    async def list_vaults(self, subscription_id: str) -> tuple[ClassicVault, ...]:
        """Every classic vault of a subscription, Backup and Site Recovery alike."""
        ...

    async def read_vault(self, vault: ClassicVaultRef) -> ClassicVault:
        """The list's entry for one vault; name, region and type are compared without case.

        Raises:
            NotFoundError: The subscription's list does not hold it.
        """
        ...

    async def check_prerequisites(
        self, vault: ClassicVault, target: VaultRef, client_request_id: str
    ) -> PrerequisiteCheck:
        """Asks the service whether the vault may be upgraded. Read-only; may be repeated."""
        ...

    async def start_upgrade(
        self, vault: ClassicVault, target: VaultRef, operation_id: str
    ) -> UpgradeRecord:
        """Starts the upgrade with ``operation_id`` as client request id. Never retried.

        Raises:
            RefusedError: The service refused; nothing was started.
            OutcomeUnknownError: The answer was lost; read the record before anything else.
        """
        ...

    async def read_operation(self, vault: ClassicVault) -> OperationInfo:
        """How the vault's latest upgrade stands."""
        ...


class ClassicContents(Protocol):
    """What a classic Backup vault holds, as Resource Manager shows it (vault-upgrade 2.7)."""

    async def find_vault(self, vault: ClassicVault) -> Reading[str]:
        """The vault's ARM id.

        Raises:
            NotFoundError: Resource Manager shows no such vault.
        """
        ...

    async def list_machines(self, vault_id: str) -> Reading[tuple[JsonObject, ...]]:
        """The machines registered to the vault."""
        ...

    async def list_policies(self, vault_id: str) -> Reading[tuple[JsonObject, ...]]:
        """The vault's policies; their times carry no zone."""
        ...

    async def read_storage(self, vault_id: str) -> Reading[JsonObject]:
        """How the vault's data is stored."""
        ...

    async def unregister_machine(self, path: str) -> None:
        """Unregisters a machine and gives up its backups. Never retried.

        Raises:
            NotFoundError: It is not registered any more.
            RefusedError: The service refused.
            OutcomeUnknownError: The answer was lost; unregistering twice is harmless.
        """
        ...
