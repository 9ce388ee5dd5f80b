"""Recovery Services vaults through ARM: the vault itself, its configuration, its counts."""

from collections import Counter
from datetime import datetime

from domain.codec import JsonObject
from local.azure.arm_common import (
    INVALID_INPUT,
    arm_id,
    demand_manageable,
    demand_subscription,
    find_vault,
    page,
    parse_filter,
)
from local.azure.contents import VaultSettings, Workload
from local.azure.exchange import Answer, Call, NotUnderstood, ServiceRefusal, json_answer
from local.azure.model import Vault
from local.azure.moments import END_NOT_REACHED, format_moment, format_ticks, ticks_of
from local.azure.names import location_of
from local.azure.upgrades import provisioning_state

FULL_PROPERTIES_SINCE = "2022-01-01"
"""Older api-versions show only provisioningState (and upgradeDetails): recovery-services 2.3."""
_ENHANCED_SECURITY = frozenset({"Enabled", "Disabled"})
_SOFT_DELETE = frozenset({"Enabled", "Disabled", "AlwaysON"})
_READ_ONLY = "isSoftDeleteFeatureStateEditable"
_CONFIG_MEMBERS = frozenset({"enhancedSecurityState", "softDeleteFeatureState", _READ_ONLY})
"""What the service sends (2.2); what else the definition names has no effect here."""
_SUMMARY_NAMES = {
    Workload.VM: "Azure Virtual Machine",
    Workload.MAB: "Azure Backup Agent",
    Workload.FILE_SHARE: "Azure Storage (Azure Files)",
    Workload.SQL_IN_VM: "SQL in Azure VM",
    Workload.AZURE_SQL: "Azure SQL",
}


def list_by_subscription(call: Call) -> Answer:
    """Every Recovery Services vault of a subscription."""
    subscription = demand_subscription(call)
    # Classic vaults are not there; those whose upgrade runs or failed are (vault-upgrade 1.3).
    vaults = [vault for vault in call.state.vaults_of(subscription) if vault.arm_id]
    return page(call, [_document(call, vault) for vault in vaults])


def list_by_group(call: Call) -> Answer:
    """Every Recovery Services vault of a resource group."""
    subscription, group = demand_subscription(call), call.params["group"]
    # A group that is missing is no empty list: the first will be made by the service during the
    # upgrade, the second is there and has room for the name (vault-upgrade 1.3).
    if not call.state.has_group(subscription, group):
        raise ServiceRefusal(
            404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found."
        )
    vaults = [
        vault
        for vault in call.state.vaults_of(subscription)
        if (vault.resource_group or "").lower() == group.lower()
    ]
    return page(call, [_document(call, vault) for vault in vaults])


def read(call: Call) -> Answer:
    """One vault."""
    return json_answer(_document(call, find_vault(call)))


def _document(call: Call, vault: Vault) -> JsonObject:
    properties: JsonObject = {
        "provisioningState": provisioning_state(vault, call.now),
        "privateEndpointStateForBackup": "None",
        "privateEndpointStateForSiteRecovery": "None",
    }
    # Versions are dates, so that the order of the text is the order of time.
    if call.query.get("api-version", "") >= FULL_PROPERTIES_SINCE:
        properties |= _full_properties(vault)
    details = _upgrade_details(vault, call.now)
    if details is not None:
        properties["upgradeDetails"] = details
    changed_at = format_moment(_changed_at(vault, call.now)).replace(":", "%3A")
    return {
        "location": location_of(vault.region),
        "name": vault.name,
        "etag": f"W/\"datetime'{changed_at}'\"",
        "properties": properties,
        "id": arm_id(vault),
        "type": "Microsoft.RecoveryServices/vaults",
        "sku": {"name": "RS0", "tier": "Standard"},
        **({"tags": dict(vault.tags)} if vault.tags else {}),
    }


