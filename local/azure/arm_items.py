"""Protected items through ARM (recovery-services 4)."""

from datetime import timedelta

from domain.codec import JsonObject
from local.azure.arm_common import arm_id, find_vault, page, parse_filter
from local.azure.backups import last_backup
from local.azure.exchange import Answer, Call, ServiceRefusal, json_answer
from local.azure.model import Item, Vault, Workload
from local.azure.moments import NEVER_BACKED_UP, format_moment
from local.azure.sources import container_name, item_name, source_id, vm_type

_ITEM_KEYS = frozenset(
    {"backupManagementType", "itemType", "policyName", "containerName", "friendlyName"}
)
WORKLOAD_TYPES = {
    Workload.VM: "VM",
    Workload.FILE_SHARE: "AzureFileShare",
    Workload.SQL_IN_VM: "SQLDataBase",
    Workload.MAB: "FileFolder",
    Workload.AZURE_SQL: "AzureSqlDb",
    Workload.GENERIC: "GenericDataSource",
}
"""``workloadType`` of each kind of item."""
_ITEM_TYPES = {
    Workload.VM: "Microsoft.Compute/virtualMachines",
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
    latest = last_backup(vault, item, call.now)
    policy = _policy_name(vault, item)
    properties: JsonObject = {
        "friendlyName": item.name,
        "protectionState": item.state or ("Protected" if latest else "IRPending"),
        "lastBackupStatus": latest.status(call.now) if latest else "",
        "protectedItemType": vm_type(item) if _is_vm(item) else _ITEM_TYPES[item.workload],
        "backupManagementType": item.workload.value,
        "workloadType": WORKLOAD_TYPES[item.workload],
        "containerName": container_name(item).removeprefix("IaasVMContainer;"),
        "policyId": f"{arm_id(vault)}/backupPolicies/{policy}" if policy else "",
        "policyName": policy,
        "isArchiveEnabled": False,
    }
    if item.workload is not Workload.AZURE_SQL:
        # Azure SQL backs up by itself: its items never carry a moment (recorded list of 2016).
        moment = format_moment(latest.started_at) if latest else NEVER_BACKED_UP
        properties["lastBackupTime"] = moment
    if latest:
        properties["lastRecoveryPoint"] = format_moment(latest.started_at + timedelta(seconds=3))
    properties |= _specific(call, vault, item)
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


def _policy_name(vault: Vault, item: Item) -> str:
    policy = vault.contents.policies.get(item.policy.lower())
    return policy.name if policy and not policy.is_hidden else ""


def _is_vm(item: Item) -> bool:
    return item.workload is Workload.VM


def _specific(call: Call, vault: Vault, item: Item) -> JsonObject:
    if item.workload is Workload.MAB:
        return {
            "computerName": item.holder.upper(),
            "deferredDeleteSyncTimeInUTC": 0,
            "sourceResourceId": "",
        }
    specific: JsonObject = {"sourceResourceId": source_id(vault, item)}
    if _is_vm(item):
        specific |= {
            "virtualMachineId": source_id(vault, item),
            "protectionStatus": "Unhealthy" if item.is_failing else "Healthy",
            "healthStatus": "ActionRequired" if item.is_failing else "Passed",
            "policyType": "",
            "vaultId": f"{call.base_url}{arm_id(vault)}",
        }
    elif item.workload is Workload.SQL_IN_VM:
        specific |= {"serverName": item.holder, "parentName": "MSSQLSERVER"}
    return specific
