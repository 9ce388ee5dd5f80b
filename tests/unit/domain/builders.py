"""Builds the domain's values for tests: everything has a sensible default."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.requests import UpgradeRequest
from domain.upgrade import (
    CheckOutcome,
    ClassicVault,
    PrerequisiteCheck,
    PrerequisiteReason,
    Severity,
    TriggerType,
    UpgradeRecord,
    UpgradeStatus,
)
from domain.vaults import ClassicVaultRef, Provenance, Reading, VaultRef

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SUBSCRIPTION = "5d6e7f80-1234-4abc-9def-0123456789ab"
OTHER_SUBSCRIPTION = "6e7f8091-2345-4bcd-8ef0-123456789abc"
VAULT = ClassicVaultRef(subscription_id=SUBSCRIPTION, region="West US", name="vault-one")
TARGET = VaultRef(subscription_id=SUBSCRIPTION, resource_group="rg-upgraded", name="vault-one")
PROVENANCE = Provenance(source="GET /a/path", request_id="request-1", read_at=NOW)


def upgrade_request(**changes: Any) -> UpgradeRequest:
    """A request to upgrade ``VAULT``, with the given fields changed."""
    values: dict[str, Any] = {
        "vault": VAULT,
        "target_resource_group": "rg-upgraded",
        "request_id": "request-7",
        "requested_by": "ada@example.org",
        "requested_at": NOW,
    }
    return UpgradeRequest(**(values | changes))


def classic_vault(record: UpgradeRecord | None = None) -> ClassicVault:
    """``VAULT`` as the classic list gives it."""
    return ClassicVault(
        ref=VAULT,
        cloud_service="RecoveryServices-HASH-West-US",
        resource_namespace="WABackup",
        state="Started",
        sub_state="Ok",
        resource_id="4711",
        record=record,
        provenance=PROVENANCE,
    )


def reason(severity: Severity, *, code: str, message: str) -> PrerequisiteReason:
    """One reason of a prerequisite check."""
    return PrerequisiteReason(
        severity=severity,
        category="Category",
        code=code,
        message=message,
        rows=((message,),),
        recommended_action="",
    )


def prerequisite_check(
    *reasons: PrerequisiteReason, client_request_id: str = "check-1"
) -> PrerequisiteCheck:
    """A check that came to these reasons."""
    return PrerequisiteCheck(
        outcome=CheckOutcome.WITH_WARNINGS if reasons else CheckOutcome.SUCCEEDED,
        reasons=reasons,
        client_request_id=client_request_id,
        provenance=PROVENANCE,
    )


def upgrade_record(status: UpgradeStatus = UpgradeStatus.UPGRADED, **changes: Any) -> UpgradeRecord:
    """A record of an upgrade of twenty minutes that ended at ``NOW``."""
    values: dict[str, Any] = {
        "operation_id": "operation-1",
        "status": status,
        "trigger_type": TriggerType.USER,
        "started_at": NOW - timedelta(minutes=20),
        "last_updated_at": NOW,
        "ended_at": NOW,
        "message": "",
        "upgraded_resource_id": TARGET.arm_id,
        "previous_resource_id": None,
    }
    return UpgradeRecord(**(values | changes))


def reading[T](value: T) -> Reading[T]:
    """A value as if just read."""
    return Reading(value=value, provenance=PROVENANCE)
