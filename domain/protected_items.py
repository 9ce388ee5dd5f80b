"""Protected items as listed, reduced to what the checks after an upgrade ask (recovery-services 4).

Items arrive as raw JSON: the SDK loses the subtype of most of them (recovery-services 0).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.codec import JsonObject
from domain.documents import integer_at, text_at, value_at
from domain.moments import parse_moment
from domain.policy_machines import holder_name

CLASSIC_VM = "microsoft.classiccompute/virtualmachines"
ARM_VM = "microsoft.compute/virtualmachines"

DEFAULT_SOFT_DELETE_DAYS = 14
"""How long deleted data is kept where the item does not say (recovery-services 4)."""

_SERVERS = frozenset({"dpm", "azurebackupserver"})
_UNDATED = _SERVERS | {"azuresql"}
"""Kinds whose items have no ``lastBackupTime`` at all (the SDK's models of them)."""

_FAILED = frozenset({"failed", "unhealthy", "cancelled"})
"""Words of ``lastBackupStatus`` after which there is no recovery point; virtual machines and
databases each have their own (recorded bodies). An open set: no other word counts as a failure."""

# Classic:  VM;iaasvmcontainer;<group>;<vm>     ARM:  VM;iaasvmcontainerv2;<group>;<vm>
_CLASSIC_NAME = re.compile(r"(?:^|;)iaasvmcontainer;", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ProtectedItem:
    """What is needed of a protected item."""

    name: str
    holder: str
    """The machine, server or account that holds it, as shown; may be empty."""
    item_type: str
    """``protectedItemType``, case-folded."""
    management_type: str
    state: str
    """``protectionState`` as sent."""
    policy_name: str
    """Empty for stopped and deleted items, and for agents whose policy ARM does not show."""
    has_policy: bool
    last_backup_at: datetime | None
    """UTC; None for never. A backup that failed has its time here as well."""
    last_backup_status: str
    """As sent: Completed, Failed, Healthy, Unhealthy ...; empty where the kind has none."""
    last_recovery_point_at: datetime | None
    deleted_at: datetime | None
    """UTC; when the deletion of a soft-deleted item was asked for."""
    is_soft_deleted: bool
    soft_delete_days: int

    def __str__(self) -> str:
        """How the item is named to people."""
        is_own_holder = self.holder.casefold() in {"", self.name.casefold()}
        return self.name if is_own_holder else f"{self.name} on {self.holder}"

    @property
    def is_classic_vm(self) -> bool:
        """A virtual machine of the classic deployment model."""
        return self.item_type == CLASSIC_VM

    @property
    def is_of_server(self) -> bool:
        """Protected by a DPM or Azure Backup Server, by whose protection groups it goes."""
        return self.management_type.casefold() in _SERVERS

    @property
    def is_undated(self) -> bool:
        """Of a kind that the service tells no last backup of."""
        return self.management_type.casefold() in _UNDATED

    @property
    def last_copy_at(self) -> datetime | None:
        """UTC; when it was last backed up, as far as the service tells of items of its kind."""
        return self.last_recovery_point_at if self.is_undated else self.last_backup_at

    @property
    def has_failed(self) -> bool:
        """The last backup made no recovery point."""
        return self.last_backup_status.casefold() in _FAILED

    @property
    def is_protected(self) -> bool:
        """Backups are meant to run."""
        # IRPending waits for its first copy: protected, though nothing can be restored yet
        # (recovery-services 4).
        return self.state.casefold() in {"protected", "irpending"}

    @property
    def purged_at(self) -> datetime | None:
        """When a soft-deleted item's data goes for good; the service names the other end (4)."""
        if self.deleted_at is None:
            return None
        return self.deleted_at + timedelta(days=self.soft_delete_days)


def _text(item: JsonObject, member: str) -> str:
    return text_at(item, ("properties", member))


def _days(item: JsonObject) -> int:
    # Wire and SDK disagree about the name of this member (recovery-services 0).
    for member in ("softDeleteRetentionPeriodInDays", "softDeleteRetentionPeriod"):
        days = integer_at(item, ("properties", member)) or 0
        if days > 0:
            return days
    return DEFAULT_SOFT_DELETE_DAYS


def _type(item: JsonObject) -> str:
    told = _text(item, "protectedItemType").casefold()
    if told in {CLASSIC_VM, ARM_VM} or _text(item, "backupManagementType") != "AzureIaasVM":
        return told
    # Old bodies call both kinds of machine by one type; the name tells them apart.
    names = (str(item.get("name") or ""), _text(item, "containerName"))
    return CLASSIC_VM if any(_CLASSIC_NAME.search(name) for name in names) else ARM_VM


def parse_protected_item(item: JsonObject) -> ProtectedItem:
    """A protected item as listed; never fails, whatever is missing."""
    return ProtectedItem(
        name=_text(item, "friendlyName") or str(item.get("name") or "").rpartition(";")[2],
        holder=holder_name(item),
        item_type=_type(item),
        management_type=_text(item, "backupManagementType"),
        state=_text(item, "protectionState"),
        policy_name=_text(item, "policyName"),
        has_policy=bool(_text(item, "policyName") or _text(item, "policyId")),
        last_backup_at=parse_moment(value_at(item, ("properties", "lastBackupTime"))),
        last_backup_status=_text(item, "lastBackupStatus"),
        last_recovery_point_at=parse_moment(value_at(item, ("properties", "lastRecoveryPoint"))),
        deleted_at=parse_moment(value_at(item, ("properties", "deferredDeleteTimeInUTC"))),
        is_soft_deleted=value_at(item, ("properties", "isScheduledForDeferredDelete")) is True,
        soft_delete_days=_days(item),
    )


@dataclass(frozen=True, kw_only=True)
class Twin:
    """A Resource Manager machine named as a classic one, and not protected yet."""

    classic: ProtectedItem
    machine_id: str
    """ARM id of the machine."""


def unprotected_twins(
    items: Iterable[ProtectedItem], protectable: Iterable[JsonObject]
) -> tuple[Twin, ...]:
    """The classic machines that were moved to Resource Manager and are not backed up there.

    Args:
        items: The vault's items.
        protectable: Machines the service has found and that could be protected, raw.
    """
    # By name: moving a machine to Resource Manager keeps it, and nothing else links the two.
    classic = {one.name.casefold(): one for one in items if one.is_classic_vm}
    found = []
    for machine in protectable:
        twin = classic.get(_text(machine, "friendlyName").casefold())
        is_arm = _text(machine, "protectableItemType").casefold() == ARM_VM
        is_open = _text(machine, "protectionState").casefold() == "notprotected"
        if twin is not None and is_arm and is_open:
            found.append(Twin(classic=twin, machine_id=_text(machine, "virtualMachineId")))
    return tuple(found)
