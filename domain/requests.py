"""A request to upgrade one vault, as it travels from CLI and HTTP over the queue into a run."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.vaults import ClassicVaultRef, VaultRef

SCHEMA_VERSION = 1
"""Version of the queue message's body; a higher one is rejected, not guessed at."""


class ApprovalMode(StrEnum):
    """When a person must agree before the upgrade is started."""

    REQUIRED = "required"
    ON_WARNINGS = "on-warnings"
    AUTOMATIC = "automatic"


class TimeZoneMode(StrEnum):
    """What keeps still when a policy's zone changes (DESIGN rule 6)."""

    SET_ZONE = "set-zone"
    """The clock time stays, the moment moves: what the article asks for."""
    KEEP_MOMENT = "keep-moment"
    """The moment stays, the clock time is rewritten."""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """The place a vault takes among those in flight, and who waits for it to become free."""

    holder: str
    """Orchestration instance that paces the starts: a campaign's, or the one of admission."""
    position: int
    """The vault's number in the holder's own order."""


@dataclass(frozen=True, kw_only=True)
class UpgradeRequest:
    """Everything a run needs to know about one vault."""

    vault: ClassicVaultRef
    target_resource_group: str
    request_id: str
    """Chosen by whoever asked; the same id sent twice is the same request."""
    requested_by: str
    requested_at: datetime
    """UTC."""
    time_zone: str | None = None
    """Canonical Windows zone id for every policy that has a zone; None: somebody must decide."""
    time_zone_mode: TimeZoneMode = TimeZoneMode.SET_ZONE
    approval: ApprovalMode = ApprovalMode.REQUIRED
    accept_warnings: bool = False
    """Consent to what the prerequisite check warns of, such as the change to instance billing."""
    create_resource_group: bool = False
    """Consent to a target resource group that does not exist yet: the service makes it."""
    register_providers: bool = False
    """Consent to registering resource providers of the subscription, where they are not."""
    unregister_machines: tuple[str, ...] = ()
    """Machines that are gone for good: unregistered before the start, their backups given up."""
    approval_hours: int | None = None
    """How long the plan waits for an answer; None: as the installation is set."""
    log_workspace_id: str | None = None
    """Workspace that receives the vault's diagnostics; None: jobs are read from ARM only."""
    protected_items: int | None = None
    """How many items the vault protects, where the caller knows: large vaults take longest."""
    slot: Slot | None = None
    """None: nobody paces this vault yet."""

    @property
    def target(self) -> VaultRef:
        """The Recovery Services vault the upgrade makes; it keeps the classic vault's name."""
        return VaultRef(
            subscription_id=self.vault.subscription_id,
            resource_group=self.target_resource_group,
            name=self.vault.name,
        )

    @property
    def message_id(self) -> str:
        """The queue message's id: a re-sent request has the same one (service-bus 6.2)."""
        # Derived and never drawn: the queue drops a second message of the same id, and that is the
        # only protection there is against a sender who repeats itself (service-bus 6.2, 6.6).
        text = f"{self.vault.key}|upgrade|{self.request_id}"
        return hashlib.sha256(text.encode()).hexdigest()


def upgrade_instance_id(vault: ClassicVaultRef) -> str:
    """The one orchestration instance for this vault: a second request joins the first."""
    return f"upgrade-{vault.key}"


def settle_instance_id(vault: VaultRef) -> str:
    """The one settling instance for this Recovery Services vault."""
    return f"settle-{vault.key}"
