"""One machine of a classic vault, as Resource Manager names it (vault-upgrade 2.7)."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LostMachine:
    """A registered machine that is to be unregistered."""

    name: str
    """``friendlyName``."""
    vault_id: str
    """ARM id of the classic vault."""
    container_id: str
    """The service's number for it; part of the call's address."""

    @property
    def path(self) -> str:
        """Path of the call that unregisters it."""
        return f"{self.vault_id}/backupContainers/{self.container_id}/UnRegisterContainer"
