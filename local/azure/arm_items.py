"""Protected items through ARM (recovery-services 4)."""

from datetime import timedelta

from domain.codec import JsonObject
from local.azure.arm_common import arm_id, find_vault, page, parse_filter
from local.azure.backups import Backup, last_backup
from local.azure.contents import Item, Workload
from local.azure.exchange import Answer, Call, ServiceRefusal, json_answer
from local.azure.model import Vault
from local.azure.moments import NEVER_BACKED_UP, format_moment
from local.azure.names import stable_number
from local.azure.sources import WORKLOAD_TYPES, container_name, item_name, source_id, vm_type

RECOVERY_POINT_DELAY = timedelta(seconds=3)
"""Between the start of a backup and its recovery point (recorded items)."""
_DATA_ID_BITS = 47
"""The recorded ids of protected data have 14 digits."""
_ITEM_KEYS = frozenset(
    {"backupManagementType", "itemType", "policyName", "containerName", "friendlyName"}
)
_ITEM_TYPES = {
    Workload.FILE_SHARE: "AzureFileShareProtectedItem",
    Workload.SQL_IN_VM: "AzureVmWorkloadSQLDatabase",
    Workload.MAB: "MabFileFolderProtectedItem",
    Workload.AZURE_SQL: "Microsoft.Sql/servers/databases",
    Workload.GENERIC: "GenericProtectedItem",
}


def list_items(call: Call) -> Answer:
    """Protected items; works with and without a filter (recovery-services 4)."""
    vault = find_vault(call)
    wanted = parse_filter(call, _ITEM_KEYS)
    rows = [item_document(call, vault, item) for item in vault.contents.items]
    return page(call, [row for row in rows if _item_matches(row["properties"], wanted)])


def read_item(call: Call) -> Answer:
    """One protected item by container and name."""
    vault = find_vault(call)
    tail = f"/{call.params['container']}/protectedItems/{call.params['item']}".lower()
    for item in vault.contents.items:
        row = item_document(call, vault, item)
        if row["id"].lower().endswith(tail):
            return json_answer(row)
    raise ServiceRefusal(404, "BMSUserErrorItemNotFound", "The protected item was not found.")


def _item_matches(properties: JsonObject, wanted: dict[str, str]) -> bool:
    shown = properties | {"itemType": properties["workloadType"]}
    return all(str(shown.get(key, "")).lower() == value.lower() for key, value in wanted.items())


def item_document(call: Call, vault: Vault, item: Item) -> JsonObject:
    """An item as the list shows it."""
    # One look at the schedule for all members: they must not contradict each other.
    latest = last_backup(vault, item, call.now)
    policy = _policy_name(vault, item)
    properties: JsonObject = {
        "protectionState": item.state or _state(item, latest),
        "protectedItemType": _ITEM_TYPES.get(item.workload) or vm_type(item),
        "backupManagementType": item.workload.value,
        "workloadType": WORKLOAD_TYPES[item.workload],
        # The member leaves out the first part of the name of a VM's container (recorded items).
        "containerName": container_name(item).removeprefix("IaasVMContainer;"),
        # A machine outside Azure has no resource id; clients must not split it blindly (4).
        "sourceResourceId": "" if item.workload is Workload.MAB else source_id(vault, item),
        "policyId": f"{arm_id(vault)}/backupPolicies/{policy}" if policy else "",
        "policyName": policy,
        "isArchiveEnabled": False,
        **_named(item),
        **_backup_members(call, item, latest),
        **_specific_members(call, vault, item, latest),
    }
    name = item_name(item)
    return {
        "id": (
            f"{arm_id(vault)}/backupFabrics/Azure/protectionContainers/{container_name(item)}"
            f"/protectedItems/{name}"
        ),
        "name": name,
        "type": (
            "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems"
        ),
        "properties": properties,
    }


def _named(item: Item) -> JsonObject:
    # Items of Azure SQL have no friendly name, only the name of the resource.
    return {} if item.workload is Workload.AZURE_SQL else {"friendlyName": item.name}


def _policy_name(vault: Vault, item: Item) -> str:
    # A policy that only the agents know is not named on its items either (vault-upgrade 1.7).
    policy = vault.contents.policies.get(item.policy.lower())
    return policy.name if policy and not policy.is_hidden else ""


def _state(item: Item, latest: Backup | None) -> str:
    # Azure SQL backs up by itself: it is protected without any backup of the vault's.
    is_protected = latest is not None or item.workload is Workload.AZURE_SQL
    return "Protected" if is_protected else "IRPending"


def _backup_members(call: Call, item: Item, latest: Backup | None) -> JsonObject:
    if item.workload is Workload.AZURE_SQL:
        return {}
    if latest is None and item.workload is Workload.FILE_SHARE:
        # File shares name the state and leave the moment out (recorded list of 2021).
        return {"lastBackupStatus": "IRPending"}
    if latest is None:
        return {"lastBackupStatus": "", "lastBackupTime": NEVER_BACKED_UP}
    return {
        "lastBackupStatus": latest.status(call.now),
        "lastBackupTime": format_moment(latest.started_at),
        "lastRecoveryPoint": format_moment(latest.started_at + RECOVERY_POINT_DELAY),
    }


def _specific_members(call: Call, vault: Vault, item: Item, latest: Backup | None) -> JsonObject:
    health = "Unhealthy" if item.is_failing else "Healthy"
    data_id = str(stable_number("data", vault.seed, item.holder, item.name, bits=_DATA_ID_BITS))
    match item.workload:
        case Workload.VM:
            return {
                "kpisHealths": {},
                "virtualMachineId": source_id(vault, item),
                "protectionStatus": health,
                "healthStatus": "ActionRequired" if item.is_failing else "Passed",
                "protectedItemDataId": data_id,
                "policyType": "",
                # A whole URL, unlike every other id (recovery-services 0).
                "vaultId": f"{call.base_url}{arm_id(vault)}",
            }
        case Workload.FILE_SHARE:
            return {"kpisHealths": {}, "protectionStatus": health}
        case Workload.SQL_IN_VM:
            return {"serverName": item.holder, "parentName": "MSSQLSERVER", "kpisHealths": {}}
        case Workload.AZURE_SQL:
            return {"protectedItemDataId": data_id}
        case Workload.MAB:
            return _agent_members(item, latest)
        case Workload.GENERIC:
            return {}


def _agent_members(item: Item, latest: Backup | None) -> JsonObject:
    extended: JsonObject = {"recoveryPointCount": 0}
    if latest is not None:
        extended = {
            "lastRefreshedAt": format_moment(latest.ends_at),
            "oldestRecoveryPoint": format_moment(item.protected_since),
            "recoveryPointCount": max(1, (latest.started_at - item.protected_since).days),
        }
    return {
        "computerName": item.holder.upper(),
        "deferredDeleteSyncTimeInUTC": 0,
        "isScheduledForDeferredDelete": False,
        "extendedInfo": extended,
    }
