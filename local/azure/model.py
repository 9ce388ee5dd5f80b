"""What simulated Azure knows of vaults and what is around them.

Only facts are stored; whatever changes by itself (a running upgrade, scheduled backups, a policy
write on its way) is computed from these facts and the time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from local.azure.contents import Contents, PolicyOperation
from local.azure.moments import moment_of
from local.azure.names import cloud_service_name, stable_guid, stable_number, vault_id


class RecordStatus(StrEnum):
    """Status of an upgrade record (vault-upgrade 4)."""

    IN_PROGRESS = "InProgress"
    UPGRADED = "Upgraded"
    FAILED = "Failed"


@dataclass(frozen=True, kw_only=True)
class UpgradeRecord:
    """One upgrade. Moments are ticks; ``ended`` may lie ahead, None means it never ends."""

    operation_id: str
    target_path: str
    """NewResourcePath exactly as the caller wrote it."""
    # Ticks, because the wire has seven digits of a second and datetime keeps six (vault-upgrade
    # 2.3).
    started: int
    ended: int | None
    outcome: RecordStatus = RecordStatus.UPGRADED
    trigger: str = "UserTriggered"
    message: str = ""
    error_code: str = ""

    def status(self, now: int) -> RecordStatus:
        """Where the upgrade stands at ``now`` (ticks)."""
        is_over = self.ended is not None and self.ended <= now
        return self.outcome if is_over else RecordStatus.IN_PROGRESS

    @property
    def resource_group(self) -> str:
        """The group of the new vault."""
        # Kept as the caller wrote it: the record echoes the path verbatim, with its case
        # (vault-upgrade 2.3).
        return self.target_path.split("/")[4]


@dataclass(frozen=True, kw_only=True)
class UpgradePlan:
    """How the vault's upgrade will go, once somebody starts it."""

    duration: timedelta | None = timedelta(minutes=20)
    """None: it never comes to an end."""
    failure_code: str = ""
    """Not empty: the first upgrades fail with this code."""
    failure_message: str = ""
    failures: int = 1
    """How many of them fail; the one after that succeeds."""
    may_restart: bool = True
    """A start after a failure is let through, as the published script does (vault-upgrade 3.4);
    False: it is refused."""
    job_sync_delay: timedelta = timedelta(minutes=30)
    """How long after the upgrade jobs become visible; at most 12 hours (vault-upgrade 1.7)."""


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One prerequisite reason that no fact of the vault explains."""

    code: str
    message: str
    severity: str = "Error"
    category: str = "Prerequisite"
    recommended_action: str = ""
    until: datetime | None = None
    """When it goes away; None: it stays."""


@dataclass(frozen=True, kw_only=True)
class ClassicIds:
    """The ids a classic vault shows in the cloud-service list (vault-upgrade 2.1)."""

    namespace: str
    etag: str
    stamp_id: str
    backend_stamp_id: str
    resource_id: int

    @classmethod
    def derive(cls, subscription_id: str, region: str, name: str, namespace: str) -> "ClassicIds":
        """Ids made from the vault's names."""
        parts = (subscription_id, region, name)
        return cls(
            namespace=namespace,
            etag=stable_guid("etag", *parts),
            stamp_id=stable_guid("stamp", region),
            backend_stamp_id=stable_guid("backend stamp", region),
            resource_id=stable_number("resource id", *parts),
        )


@dataclass(kw_only=True)
class Vault:
    """A vault, classic or not, with everything that happened to it."""

    subscription_id: str
    region: str
    name: str
    fill: Callable[[], Contents]
    """Makes the contents when they are first looked at: a large estate must start fast."""
    vault_type: str = "BackupVault"
    classic: ClassicIds | None = None
    """None: it was made as a Recovery Services vault."""
    native_group: str | None = None
    """Resource group of a vault that was never classic."""
    created_at: datetime
    plan: UpgradePlan = UpgradePlan()
    is_storage_billed: bool = False
    is_csp: bool = False
    reasons: tuple[Reason, ...] = ()
    local_zone: str = "UTC"
    """Windows id of the zone that schedules without a zone run in."""
    log_workspace: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    is_guard_granted: bool = False
    """The owner of the Resource Guard has given the caller's identity the role on it."""
    scenario: str = ""
    expected_end: str = ""
    records: list[UpgradeRecord] = field(default_factory=list)
    """Every upgrade, oldest first; the last one is what the services show."""
    starts_received: int = 0
    """How many upgrades callers have started since the estate was opened."""
    policy_edits: list[datetime] = field(default_factory=list)
    operations: dict[str, PolicyOperation] = field(default_factory=dict)

    # Kept once made: writes change it, and must be there at the next look.
    @cached_property
    def contents(self) -> Contents:
        """What is inside."""
        return self.fill()

    @property
    def record(self) -> UpgradeRecord | None:
        """The latest upgrade."""
        return self.records[-1] if self.records else None

    @property
    def cloud_service(self) -> str:
        """Name of the cloud service that holds the classic vault."""
        return cloud_service_name(self.subscription_id, self.region)

    @property
    def resource_group(self) -> str | None:
        """Group of the Recovery Services vault; None while there is none."""
        # The new vault is there from the start of the upgrade, not from its end (vault-upgrade
        # 2.6).
        return self.record.resource_group if self.record else self.native_group

    @property
    def arm_id(self) -> str | None:
        """ARM id of the Recovery Services vault; None while there is none."""
        group = self.resource_group
        return vault_id(self.subscription_id, group, self.name) if group else None

    @property
    def seed(self) -> str:
        """What the ids of everything inside are derived from."""
        return f"{self.subscription_id}/{self.region}/{self.name}".lower()

    def jobs_visible_from(self) -> datetime:
        """When job monitoring data is there (vault-upgrade 1.7): never before the upgrade ended."""
        record = self.record
        if record is None:
            return self.created_at
        # An upgrade without end never brings its monitoring data.
        if record.ended is None:
            return datetime.max.replace(tzinfo=self.created_at.tzinfo)
        return moment_of(record.ended) + self.plan.job_sync_delay


@dataclass(kw_only=True)
class CloudService:
    """A cloud service: the classic container of a region's vaults."""

    name: str
    label: str
    description: str
    region: str


@dataclass(kw_only=True)
class Workspace:
    """A Log Analytics workspace."""

    id: str
    has_tables: bool = True
    """False: no backup data ever arrived, so the tables do not exist."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who may ask for tokens."""

    tenant_id: str
    client_id: str
    client_secret: str
