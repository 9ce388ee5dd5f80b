"""Names of what is backed up and of what holds it, as the recorded lists write them.

``Windows;fqdn``, ``IaasVMContainer;iaasvmcontainerv2;group;vm``,
``StorageContainer;storage;group;account`` (recovery-services 3, 4).
"""

import hashlib

from local.azure.contents import Item, Workload
from local.azure.model import Vault

WORKLOAD_TYPES = {
    Workload.VM: "VM",
    Workload.FILE_SHARE: "AzureFileShare",
    Workload.SQL_IN_VM: "SQLDataBase",
    Workload.MAB: "FileFolder",
    Workload.AZURE_SQL: "AzureSqlDb",
    Workload.GENERIC: "GenericDataSource",
}
"""``workloadType`` of each kind of item."""


def container_name(item: Item) -> str:
    """Name of the container that holds an item."""
    # Classic machines keep the old prefix through the upgrade (recovery-services 4).
    version = "iaasvmcontainer" if item.is_classic else "iaasvmcontainerv2"
    return {
        Workload.VM: f"IaasVMContainer;{version};{item.group};{item.holder}",
        Workload.FILE_SHARE: f"StorageContainer;storage;{item.group};{item.holder}",
        Workload.SQL_IN_VM: f"VMAppContainer;Compute;{item.group};{item.holder}",
        Workload.AZURE_SQL: f"AzureSqlContainer;Sql;{item.group};{item.holder}",
        Workload.MAB: f"Windows;{item.holder}",
    }.get(item.workload, f"GenericContainer;{item.holder}")


def item_name(item: Item) -> str:
    """Name of the item inside its container."""
    version = "iaasvmcontainer" if item.is_classic else "iaasvmcontainerv2"
    # Shares are named by a hash in the recorded lists; only its stability matters here.
    share = hashlib.sha256(f"{item.holder}/{item.name}".encode()).hexdigest()
    return {
        Workload.VM: f"VM;{version};{item.group};{item.holder}",
        Workload.FILE_SHARE: f"AzureFileShare;{share}",
        Workload.SQL_IN_VM: f"SQLDataBase;mssqlserver;{item.name}",
        Workload.AZURE_SQL: f"AzureSqlDb;{item.name};{share[:32]}",
    }.get(item.workload, item.name)


def vm_type(item: Item) -> str:
    """ARM type of a virtual machine: classic ones outlive the upgrade (vault-upgrade 1.7)."""
    return f"Microsoft.{'ClassicCompute' if item.is_classic else 'Compute'}/virtualMachines"


def source_id(vault: Vault, item: Item) -> str:
    """ARM id of what is backed up, or of what holds it."""
    provider = {
        Workload.FILE_SHARE: "Microsoft.storage/storageAccounts",
        Workload.AZURE_SQL: "Microsoft.Sql/servers",
    }.get(item.workload, vm_type(item))
    return (
        f"/subscriptions/{vault.subscription_id}/resourceGroups/{item.group}"
        f"/providers/{provider}/{item.holder}"
    )
