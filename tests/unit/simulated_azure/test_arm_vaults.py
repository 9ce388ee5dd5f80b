"""Vaults through ARM."""

import json

import pytest

from local.azure.names import vault_id
from tests.unit.simulated_azure.harness import (
    GROUP,
    SUBSCRIPTION,
    error_of,
    native,
    open_client,
)

CONFIG = "/backupconfig/vaultconfig"
FORCED = {
    "operationId": "forced-1",
    "resourceGroup": "Default-RecoveryServices-ResourceGroup-westus",
    "startedAgo": "60d",
    "trigger": "ForcedUpgrade",
}


def properties(client):
    """The vault's properties."""
    return json.loads(client.arm("GET").body)["properties"]


def listed(client, path):
    """Names of a list of vaults."""
    answer = client.send("GET", path, query={"api-version": "2025-08-01"}).answer
    return [row["name"] for row in json.loads(answer.body)["value"]]


def test_a_classic_vault_is_not_there_before_its_upgrade():
    """ARM knows nothing of it."""
    assert open_client({"name": "v1"}).arm("GET").status == 404


def test_a_vault_is_provisioning_while_its_upgrade_runs():
    """With an open end in its details."""
    client = open_client({"name": "v1"})
    client.start("op-1")

    shown = properties(client)

    assert shown["provisioningState"] == "Provisioning"
    assert shown["upgradeDetails"]["status"] == "InProgress"
    assert shown["upgradeDetails"]["endTimeUtc"] == "9999-12-31T23:59:59.9999999"


def test_an_upgraded_vault_tells_how_it_came_about():
    """Operation, moments, trigger and both ids."""
    client = open_client({"name": "v1", "upgrade": {"duration": "20m"}})
    client.start("op-1")
    client.wait(minutes=20)

    shown = properties(client)
    details = shown["upgradeDetails"]

    assert shown["provisioningState"] == "Succeeded"
    assert (details["status"], details["operationId"]) == ("Upgraded", "op-1")
    assert details["startTimeUtc"] == "2026-03-10T12:00:00Z"
    assert details["endTimeUtc"] == details["lastUpdatedTimeUtc"] == "2026-03-10T12:20:00Z"
    assert details["previousResourceId"].endswith("/microsoft.backup/BackupVault/v1")


def test_a_failed_upgrade_shows_in_the_new_vault():
    """Still provisioning, with status and message."""
    failure = {"code": "F", "message": "It broke."}
    client = open_client({"name": "v1", "upgrade": {"duration": "5m", "fails": failure}})
    client.start()
    client.wait(minutes=5)

    shown = properties(client)

    assert shown["provisioningState"] == "Provisioning"
    assert shown["upgradeDetails"]["status"] == "Failed"
    assert shown["upgradeDetails"]["message"] == "It broke."


def test_a_vault_made_in_arm_has_no_upgrade_details():
    """Absent, not empty."""
    assert "upgradeDetails" not in properties(open_client(native()))


def test_old_api_versions_show_little():
    """Security and redundancy came later."""
    client = open_client(native())
    shown = json.loads(client.arm("GET", **{"api-version": "2016-06-01"}).body)["properties"]

    assert shown.keys() == {
        "provisioningState",
        "privateEndpointStateForBackup",
        "privateEndpointStateForSiteRecovery",
    }


def test_settings_show_in_the_properties():
    """Immutability is null where it was never set."""
    settings = {"softDelete": "AlwaysON", "multiUserAuthorization": True}
    security = properties(open_client(native(settings=settings)))["securitySettings"]

    assert security["softDeleteSettings"]["softDeleteState"] == "AlwaysON"
    assert security["multiUserAuthorization"] == "Enabled"
    assert security["immutabilitySettings"] is None


def test_lists_hold_vaults_that_are_there():
    """Classic ones not yet upgraded are missing."""
    client = open_client(native("v1"), {"name": "v2"}, {"name": "v3", "record": FORCED})
    base = f"/subscriptions/{SUBSCRIPTION}"
    tail = "/providers/Microsoft.RecoveryServices/vaults"

    assert listed(client, base + tail) == ["v1", "v3"]
    assert listed(client, f"{base}/resourceGroups/{GROUP}{tail}") == ["v1"]


def test_the_etag_changes_with_the_upgrade():
    """A vault that was upgraded is not what it was."""
    client = open_client({"name": "v1", "upgrade": {"duration": "20m"}})
    client.start()
    before = json.loads(client.arm("GET").body)["etag"]
    client.wait(minutes=20)

    assert json.loads(client.arm("GET").body)["etag"] != before


def test_the_configuration_has_three_members():
    """What the service really sends."""
    shown = json.loads(open_client(native()).arm("GET", CONFIG).body)["properties"]

    assert shown == {
        "enhancedSecurityState": "Enabled",
        "softDeleteFeatureState": "Enabled",
        "isSoftDeleteFeatureStateEditable": True,
    }


def test_a_changed_configuration_is_read_back():
    """Members that are not sent stay."""
    client = open_client(native())
    sent = {"properties": {"softDeleteFeatureState": "Disabled"}}

    assert client.arm("PATCH", CONFIG, document=sent).status == 200

    shown = json.loads(client.arm("GET", CONFIG).body)["properties"]
    assert shown["softDeleteFeatureState"] == "Disabled"
    assert shown["enhancedSecurityState"] == "Enabled"