def _changed_at(vault: Vault, now: datetime) -> datetime:
    # The real etag moves with every change of the vault; only the upgrade changes it here.
    record = vault.record
    if record is None or record.ended is None or record.ended > ticks_of(now):
        return vault.created_at
    return max(vault.created_at, vault.jobs_visible_from() - vault.plan.job_sync_delay)


def _full_properties(vault: Vault) -> JsonObject:
    settings = vault.contents.settings
    immutability = settings.immutability
    return {
        "backupStorageVersion": "V1",
        "securitySettings": {
            # The member may be null (recovery-services 2.3): who reads into it without looking
            # fails here, not first in Azure.
            "immutabilitySettings": {"state": immutability} if immutability else None,
            "softDeleteSettings": {
                "softDeleteRetentionPeriodInDays": settings.soft_delete_days,
                "softDeleteState": settings.soft_delete,
                "enhancedSecurityState": settings.enhanced_security,
            },
            "multiUserAuthorization": _state(is_on=settings.multi_user_authorization),
        },
        "redundancySettings": {
            "standardTierStorageRedundancy": settings.redundancy,
            "crossRegionRestore": settings.cross_region_restore,
        },
        "secureScore": "Minimum" if immutability else "None",
        "bcdrSecurityLevel": "Fair" if immutability else "Poor",
        "publicNetworkAccess": "Enabled",
        "restoreSettings": {
            "crossSubscriptionRestoreSettings": {"crossSubscriptionRestoreState": "Enabled"}
        },
    }


def _state(*, is_on: bool) -> str:
    return "Enabled" if is_on else "Disabled"


def _upgrade_details(vault: Vault, now: datetime) -> JsonObject | None:
    record = vault.record
    if record is None:
        return None
    # No filled example was ever published: the members are those of the definition
    # (recovery-services 2.4).
    is_over = record.ended is not None and record.ended <= ticks_of(now)
    # The classic record says its open end without a Z; ARM is taken to use the same sentinel.
    end = format_ticks(record.ended) if is_over and record.ended else END_NOT_REACHED
    return {
        "operationId": record.operation_id,
        "startTimeUtc": format_ticks(record.started),
        "lastUpdatedTimeUtc": end if is_over else format_ticks(record.started),
        "endTimeUtc": end,
        "status": record.status(ticks_of(now)).value,
        "message": record.message if is_over else "",
        "triggerType": record.trigger,
        "upgradedResourceId": record.target_path,
        # Never seen filled (vault-upgrade 5.7); taken to be the id the vault had in ARM (2.7).
        "previousResourceId": (
            f"/subscriptions/{vault.subscription_id}/resourceGroups/{vault.cloud_service}"
            f"/providers/microsoft.backup/BackupVault/{vault.name}"
        ),
    }


def read_config(call: Call) -> Answer:
    """``backupconfig/vaultconfig``: the three members the service really sends (2.2)."""
    return json_answer(_config(find_vault(call)))


def write_config(call: Call) -> Answer:
    """Changes the configuration; synchronous (recovery-services 2.1)."""
    vault = find_vault(call)
    demand_manageable(vault, call.now)
    sent = _sent_config(call)
    settings = vault.contents.settings
    enhanced = sent.get("enhancedSecurityState", settings.enhanced_security)
    soft_delete = sent.get("softDeleteFeatureState", settings.soft_delete)
    if enhanced not in _ENHANCED_SECURITY or soft_delete not in _SOFT_DELETE:
        raise ServiceRefusal(400, *INVALID_INPUT)
    _demand_may_weaken(settings, soft_delete)
    settings.enhanced_security, settings.soft_delete = enhanced, soft_delete
    return json_answer(_config(vault))


