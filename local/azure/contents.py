"""What is kept in a vault of simulated Azure: policies, machines, items, jobs, settings."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.codec import JsonObject


class Workload(StrEnum):
    """``backupManagementType``: what is backed up, and by what."""

    VM = "AzureIaasVM"
    FILE_SHARE = "AzureStorage"
    SQL_IN_VM = "AzureWorkload"
    GENERIC = "GenericProtectionPolicy"
    MAB = "MAB"
    AZURE_SQL = "AzureSql"


# Every document is kept: a run in the past follows the one in force then.
@dataclass(kw_only=True)
class PolicyVersion:
    """One document of a policy, in force from a moment on."""

    effective_at: datetime
    properties: JsonObject
    is_foreign: bool = False
    """Written by the other editor of a ``meddle`` fault, not by a caller."""


@dataclass(kw_only=True)
class Policy:
    """One backup policy with every document it had."""

    name: str
    versions: list[PolicyVersion]
    is_hidden: bool = False
    """Known to the agents only: ARM misses it until it is updated there (vault-upgrade 1.7)."""

    def document(self, now: datetime) -> JsonObject:
        """The ``properties`` in force at ``now``."""
        # Before its first version a policy shows that one: vaults are asked about their past.
        in_force = [v for v in self.versions if v.effective_at <= now] or self.versions[:1]
        return in_force[-1].properties

    @property
    def workload(self) -> Workload:
        """What the policy is for; it never changes."""
        return Workload(self.versions[0].properties["backupManagementType"])


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A server with the MARS agent, registered to a vault."""

    name: str
    """Fully qualified, lower case."""
    agent_version: str | None
    """None: the service shows no version, as it did in 2016 (recovery-services 3)."""
    fabric: str = "Azure"


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A DPM server or Azure Backup Server."""

    name: str
    is_dpm: bool
    agent_version: str | None
    dpm_version: str | None
    has_update: bool = False
    """A newer release of the server itself is there."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """Something that is protected."""

    workload: Workload
    name: str
    """What the service calls its friendly name."""
    holder: str
    """Machine, virtual machine, storage account or SQL server it belongs to."""
    policy: str
    protected_since: datetime
    group: str = ""
    """Resource group of the holder, where it has one."""
    state: str | None = None
    """A fixed protectionState; None: Protected from the first backup on, IRPending before."""
    is_classic: bool = False
    is_failing: bool = False
    """Its backups end in failure."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job that is no scheduled backup: configuration, registration, restore."""

    id: str
    workload: Workload
    operation: str
    entity: str
    holder: str
    group: str
    started_at: datetime
    ends_at: datetime
    visible_at: datetime
    end_status: str = "Completed"


@dataclass(kw_only=True)
class VaultSettings:
    """Security and redundancy of a vault, as ARM shows them (recovery-services 2.2, 2.3)."""

    enhanced_security: str = "Enabled"
    soft_delete: str = "Enabled"
    soft_delete_days: int = 14
    immutability: str | None = None
    multi_user_authorization: bool = False
    guards_policy_edits: bool = False
    """The guard asks for consent to every edit of a policy, not only to one that keeps less."""
    redundancy: str = "GeoRedundant"
    cross_region_restore: str = "Disabled"


@dataclass(kw_only=True)
class Contents:
    """What is inside a vault."""

    policies: dict[str, Policy] = field(default_factory=dict)
    """By lower-case name."""
    machines: list[Machine] = field(default_factory=list)
    engines: list[Engine] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    settings: VaultSettings = field(default_factory=VaultSettings)
    protectable: list[tuple[str, str]] = field(default_factory=list)
    """Resource Manager machines that nobody protects yet: name and resource group."""
    diagnostics: dict[str, JsonObject] = field(default_factory=dict)
    """``properties`` of the diagnostic settings by lower-case name."""


@dataclass(frozen=True, kw_only=True)
class PolicyOperation:
    """A policy write that was accepted with 202."""

    id: str
    policy: str
    started_at: datetime
    ends_at: datetime
    job_ids: tuple[str, ...]