@pytest.mark.parametrize(
    ("settings", "sent", "expected"),
    [
        ({}, {"softDeleteFeatureState": "Maybe"}, (400, "BMSUserErrorInvalidInput")),
        (
            {"softDelete": "AlwaysON"},
            {"softDeleteFeatureState": "Disabled"},
            (400, "BMSUserErrorInvalidInput"),
        ),
        (
            {"multiUserAuthorization": True},
            {"softDeleteFeatureState": "Disabled"},
            (403, "UserErrorResourceGuardRequestMissing"),
        ),
    ],
)
def test_a_configuration_that_may_not_be_is_refused(settings, sent, expected):
    """Unknown words, and weakening what is locked or guarded."""
    client = open_client(native(settings=settings))

    answer = client.arm("PATCH", CONFIG, document={"properties": sent})

    assert error_of(answer) == expected


def test_storage_is_locked_once_something_is_protected():
    """Redundancy cannot change any more."""
    policy, item = {"name": "Pol", "type": "vm"}, {"type": "vm", "name": "a", "policy": "Pol"}
    path = "/backupstorageconfig/vaultstorageconfig"
    states = [
        json.loads(open_client(vault).arm("GET", path).body)["properties"]["storageTypeState"]
        for vault in (native(), native(policies=[policy], items=[item]))
    ]

    assert states == ["Unlocked", "Locked"]


def test_guard_proxies_are_there_with_multi_user_authorization():
    """One proxy, or none."""
    guarded = native(settings={"multiUserAuthorization": True})

    assert open_client(native()).rows("/backupResourceGuardProxies") == []
    assert len(open_client(guarded).rows("/backupResourceGuardProxies")) == 1


def test_usages_count_what_is_registered():
    """Machines and items."""
    client = open_client(native(machines=[{"name": "fs1.example"}]))
    counts = {row["name"]["value"]: row["currentValue"] for row in client.rows("/usages")}

    assert counts == {"MABContainersCount": 1, "ProtectedItemCount": 0}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("BackupProtectedItemCountSummary", {"AzureIaasVM": 2}),
        ("BackupProtectionContainerCountSummary", {"AzureIaasVM": 2, "MAB": 1}),
    ],
)
def test_usage_summaries_count_per_management_type(kind, expected):
    """Items or containers, as asked."""
    items = [{"type": "vm", "name": name, "policy": "Pol"} for name in ("a", "b")]
    client = open_client(
        native(
            policies=[{"name": "Pol", "type": "vm"}],
            items=items,
            machines=[{"name": "fs1.example"}],
        )
    )
    rows = client.rows("/backupUsageSummaries", filter=f"type eq '{kind}'")

    assert expected == {row["name"]["value"]: row["currentValue"] for row in rows}


def test_usage_summaries_without_a_type_are_refused():
    """There is no default."""
    answer = open_client(native()).arm("GET", "/backupUsageSummaries")

    assert error_of(answer) == (400, "BMSUserErrorInvalidInput")


def test_a_vault_cannot_be_configured_during_its_upgrade():
    """The management plane is closed."""
    client = open_client({"name": "v1"})
    client.start()
    sent = {"properties": {"softDeleteFeatureState": "Disabled"}}

    answer = client.arm("PATCH", CONFIG, document=sent)

    assert error_of(answer) == (409, "UserErrorVaultUpgradeInProgress")


def test_a_vault_can_be_read_during_its_upgrade():
    """Reads go on."""
    client = open_client({"name": "v1", "policies": [{"name": "Daily", "type": "vm"}]})
    client.start()

    assert client.arm("GET", CONFIG).status == 200
    assert len(client.rows("/backupPolicies")) == 1


def test_vaults_of_an_unknown_group_are_not_found():
    """An empty list would hide a misspelt name."""
    client = open_client(native())
    path = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/nowhere"
        "/providers/Microsoft.RecoveryServices/vaults"
    )
    answer = client.send("GET", path, query={"api-version": "2025-08-01"}).answer

    assert error_of(answer) == (404, "ResourceGroupNotFound")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    "sent",
    [
        None,
        [],
        "x",
        {"enhancedSecurityStat": "Disabled"},
        {"enhancedSecurityState": {}},
        {"softDeleteFeatureState": ["Enabled"]},
    ],
    ids=str,
)
def test_a_configuration_that_makes_no_sense_is_refused(method, sent):
    """Members nobody knows, and values that are no words, change nothing."""
    client = open_client(native())
    before = properties_of(client.arm("GET", CONFIG))

    assert client.arm(method, CONFIG, document={"properties": sent}).status == 400
    assert before == properties_of(client.arm("GET", CONFIG))


def test_a_configuration_may_be_sent_back_as_it_was_read():
    """With the member that only the service decides about."""
    client = open_client(native())
    read = json.loads(client.arm("GET", CONFIG).body)

    assert client.arm("PUT", CONFIG, document=read).status == 200


def properties_of(answer):
    """The properties in an answer."""
    return json.loads(answer.body)["properties"]


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"[" * 100_000,
        b'{"properties": {"softDeleteFeatureState": 1e400}}',
        b'{"properties": {"softDeleteFeatureState": NaN}}',
        b'{"properties": {"softDeleteFeatureState": "\\ud800"}}',
    ],
    ids=["no text", "too deep", "no end", "no number", "half a letter"],
)
def test_what_no_json_can_hold_is_no_body(body):
    """Python would read all of it."""
    query = {"api-version": "2025-08-01"}
    path = vault_id(SUBSCRIPTION, GROUP, "rsv") + CONFIG
    answer = open_client(native()).send("PATCH", path, query=query, body=body).answer

    assert error_of(answer) == (400, "InvalidRequestContent")
