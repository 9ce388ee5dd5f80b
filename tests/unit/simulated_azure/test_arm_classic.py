"""Classic vaults through Resource Manager, simulated."""

import json
from typing import Any

import pytest

from local.azure.names import cloud_service_name
from tests.unit.simulated_azure.harness import (
    REGION,
    SUBSCRIPTION,
    Client,
    error_of,
    open_client,
    target_path,
    version_of,
)

BASE = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{BASE}/resourceGroups/{cloud_service_name(SUBSCRIPTION, REGION)}"
VAULT = f"{GROUP}/providers/Microsoft.Backup/BackupVault/v1"
RESOURCES = {"$filter": "resourceType eq 'Microsoft.Backup/BackupVault'", "$top": "100"}
MACHINES = {"$filter": "type eq 'Machine'"}
ROW: dict[str, Any] = {
    "name": "v1",
    "machines": [{"name": "a.contoso.example", "agentVersion": "2.0.8700.0"}],
}


def ask(azure: Client, path: str, method: str = "GET", **query: str) -> Any:
    """One call."""
    parameters = {"api-version": version_of(path), **query}
    return azure.send(method, path, query=parameters).answer


def body(answer: Any) -> Any:
    """The JSON of an answer that was given."""
    assert 200 == answer.status, answer.body
    return json.loads(answer.body)


def machine(azure: Client) -> Any:
    """The one machine that is registered."""
    (row,) = body(ask(azure, f"{VAULT}/backupContainers", **MACHINES))["value"]
    return row


def unregister(azure: Client, number: object) -> Any:
    """Asks for a machine to be unregistered."""
    return ask(azure, f"{VAULT}/backupContainers/{number}/UnRegisterContainer", "DELETE")


def test_a_classic_vault_is_among_the_resources():
    """In the group of its cloud service, with its region as a location."""
    (row,) = body(ask(open_client(ROW), f"{BASE}/resources", **RESOURCES))["value"]

    assert (VAULT, "v1", "westus") == (row["id"], row["name"], row["location"])


def test_the_list_of_resources_knows_one_filter():
    """Whatever else is refused, loudly."""
    azure = open_client(ROW)

    assert 400 == ask(azure, f"{BASE}/resources", **{"$filter": "name eq 'v1'"}).status


def test_the_vault_itself_is_shown():
    """As a healthy resource."""
    assert "Succeeded" == body(ask(open_client(ROW), VAULT))["properties"]["provisioningState"]


def test_an_upgraded_vault_is_not_shown_any_more():
    """The classic vault cannot be viewed after its upgrade (vault-upgrade 1.7)."""
    azure = open_client({"name": "v1"})
    azure.start()
    azure.wait(hours=2)

    assert (404, "ResourceNotFound") == error_of(ask(azure, VAULT))
    assert [] == body(ask(azure, f"{BASE}/resources", **RESOURCES))["value"]


def test_machines_are_listed_with_their_numbers():
    """Agent versions are not told here (vault-upgrade 2.7)."""
    row = machine(open_client(ROW))

    assert ("a.contoso.example", "A.CONTOSO.EXAMPLE") == (
        row["uniqueName"],
        row["properties"]["friendlyName"],
    )
    assert "2.0.8700.0" not in json.dumps(row)


def test_containers_of_no_type_are_refused():
    """The recorded clients always name it."""
    assert 400 == ask(open_client(ROW), f"{VAULT}/backupContainers").status


def test_an_unregistered_machine_leaves_the_list_and_the_check():
    """The lost machine holds the upgrade up no more."""
    azure = open_client(ROW)
    before = azure.classic("POST", "checkPrereqsForUpgrade", target=target_path("v1"))

    answer = unregister(azure, machine(azure)["properties"]["containerId"])

    after = azure.classic("POST", "checkPrereqsForUpgrade", target=target_path("v1"))
    assert (400, 204, b"", 200) == (
        before.answer.status,
        answer.status,
        answer.body,
        after.answer.status,
    )


def test_a_machine_that_is_not_registered_is_not_found():
    """404 for a number nobody has."""
    assert (404, "ContainerNotFound") == error_of(unregister(open_client(ROW), 1))


def test_nothing_is_unregistered_while_the_upgrade_runs():
    """The management plane is closed (vault-upgrade 1.5)."""
    azure = open_client({"name": "v1", "machines": [{"name": "a", "agentVersion": "2.0.9083.0"}]})
    number = machine(azure)["properties"]["containerId"]
    azure.start()
    azure.wait(minutes=1)

    assert 409 == unregister(azure, number).status


def test_policies_carry_no_zone():
    """Not even the Z of the new ones."""
    policy = {"name": "Daily", "type": "vm", "runTime": "22:00"}
    azure = open_client({"name": "v1", "policies": [policy]})
    (row,) = body(ask(azure, f"{VAULT}/protectionPolicies"))["value"]

    (time,) = row["properties"]["backupSchedule"]["scheduleRunTimes"]
    assert time.endswith("T22:00:00")


@pytest.mark.parametrize(("row", "state"), [(ROW, "Locked"), ({"name": "v1"}, "Unlocked")])
def test_storage_is_fixed_once_something_is_registered(row: dict[str, Any], state: str):
    """As documented for the vault's redundancy."""
    answer = ask(open_client(row), f"{VAULT}/storageconfig/vaultstorageconfig")

    assert state == body(answer)["properties"]["storageTypeState"]
