"""Machines the backup service has found and nobody protects (backupProtectableItems)."""

from domain.codec import JsonObject
from local.azure.arm_common import INVALID_INPUT, arm_id, find_vault, page, parse_filter
from local.azure.contents import Workload
from local.azure.exchange import Answer, Call, ServiceRefusal
from local.azure.model import Vault

_KEYS = frozenset(
    {"backupManagementType", "workloadType", "status", "friendlyName", "containerName"}
)


def list_protectable(call: Call) -> Answer:
    """Virtual machines of Resource Manager that could be protected in this vault."""
    vault = find_vault(call)
    wanted = parse_filter(call, _KEYS)
    kind = wanted.get("backupManagementType", "")
    if kind.lower() != Workload.VM.value.lower():
        # Other workloads have to be inquired about first, which nobody here does.
        raise ServiceRefusal(400, *INVALID_INPUT)
    machines = [_document(vault, *machine) for machine in vault.contents.protectable]
    name = wanted.get("friendlyName", "").lower()
    shown = [m for m in machines if name in ("", m["properties"]["friendlyName"].lower())]
    return page(call, shown)


def _document(vault: Vault, name: str, group: str) -> JsonObject:
    # v2 says Resource Manager; containers of classic machines lack it (recovery-services 4).
    tail = f"iaasvmcontainerv2;{group};{name}"
    return {
        "id": (
            f"{arm_id(vault)}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{tail}"
            f"/protectableItems/VM;{tail}"
        ),
        "name": tail,
        "type": (
            "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectableItems"
        ),
        "properties": {
            "virtualMachineId": (
                f"/subscriptions/{vault.subscription_id}/resourceGroups/{group}"
                f"/providers/Microsoft.Compute/virtualMachines/{name}"
            ),
            "virtualMachineVersion": "Compute",
            "resourceGroup": group,
            "protectableItemType": "Microsoft.Compute/virtualMachines",
            "backupManagementType": "AzureIaasVM",
            "workloadType": "VM",
            "friendlyName": name,
            "protectionState": "NotProtected",
        },
    }