def _sent_config(call: Call) -> dict[str, str]:
    sent = call.json_body().get("properties")
    if not isinstance(sent, dict):
        raise ServiceRefusal(400, *INVALID_INPUT)
    unknown = sorted(sent.keys() - _CONFIG_MEMBERS)
    if unknown:
        raise NotUnderstood(f"the member {unknown[0]} of vaultconfig")
    # Read-only; who sends back what was read changes nothing by it.
    words = {name: word for name, word in sent.items() if name != _READ_ONLY}
    if not all(isinstance(word, str) for word in words.values()):
        raise ServiceRefusal(400, *INVALID_INPUT)
    return words


def _demand_may_weaken(settings: VaultSettings, soft_delete: str) -> None:
    is_weaker = soft_delete == "Disabled" and settings.soft_delete != "Disabled"
    # Turned on for good: not even the owner of a guard can take it back.
    if is_weaker and settings.soft_delete == "AlwaysON":
        raise ServiceRefusal(400, *INVALID_INPUT)
    if is_weaker and settings.multi_user_authorization:
        raise ServiceRefusal(
            403,
            "UserErrorResourceGuardRequestMissing",
            "The operation is protected by a Resource Guard and names no guard request.",
        )


def _config(vault: Vault) -> JsonObject:
    settings = vault.contents.settings
    return {
        "id": f"{arm_id(vault)}/backupconfig/vaultconfig",
        "name": "vaultconfig",
        "type": "Microsoft.RecoveryServices/vaults/backupconfig",
        "properties": {
            "enhancedSecurityState": settings.enhanced_security,
            "softDeleteFeatureState": settings.soft_delete,
            "isSoftDeleteFeatureStateEditable": settings.soft_delete != "AlwaysON",
        },
    }


def read_storage_config(call: Call) -> Answer:
    """``backupstorageconfig/vaultstorageconfig``; locked once something is protected (2.2)."""
    vault = find_vault(call)
    redundancy = vault.contents.settings.redundancy
    return json_answer(
        {
            "id": f"{arm_id(vault)}/backupstorageconfig/vaultstorageconfig",
            "name": "vaultstorageconfig",
            "type": "Microsoft.RecoveryServices/vaults/backupstorageconfig",
            "properties": {
                "storageModelType": redundancy,
                "storageType": redundancy,
                "dedupState": "Disabled",
                "xcoolState": "Disabled",
                "storageTypeState": "Locked" if vault.contents.items else "Unlocked",
                "crossRegionRestoreFlag": (
                    vault.contents.settings.cross_region_restore == "Enabled"
                ),
            },
        }
    )


def list_usages(call: Call) -> Answer:
    """``usages``: counts over the whole vault."""
    contents = find_vault(call).contents
    counts = (
        ("MABContainersCount", "Backup management servers", len(contents.machines)),
        (
            "ProtectedItemCount",
            "Backup items/Azure virtual machine backup",
            len(contents.items),
        ),
    )
    return json_answer({"value": [_usage(*count) for count in counts]})


def list_usage_summaries(call: Call) -> Answer:
    """``backupUsageSummaries``: counts per management type, of containers or of items."""
    contents = find_vault(call).contents
    kind = parse_filter(call, frozenset({"type"})).get("type")
    held = {(item.workload, item.group, item.holder) for item in contents.items}
    if kind == "BackupProtectedItemCountSummary":
        counts = Counter(item.workload for item in contents.items)
    elif kind == "BackupProtectionContainerCountSummary":
        counts = Counter(workload for workload, _, _ in held if workload is not Workload.MAB)
        # By machine: an agent that protects nothing yet is registered all the same.
        counts[Workload.MAB] = len(contents.machines)
    else:
        raise ServiceRefusal(400, *INVALID_INPUT)
    rows = [
        _usage(workload.value, _SUMMARY_NAMES.get(workload, workload.value), count)
        for workload, count in sorted(counts.items())
    ]
    return json_answer({"value": rows})


def _usage(value: str, label: str, count: int) -> JsonObject:
    return {
        "unit": "Count",
        "currentValue": count,
        "limit": -1,
        "name": {"value": value, "localizedValue": label},
    }
