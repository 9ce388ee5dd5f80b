"""The rows of an estate file and what makes one valid; members are written in camelCase."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic.alias_generators import to_camel

from local.azure.contents import VaultSettings
from local.azure.moments import parse_span
from local.azure.policy_documents import ZONELESS
from local.azure.schedules import ZONES
from local.azure.subscriptions import Subscription, registered_features, registered_providers

GUID_PATTERN = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
VERSION_PATTERN = r"^\d+(\.\d+){3}$"


def _span(value: Any) -> Any:
    return parse_span(value) if isinstance(value, str) else value


def _open_span(value: Any) -> Any:
    # YAML reads an empty member as null, which would silently mean never.
    if value is None:
        raise ValueError("leave it out, or write never")
    return None if value == "never" else _span(value)


def _known_zone(value: str) -> str:
    if value not in ZONES:
        raise ValueError(f"not a Windows time zone id: {value!r}")
    return value


type Span = Annotated[timedelta, BeforeValidator(_span)]
type OpenSpan = Annotated[timedelta | None, BeforeValidator(_open_span)]
"""A span, or the word ``never``, which reads as None."""
type Guid = Annotated[str, Field(pattern=GUID_PATTERN)]
type Zone = Annotated[str, BeforeValidator(_known_zone)]
type ItemType = Literal["vm", "classic-vm", "file-share", "sql", "folder", "azure-sql", "generic"]

POLICY_TYPES_OF: dict[str, frozenset[str]] = {
    "vm": frozenset({"vm", "vm-enhanced"}),
    "classic-vm": frozenset({"vm"}),
    "file-share": frozenset({"file-share"}),
    "sql": frozenset({"sql"}),
    "folder": frozenset({"mab"}),
    "azure-sql": frozenset({"azure-sql"}),
    "generic": frozenset({"generic"}),
}
"""Which policies may protect which items."""


class Row(BaseModel):
    """Base of every row: unknown members are errors, not silently dropped."""

    model_config = ConfigDict(
        extra="forbid", alias_generator=to_camel, populate_by_name=True, frozen=True
    )


class PolicyRow(Row):
    """A backup policy, made from a few members."""

    name: str
    type: Literal["vm", "vm-enhanced", "file-share", "sql", "generic", "mab", "azure-sql"]
    run_time: str = Field(default="22:30", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    # 9,999 recovery points are all that one instance can have (recovery-services 8).
    days: int = Field(default=30, ge=1, le=9999)
    time_zone: Zone | None = None
    """Windows id; left out: the policy has no ``timeZone`` member, as in 2016."""
    hidden: bool = False
    """Known to the agents only; ARM does not show it."""

    @model_validator(mode="after")
    def _members_fit(self) -> Self:
        # Rather an error than a zone that would be lost without a word.
        if self.type in ZONELESS and self.time_zone is not None:
            raise ValueError(f"policies of type {self.type} have no time zone")
        if self.hidden and self.type != "mab":
            raise ValueError("only policies of agents can be hidden from ARM")
        return self


class MachineRow(Row):
    """A server with the MARS agent."""

    name: str
    agent_version: str | None = Field(default=None, pattern=VERSION_PATTERN)
    # The recorded lists have both, so clients must take the fabric from the id they were given
    # (recovery-services 3).
    fabric: Literal["Azure", "ActiveDirectory"] = "Azure"


class EngineRow(Row):
    """A DPM server or Azure Backup Server."""

    name: str
    type: Literal["dpm", "mabs"]
    agent_version: str | None = Field(default=None, pattern=VERSION_PATTERN)
    dpm_version: str | None = None
    has_update: bool = False


class ItemRow(Row):
    """A protected item."""

    type: ItemType
    name: str
    holder: str | None = None
    """Machine, VM, account or server; left out for a VM, whose name it is."""
    group: str = "rg-workloads"
    policy: str = ""
    protected_for: Span = timedelta(days=400)
    """How long it had been protected when the estate was opened."""
    state: str | None = None
    failing: bool = False

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.holder is None and self.type not in ("vm", "classic-vm"):
            raise ValueError(f"an item of type {self.type} needs a holder")
        if not self.policy and self.state != "ProtectionStopped":
            raise ValueError("only an item whose protection is stopped has no policy")
        return self


class ProtectableRow(Row):
    """A Resource Manager machine that could be protected and is not."""

    name: str
    group: str = "rg-workloads"


class JobRow(Row):
    """A job that is no scheduled backup."""

    operation: str
    type: ItemType
    entity: str
    holder: str
    group: str = "rg-workloads"
    started_ago: Span
    lasts: Span


class FailureRow(Row):
    """How an upgrade fails."""

    code: str = Field(min_length=1)
    message: str
    times: int = Field(default=1, ge=1)
    """How many upgrades in a row; a later one, that support has allowed, succeeds."""


class UpgradeRow(Row):
    """How the upgrade will go, once started."""

    # The upper end of what is typical (vault-upgrade 1.6).
    duration: OpenSpan = timedelta(minutes=20)
    """``never``: it gets stuck."""
    fails: FailureRow | None = None
    may_restart: bool = True
    job_sync: Span = timedelta(minutes=30)


class RecordRow(Row):
    """An upgrade that was started before the estate was opened."""

    operation_id: str
    resource_group: str
    started_ago: Span
    lasted: OpenSpan = timedelta(minutes=20)
    status: Literal["Upgraded", "Failed"] = "Upgraded"
    trigger: Literal["UserTriggered", "ForcedUpgrade"] = "UserTriggered"
    message: str = ""
    error_code: str = ""


class NativeRow(Row):
    """A vault that was made as a Recovery Services vault."""

    resource_group: str


class ReasonRow(Row):
    """A prerequisite reason that no other member explains."""

    code: str
    message: str
    type: Literal["Error", "Warning"] = "Error"
    # No real category or code was ever published (vault-upgrade 3.2), so clients may not rely on
    # any, and an estate may make up its own.
    category: str = "Prerequisite"
    recommended_action: str = ""
    lasts: Span | None = None
    """How long after the opening it stays; left out: for good."""


class SettingsRow(Row):
    """Security and redundancy."""

    enhanced_security: Literal["Enabled", "Disabled"] = "Enabled"
    soft_delete: Literal["Enabled", "Disabled", "AlwaysON"] = "Enabled"
    soft_delete_days: int = Field(default=14, ge=14, le=180)
    immutability: Literal["Disabled", "Unlocked", "Locked"] | None = None
    multi_user_authorization: bool = False
    guards_policy_edits: bool = False
    redundancy: Literal["GeoRedundant", "LocallyRedundant", "ZoneRedundant"] = "GeoRedundant"
    cross_region_restore: Literal["Enabled", "Disabled"] = "Disabled"

    def build(self) -> VaultSettings:
        """The settings a vault keeps."""
        return VaultSettings(**self.model_dump())


class VaultRow(Row):
    """One vault with its scenario."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{1,49}$")
    region: str
    scenario: str = ""
    """What the vault is there to show, in a few words."""
    expected_end: str = ""
    """State in which an upgrade run of this vault should end."""
    type: Literal["BackupVault", "HyperVRecoveryManagerVault"] = "BackupVault"
    namespace: str = "WABackup"
    """The production namespace of Backup vaults was never published (vault-upgrade 5.1)."""
    storage_billed: bool = False
    csp: bool = False
    local_zone: Zone = "UTC"
    log_workspace: str | None = None
    # Older than any upgrade: the cmdlets came in spring 2017 (vault-upgrade 1.8).
    created: AwareDatetime = datetime.fromisoformat("2015-06-15T08:00:00Z")
    upgrade: UpgradeRow = UpgradeRow()
    record: RecordRow | None = None
    native: NativeRow | None = None
    reasons: tuple[ReasonRow, ...] = ()
    settings: SettingsRow = SettingsRow()
    policies: tuple[PolicyRow, ...] = ()
    machines: tuple[MachineRow, ...] = ()
    engines: tuple[EngineRow, ...] = ()
    items: tuple[ItemRow, ...] = ()
    jobs: tuple[JobRow, ...] = ()
    protectable: tuple[ProtectableRow, ...] = ()
    tags: dict[str, str] = {}
    reports: Literal["none", "whole", "partial", "legacy", "doubled"] | None = None
    """Diagnostic settings; left out: whole where there is a workspace, else none."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.native and self.record:
            raise ValueError("a vault that was never classic has no upgrade record")
        # Compared as Azure does, without case: names that differ in nothing else are one policy.
        types = {policy.name.lower(): policy.type for policy in self.policies}
        if len(types) != len(self.policies):
            raise ValueError("two policies have the same name")
        machines = {machine.name.lower() for machine in self.machines}
        for item in self.items:
            _demand_item_fits(item, types, machines)
        return self


def _demand_item_fits(item: ItemRow, types: Mapping[str, str], machines: set[str]) -> None:
    if item.policy and types.get(item.policy.lower()) not in POLICY_TYPES_OF[item.type]:
        raise ValueError(
            f"item {item.name!r}: no policy {item.policy!r} that can protect a {item.type}"
        )
    if item.type == "folder" and (item.holder or "").lower() not in machines:
        raise ValueError(f"item {item.name!r}: no machine {item.holder!r} in the vault")


class WorkspaceRow(Row):
    """A Log Analytics workspace."""

    id: Guid
    has_tables: bool = True


class SubscriptionRow(Row):
    """A subscription with its vaults."""

    id: Guid
    vaults: tuple[VaultRow, ...]
    resource_groups: tuple[str, ...] = Subscription.groups
    """Groups that are there when the estate is opened."""
    state: Literal["Enabled", "Disabled", "Warned", "PastDue"] = "Enabled"
    quota_id: str = Subscription.quota_id
    providers: dict[str, str] = Field(default_factory=registered_providers)
    features: dict[str, str] = Field(default_factory=registered_features)
    registration_takes: Span = Subscription.registration_takes

    def build(self) -> Subscription:
        """The subscription without its vaults."""
        return Subscription(
            id=self.id,
            groups=self.resource_groups,
            state=self.state,
            quota_id=self.quota_id,
            providers=dict(self.providers),
            features=dict(self.features),
            registration_takes=self.registration_takes,
        )


class EstateFile(Row):
    """A whole estate file."""

    estate_schema: Literal["vaultlift/estate/1"] = Field(alias="schema")
    tenant_id: Guid = "2c9f3f0a-6b55-4a0f-9a53-0a5b6f0c1d11"
    client_id: Guid = "b1f4a1c2-8d5e-4c0e-9b2d-5f1f0e6a7c22"
    client_secret: str = "simulated-azure-only"  # noqa: S105 - guards nothing
    page_size: int = Field(default=200, ge=1, le=1000)
    workspaces: tuple[WorkspaceRow, ...] = ()
    subscriptions: tuple[SubscriptionRow, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.subscriptions:
            raise ValueError("an estate needs at least one subscription")
        known = {workspace.id for workspace in self.workspaces} | {None}
        for subscription in self.subscriptions:
            for vault in subscription.vaults:
                if vault.log_workspace not in known:
                    raise ValueError(f"{vault.name}: no workspace {vault.log_workspace}")
        return self
