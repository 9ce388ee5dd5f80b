"""What the rest of vaultlift may ask of the outside world.

Each port is a Protocol; ``adapters/`` holds the real ones, ``tests/fakes.py`` the fakes. Every
method may raise the ServiceError family of :mod:`domain.errors`; reads are retried by the adapter
where that is safe, writes never are.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from adapters.classic_ports import ClassicContents, ClassicVaults
from domain.codec import JsonObject
from domain.estate_map import EstateMap
from domain.exchanges import Exchange
from domain.messages import KeptMessage, MessageBox, QueueMessage, Replayed
from domain.requests import Slot, UpgradeRequest
from domain.upgrade import RunState
from domain.vaults import ClassicVaultRef, Reading, VaultRef


class Clock(Protocol):
    """Tells the time; may run faster than the wall when everything runs on one machine."""

    def now(self) -> datetime:
        """The time now, aware, UTC."""
        ...


@dataclass(frozen=True, kw_only=True)
class PolicyWriteAnswer:
    """What the service said to a policy write (recovery-services 1.4)."""

    status: int
    """200: done. 202: accepted, to be followed by ``operation_id``."""
    operation_id: str | None
    retry_after_s: int | None
    request_id: str | None


class RecoveryServices(Protocol):
    """Recovery Services vaults through ARM. Bodies are the raw JSON, as REST names them."""

    async def list_vaults(self, subscription_id: str) -> Reading[tuple[JsonObject, ...]]:
        """Every Recovery Services vault of a subscription."""
        ...

    async def read_vault(self, vault: VaultRef) -> Reading[JsonObject]:
        """The vault with its ``properties`` (upgradeDetails, securitySettings ...)."""
        ...

    async def read_vault_config(self, vault: VaultRef) -> Reading[JsonObject]:
        """``backupconfig/vaultconfig``: enhanced security and soft delete."""
        ...

    async def list_policies(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """Every backup policy of the vault."""
        ...

    async def read_policy(self, vault: VaultRef, policy_name: str) -> Reading[JsonObject]:
        """One backup policy, whole."""
        ...

    async def write_policy(
        self, vault: VaultRef, policy_name: str, document: JsonObject
    ) -> PolicyWriteAnswer:
        """Replaces one policy by ``document`` (without id, name, type). Never retried.

        Raises:
            RefusedError: The service refused; the policy is unchanged.
            OutcomeUnknownError: The answer was lost; read the policy before anything else.
        """
        ...

    async def read_policy_operation(
        self, vault: VaultRef, policy_name: str, operation_id: str
    ) -> Reading[JsonObject]:
        """Status of a policy write that was answered with 202."""
        ...

    async def read_job(self, vault: VaultRef, job_id: str) -> Reading[JsonObject]:
        """One job, such as the ConfigureBackup job a policy write started."""
        ...

    async def list_agents(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """The registered MARS machines (containers with backupManagementType MAB)."""
        ...

    async def list_engines(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """The registered DPM and Azure Backup Servers, with builds and updates where told."""
        ...

    async def list_items(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """Every protected item of the vault."""
        ...

    async def list_jobs(
        self, vault: VaultRef, since: datetime, until: datetime
    ) -> Reading[tuple[JsonObject, ...]]:
        """Backup jobs that started between two moments (UTC, at most 30 days apart)."""
        ...

    async def list_protectable_vms(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """Virtual machines the service has found and that could be protected here."""
        ...

    async def list_container_counts(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """How many containers of each management type are registered, shown or not."""
        ...

    async def list_guard_proxies(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """The Resource Guards whose consent the vault asks for."""
        ...

    async def list_diagnostic_settings(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """Where the vault's reports go, if anywhere."""
        ...

    async def write_diagnostic_setting(
        self, vault: VaultRef, name: str, document: JsonObject
    ) -> None:
        """Makes or replaces one diagnostic setting. Never retried.

        Raises:
            RefusedError: The service refused; nothing was made.
            OutcomeUnknownError: The answer was lost; read the settings before anything else.
        """
        ...


class Subscriptions(Protocol):
    """What Resource Manager knows about a subscription itself (vault-upgrade 1.1, 1.3, 1.9)."""

    async def read_subscription(self, subscription_id: str) -> Reading[JsonObject]:
        """State and offer of the subscription."""
        ...

    async def list_groups(self, subscription_id: str) -> Reading[tuple[JsonObject, ...]]:
        """Every resource group."""
        ...

    async def read_provider(self, subscription_id: str, namespace: str) -> Reading[JsonObject]:
        """A resource provider with its ``registrationState``."""
        ...

    async def register_provider(self, subscription_id: str, namespace: str) -> Reading[JsonObject]:
        """Asks for a provider's registration; may be repeated, and goes on for a while."""
        ...

    async def read_feature(
        self, subscription_id: str, namespace: str, feature: str
    ) -> Reading[JsonObject]:
        """A feature of a provider with its ``properties.state``.

        Raises:
            NotFoundError: The service knows no such feature.
        """
        ...


