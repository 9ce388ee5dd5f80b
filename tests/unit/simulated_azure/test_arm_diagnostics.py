"""Diagnostic settings: what the service takes, and what it keeps apart."""

import pytest

from tests.unit.simulated_azure.harness import error_of, native, open_client

PATH = "/providers/Microsoft.Insights/diagnosticSettings"
LOGS = [{"category": "CoreAzureBackup", "enabled": True}]
WORKSPACE = {"workspaceId": "/subscriptions/s/resourceGroups/g/workspaces/w"}


def put(client, name, properties):
    """Writes one setting."""
    return client.arm("PUT", f"{PATH}/{name}", document={"properties": properties})


def test_one_category_goes_to_one_workspace_once():
    """A second setting for the same pair is a conflict."""
    client = open_client(native())
    put(client, "first", {**WORKSPACE, "logs": LOGS})

    assert error_of(put(client, "second", {**WORKSPACE, "logs": LOGS})) == (409, "Conflict")


def test_settings_without_workspace_do_not_conflict():
    """Two that fill storage accounts have no workspace to share."""
    client = open_client(native())
    settings = [{"storageAccountId": f"/account/{one}", "logs": LOGS} for one in ("a", "b")]

    assert [put(client, f"to-{n}", one).status for n, one in enumerate(settings)] == [200, 200]


@pytest.mark.parametrize("logs", [None, [], ["CoreAzureBackup"], [{"category": "Other"}]])
def test_what_names_no_known_category_is_refused(logs):
    """Nothing, a bare text, or a category no vault has."""
    answer = put(open_client(native()), "reports", {**WORKSPACE, "logs": logs})

    assert error_of(answer) == (400, "BadRequest")


@pytest.mark.parametrize(
    "wish",
    [{"logAnalyticsDestinationTypo": "Dedicated"}, {"logAnalyticsDestinationType": "Elsewhere"}],
)
def test_a_wish_without_effect_is_refused(wish):
    """A setting that is kept sends what it says."""
    client = open_client(native())
    logs = [{"category": "CoreAzureBackup", "enabled": True}]

    assert put(client, "one", {"logs": logs, "workspaceId": "/w", **wish}).status == 400
    assert client.vault.contents.diagnostics == {}
