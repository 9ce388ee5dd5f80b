"""Machines that could be protected and are not."""

import pytest

from tests.unit.simulated_azure.harness import error_of, native, open_client

MACHINES = [{"name": "VM-App"}, {"name": "vm-db", "group": "rg-db"}]
VMS = "backupManagementType eq 'AzureIaasVM'"


@pytest.mark.parametrize(
    ("also", "expected"),
    [
        ("", ["VM-App", "vm-db"]),
        (" and friendlyName eq 'vm-app'", ["VM-App"]),
        (" and friendlyName eq 'VM-DB'", ["vm-db"]),
    ],
)
def test_machines_are_found_by_name_without_case(also, expected):
    """Names are compared as the service compares all of them."""
    client = open_client(native(protectable=MACHINES))
    rows = client.rows("/backupProtectableItems", filter=VMS + also)

    assert [row["properties"]["friendlyName"] for row in rows] == expected


def test_other_workloads_are_refused():
    """They would have to be inquired about first."""
    client = open_client(native(protectable=MACHINES))
    answer = client.arm("GET", "/backupProtectableItems", filter="backupManagementType eq 'MAB'")

    assert error_of(answer) == (400, "BMSUserErrorInvalidInput")
