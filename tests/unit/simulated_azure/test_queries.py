"""Versions and names of a query: what nobody knows is refused, and noted as such."""

import json

import pytest

from tests.unit.simulated_azure.harness import (
    GROUP,
    SUBSCRIPTION,
    Client,
    error_of,
    native,
    open_client,
    version_of,
)

BASE = f"/subscriptions/{SUBSCRIPTION}"
VAULT = f"{BASE}/resourceGroups/{GROUP}/providers/Microsoft.RecoveryServices/vaults/rsv"
PROVIDER = f"{BASE}/providers/Microsoft.SiteRecovery"
DIAGNOSTICS = f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings"
RESOURCES = f"{BASE}/resources"
CLASSIC_ONLY = "resourceType eq 'Microsoft.Backup/BackupVault'"


def code(client: Client, path: str, **query: str) -> str:
    """The code a GET is refused with; empty where it is not."""
    named = {name.replace("_", "-"): value for name, value in query.items()}
    answer = client.send("GET", path, query={"api-version": version_of(path)} | named).answer
    return error_of(answer)[1] if answer.status != 200 else ""


@pytest.mark.parametrize(
    ("path", "version"),
    [
        (VAULT, "2016-04-30"),
        (VAULT, "2026-11-02"),
        (VAULT, "2025-13-45"),
        (VAULT, "20250801"),
        (VAULT, "2025-08-01-beta"),
        (f"{VAULT}/backupPolicies", "2013-03-01"),
        (DIAGNOSTICS, "2016-06-01"),
        (BASE, "2021-04-01"),
        (f"{BASE}/resourceGroups", "2022-12-01"),
        (PROVIDER, "2025-08-01"),
        (RESOURCES, "2025-08-01"),
    ],
)
def test_a_version_of_something_else_is_refused(path: str, version: str) -> None:
    """Bodies of such a version would be made up."""
    client = open_client(native())

    assert code(client, path, api_version=version) == "InvalidApiVersionParameter"


@pytest.mark.parametrize("version", ["2016-05-01", "2020-07-01-preview", "2026-11-01"])
def test_vaults_know_every_version_since_the_first(version: str) -> None:
    """From the first that recorded clients ask for to today's, previews included."""
    assert code(open_client(native()), VAULT, api_version=version) == ""


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (VAULT, "$filter"),
        (f"{VAULT}/backupPolicies", "$filtr"),
        (f"{VAULT}/backupProtectedItems", "$top"),
        (f"{VAULT}/backupconfig/vaultconfig", "$filter"),
        (BASE, "$skipToken"),
        (DIAGNOSTICS, "$filter"),
    ],
)
def test_a_name_nobody_reads_is_refused_and_noted(path: str, name: str) -> None:
    """A filter that is passed over would look like a list without one."""
    client = open_client(native())

    assert code(client, path, **{name: "x"}) == "UnknownToSimulatedAzure"
    assert [entry["path"] for entry in client.service.journal.refused_log()] == [path]


def test_a_write_with_such_a_name_has_no_effect() -> None:
    """It is refused before anything is done."""
    client = open_client(native())
    body = {"properties": {"softDeleteFeatureState": "Disabled"}}

    answer = client.arm("PATCH", "/backupconfig/vaultconfig", document=body, force="true")

    assert (answer.status, client.service.journal.writes) == (400, [])
    assert client.vault.contents.settings.soft_delete != "Disabled"


def test_the_callers_wish_for_rows_is_kept_to() -> None:
    """The list of resources is the one that takes it."""
    client = open_client({"name": "v1"}, {"name": "v2"}, {"name": "v3"})
    query = {"$filter": CLASSIC_ONLY, "$top": "2", "api-version": "2013-03-01"}

    first = json.loads(client.send("GET", RESOURCES, query=query).answer.body)
    second = json.loads(client.follow(first["nextLink"]).body)

    assert [len(first["value"]), len(second["value"])] == [2, 1]


@pytest.mark.parametrize("wish", ["0", "-1", "many", ""])
def test_a_wish_for_rows_is_a_number(wish: str) -> None:
    """From one."""
    client = open_client({"name": "v1"})
    query = {"$filter": CLASSIC_ONLY, "$top": wish}

    assert code(client, RESOURCES, **query) == "BMSUserErrorInvalidInput"
