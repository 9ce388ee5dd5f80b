"""What is read of a protected item, however much of it is missing."""

from typing import Any

import pytest

from domain.protected_items import DEFAULT_SOFT_DELETE_DAYS, parse_protected_item, unprotected_twins
from tests.unit.domain.job_documents import agent_item, vm_item

CLASSIC = {"protectedItemType": "Microsoft.ClassicCompute/virtualMachines"}


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (vm_item(friendlyName="Shown"), "Shown"),
        (vm_item(friendlyName=None), "vm-one"),
        ({"properties": {}}, ""),
        ({}, ""),
    ],
    ids=["friendly", "own", "no name", "nothing"],
)
def test_the_friendly_name_goes_before_the_end_of_the_own_one(item: Any, name: str) -> None:
    """An item without either is not called None."""
    assert name == parse_protected_item(item).name


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        (vm_item("vm-ONE", containerName="iaasvmcontainerv2;rg-one;VM-one"), "vm-ONE"),
        (agent_item(), "C:\\ on FS01.CONTOSO.LOCAL"),
        ({"name": "VM;x;vm-one"}, "vm-one"),
    ],
    ids=["itself", "machine", "nobody"],
)
def test_an_item_is_named_with_who_holds_it(item: Any, shown: str) -> None:
    """Once only where it is its own holder, however either is spelt."""
    assert shown == str(parse_protected_item(item))


@pytest.mark.parametrize(
    ("members", "has_policy"),
    [({"policyName": "Daily"}, True), ({"policyId": "/p/Daily"}, True), ({}, False)],
)
def test_a_policy_is_known_by_name_or_id(members: dict[str, str], has_policy: bool) -> None:
    """Kinds differ in which of the two they send."""
    assert has_policy == parse_protected_item(vm_item(**members)).has_policy


@pytest.mark.parametrize(("told", "days"), [(1, 1), (0, DEFAULT_SOFT_DELETE_DAYS)])
def test_no_days_of_soft_delete_are_days_not_told(told: int, days: int) -> None:
    """One is the least there is."""
    item = parse_protected_item(vm_item(softDeleteRetentionPeriodInDays=told))

    assert days == item.soft_delete_days


def test_only_a_classic_machine_has_a_twin() -> None:
    """However either name is spelt; a volume of the machine's name is something else."""
    machine = {
        "properties": {
            "friendlyName": "VM-ONE",
            "protectableItemType": "Microsoft.Compute/virtualMachines",
            "protectionState": "NotProtected",
            "virtualMachineId": "/vm/one",
        }
    }
    classic, other = vm_item("Vm-One", **CLASSIC), agent_item("vm-one")

    twins = [unprotected_twins([parse_protected_item(one)], [machine]) for one in (classic, other)]

    assert [["/vm/one"], []] == [[twin.machine_id for twin in found] for found in twins]