class JobLog(Protocol):
    """What Log Analytics knows about a vault's jobs (recovery-services 6)."""

    async def list_last_jobs(
        self, workspace_id: str, vault: VaultRef, since: datetime
    ) -> Reading[tuple[JsonObject, ...]]:
        """The last backup job of each item the workspace knows, one row each.

        Row members: BackupItemUniqueId, BackupItemFriendlyName, BackupItemType,
        BackupItemProtectionState, LastJobStart, LastJobStatus, JobUniqueId; the last three are
        None for an item without a job.

        Raises:
            NotFoundError: The workspace never received a backup table.
        """
        ...

    async def list_arrivals(
        self, workspace_id: str, vault: VaultRef, since: datetime
    ) -> Reading[tuple[JsonObject, ...]]:
        """Which tables have received rows about the vault, one row each.

        Row members: TableName, LastArrival (UTC), RowCount.

        Raises:
            NotFoundError: The workspace never received a backup table.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class EvidenceEntry:
    """A document in the evidence store, and whether this very call put it there."""

    document: JsonObject
    is_new: bool


class ExchangeLog(Protocol):
    """The exchanges with the classic API, kept for Microsoft Support."""

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Within it, every exchange of the running task is appended to the list, redacted."""
        ...


class EvidenceStore(Protocol):
    """Documents that are written once and never changed (DESIGN rule 8).

    Keys are relative paths of letters, digits, ``-``, ``_``, ``.`` and ``/`` ending in ``.json``.
    """

    async def create(self, key: str, document: JsonObject) -> EvidenceEntry:
        """Keeps ``document`` under ``key`` unless the key is taken; gives what is there now."""
        ...

    async def read(self, key: str) -> JsonObject | None:
        """The document under ``key``, or None."""
        ...

    async def list_keys(self, prefix: str) -> tuple[str, ...]:
        """The keys below ``prefix``, sorted."""
        ...


class UpgradeQueue(Protocol):
    """The queue every upgrade comes through, and the boxes of messages that became no run."""

    async def send(self, requests: Sequence[UpgradeRequest]) -> None:
        """Sends one message per request; message and session id are the request's own."""
        ...

    async def reject(self, message: QueueMessage, reason: str) -> None:
        """Keeps a copy of a message that can never be used, with the reason."""
        ...

    async def list_kept(
        self, box: MessageBox, limit: int, from_sequence: int = 0
    ) -> tuple[KeptMessage, ...]:
        """Looks at the messages of a box, oldest first, without taking any."""
        ...

    async def replay(
        self, box: MessageBox, limit: int, only: int | None = None
    ) -> tuple[Replayed, ...]:
        """Sends messages of a box anew and takes them out of it, the oldest first.

        Args:
            box: The box.
            limit: At most so many.
            only: Sequence number of the one message to replay; None: whatever is there.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class UpgradeRun:
    """How the one run of a vault stands."""

    request_id: str
    """Of the request it was begun for."""
    slot: Slot | None
    """The slot it reports to."""
    state: RunState
    is_ended: bool
    updated_at: datetime
    """UTC."""


class UpgradeRuns(Protocol):
    """The runs of ``upgrade_vault``, one per vault.

    Comes with the call, not with :class:`Ports`: each invocation has a durable client of its own.
    """

    async def read(self, vault: ClassicVaultRef) -> UpgradeRun | None:
        """The vault's run; None if there never was one."""
        ...

    async def start(self, request: UpgradeRequest) -> bool:
        """Begins the vault's run, or joins the one that is there; whether it began.

        A run that ended is begun anew for another request only, so that a message delivered twice
        changes nothing (service-bus 6.4).
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Everything an activity or trigger may use; built once by the composition root."""

    classic: ClassicVaults
    classic_contents: ClassicContents
    subscriptions: Subscriptions
    recovery_services: RecoveryServices
    job_log: JobLog
    exchanges: ExchangeLog
    evidence: EvidenceStore
    queue: UpgradeQueue
    clock: Clock
    estate_map: EstateMap = field(default_factory=EstateMap)
    """What the operator knows of the estate; read once, at start."""
    scope: tuple[str, ...] = ()
    """Subscriptions in which a machine of a vault may be registered too."""
