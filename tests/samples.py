"""Values every test starts from; each takes changes by name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.requests import ApprovalMode, UpgradeRequest
from domain.upgrade import ClassicVault, TriggerType, UpgradeRecord, UpgradeStatus
from domain.vaults import ClassicVaultRef, Provenance, VaultRef

NOON = datetime(2017, 9, 5, 12, 0, tzinfo=UTC)
"""When fake time starts: a moment at which classic vaults existed."""
SUBSCRIPTION = "7d7e3b8e-3c1b-4b65-9a43-1f2d6c0a9b11"


def classic_ref(name: str = "vault-clean", region: str = "West US") -> ClassicVaultRef:
    """Names a classic vault of the test subscription."""
    return ClassicVaultRef(subscription_id=SUBSCRIPTION, region=region, name=name)


def vault_ref(name: str = "vault-clean", group: str = "rg-backup-upgraded") -> VaultRef:
    """Names a Recovery Services vault of the test subscription."""
    return VaultRef(subscription_id=SUBSCRIPTION, resource_group=group, name=name)


def upgrade_record(
    operation_id: str = "operation-1",
    status: UpgradeStatus = UpgradeStatus.IN_PROGRESS,
    **changes: Any,
) -> UpgradeRecord:
    """An upgrade record started at noon; ended ten minutes later unless it is still running."""
    running = status is UpgradeStatus.IN_PROGRESS
    ended_at = None if running else NOON + timedelta(minutes=10)
    record = UpgradeRecord(
        operation_id=operation_id,
        status=status,
        trigger_type=TriggerType.USER,
        started_at=NOON,
        last_updated_at=ended_at or NOON,
        ended_at=ended_at,
        message="",
        upgraded_resource_id=vault_ref().arm_id,
        previous_resource_id=None,
    )
    return replace(record, **changes)


def classic_vault(
    ref: ClassicVaultRef | None = None, record: UpgradeRecord | None = None, **changes: Any
) -> ClassicVault:
    """A classic vault as the list gives it; never upgraded unless a record is given."""
    ref = ref or classic_ref()
    vault = ClassicVault(
        ref=ref,
        cloud_service=f"RecoveryServices-TEST-{ref.region.replace(' ', '-')}",
        resource_namespace="WABackup",
        state="Started",
        sub_state="Ok",
        resource_id="4203118877001265590",
        record=record,
        provenance=Provenance(source="GET cloudservices", request_id="request-0", read_at=NOON),
    )
    return replace(vault, **changes)


def upgrade_request(vault: ClassicVaultRef | None = None, **changes: Any) -> UpgradeRequest:
    """A request that needs nobody's approval."""
    request = UpgradeRequest(
        vault=vault or classic_ref(),
        target_resource_group="rg-backup-upgraded",
        request_id="request-1",
        requested_by="operator@example.com",
        requested_at=NOON,
        time_zone="Pacific Standard Time",
        approval=ApprovalMode.AUTOMATIC,
    )
    return replace(request, **changes)
