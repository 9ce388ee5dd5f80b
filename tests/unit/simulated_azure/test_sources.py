"""Names of what is backed up."""

import pytest

from local.azure.contents import Item, Workload
from local.azure.sources import container_name, item_name, source_id, vm_type
from tests.unit.simulated_azure.harness import START, SUBSCRIPTION, native, open_client


def item(workload, **members):
    """An item of a workload."""
    usual = {"name": "n", "holder": "h", "group": "g", "policy": "P"}
    return Item(workload=workload, protected_since=START, **(usual | members))


@pytest.mark.parametrize(
    ("workload", "container", "name"),
    [
        (Workload.VM, "IaasVMContainer;iaasvmcontainerv2;g;h", "VM;iaasvmcontainerv2;g;h"),
        (Workload.MAB, "Windows;h", "n"),
        (Workload.SQL_IN_VM, "VMAppContainer;Compute;g;h", "SQLDataBase;mssqlserver;n"),
        (Workload.GENERIC, "GenericContainer;h", "n"),
    ],
)
def test_containers_and_items_have_the_recorded_names(workload, container, name):
    """Per workload."""
    assert (container, name) == (container_name(item(workload)), item_name(item(workload)))


@pytest.mark.parametrize("workload", [Workload.FILE_SHARE, Workload.AZURE_SQL])
def test_some_items_are_named_by_a_digest(workload):
    """The same for the same source, another for another."""
    names = {item_name(item(workload, name=name)) for name in ("a", "b", "a")}

    assert len(names) == 2


def test_classic_machines_keep_their_kind():
    """In container, item and source."""
    machine = item(Workload.VM, is_classic=True)

    assert container_name(machine) == "IaasVMContainer;iaasvmcontainer;g;h"
    assert item_name(machine) == "VM;iaasvmcontainer;g;h"
    assert vm_type(machine) == "Microsoft.ClassicCompute/virtualMachines"


@pytest.mark.parametrize(
    ("workload", "tail"),
    [
        (Workload.VM, "Microsoft.Compute/virtualMachines/h"),
        (Workload.SQL_IN_VM, "Microsoft.Compute/virtualMachines/h"),
        (Workload.FILE_SHARE, "Microsoft.storage/storageAccounts/h"),
        (Workload.AZURE_SQL, "Microsoft.Sql/servers/h"),
    ],
)
def test_sources_are_arm_resources(workload, tail):
    """In the group of the holder."""
    vault = open_client(native()).vault

    assert source_id(vault, item(workload)) == (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/{tail}"
    )
