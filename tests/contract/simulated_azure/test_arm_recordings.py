"""Answers of simulated ARM have the members that recorded answers of ARM have."""

import json
from typing import Any
from urllib.parse import unquote

import pytest

from tests.contract.simulated_azure.recordings import arm_exchange, arm_names
from tests.unit.simulated_azure.harness import Client, native, open_client

POLICY_WRITES = [
    *arm_names("recorded", "PUT_backupPolicies"),
    *arm_names("transcribed", "policy_put_tokyo"),
    *arm_names("transcribed", "policy_put_utc"),
]
POLICIES = [
    {"name": "Vm", "type": "vm", "timeZone": "UTC"},
    {"name": "Old", "type": "vm"},
    {"name": "Files", "type": "mab"},
    {"name": "Shares", "type": "file-share", "timeZone": "UTC"},
    {"name": "Sql", "type": "sql", "timeZone": "UTC"},
    {"name": "Keep", "type": "azure-sql", "days": 42},
]
ITEMS = [
    {"type": "vm", "name": "vm1", "group": "rg1", "policy": "Vm"},
    {"type": "folder", "name": "C:\\", "holder": "fs1.example", "policy": "Files"},
    {"type": "file-share", "name": "share", "holder": "acct", "group": "rg1", "policy": "Shares"},
    {"type": "sql", "name": "orders", "holder": "sql1", "group": "rg1", "policy": "Sql"},
    {"type": "azure-sql", "name": "db", "holder": "srv", "group": "rg1", "policy": "Keep"},
]
ENGINES = [
    {"name": "dpm1.example", "type": "dpm"},
    {"name": "mabs1.example", "type": "mabs"},
]
FULL = native(policies=POLICIES, machines=[{"name": "fs1.example"}], engines=ENGINES, items=ITEMS)


def opened() -> Client:
    """An estate with one of everything."""
    return open_client(FULL)


def members(document: Any) -> set[str]:
    """Names of the members of an object's properties."""
    return set(document["properties"])


def recorded(path: str) -> Any:
    """Body of a recorded answer."""
    return arm_exchange(path)["response"]["body"]


def normal(body: Any) -> Any:
    """A policy without what differs by place: its id."""
    return {key: value for key, value in body.items() if key != "id"}


@pytest.mark.parametrize("path", POLICY_WRITES or ["recorded/PUT_backupPolicies_p_200_01"])
def test_a_recorded_policy_write_gets_the_recorded_answer(path):
    """Every recorded PUT is taken, and shown as the service showed it."""
    exchange = arm_exchange(path)
    url = unquote(exchange["request"]["url"])
    name = url.split("/backupPolicies/")[1].split("?")[0]

    answer = open_client(native(created="2015-01-01T00:00:00Z")).arm(
        "PUT", f"/backupPolicies/{name}", document=exchange["request"]["body"]
    )

    assert answer.status == exchange["response"]["status"] == 200
    assert normal(json.loads(answer.body)) == normal(exchange["response"]["body"])


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("recorded/2016net_GET_backupPolicies_200_02", "Old"),
        ("recorded/2016net_GET_backupPolicies_200_01", "Keep"),
        ("recorded/GET_backupPolicies_200_01", "Shares"),
    ],
)
def test_policies_have_the_recorded_members(path, policy):
    """Nothing that was recorded is missing; what later api-versions add may be there."""
    row = json.loads(opened().arm("GET", f"/backupPolicies/{policy}").body)
    expected = recorded(path)["value"][0]
    added = {"instantRPDetails", "instantRpRetentionRangeInDays"}

    assert expected.keys() == row.keys()
    assert members(expected) | added == members(row) | added


def test_a_missing_policy_is_answered_as_recorded():
    """404 and an empty object."""
    exchange = arm_exchange("transcribed/policy_get_missing_2024-10-01_404")
    answer = opened().arm("GET", "/backupPolicies/none")

    assert exchange["response"]["status"] == answer.status
    assert exchange["response"]["body"] == json.loads(answer.body)


@pytest.mark.parametrize(
    ("path", "tail", "document"),
    [
        ("error_containers_list_without_filter_400", "/backupProtectionContainers", None),
        (
            "error_policy_invalid_input_400",
            "/backupPolicies/New",
            {"properties": {"backupManagementType": "AzureIaasVM"}},
        ),
    ],
)
def test_refusals_are_worded_as_recorded(path, tail, document):
    """Code, message and empty members."""
    exchange = arm_exchange(f"transcribed/{path}")
    answer = opened().arm("PUT" if document else "GET", tail, document=document)

    assert exchange["response"]["status"] == answer.status
    assert exchange["response"]["body"] == json.loads(answer.body)


def test_an_unknown_zone_of_a_file_share_is_refused_as_recorded():
    """With its literal NO_PARAM."""
    exchange = arm_exchange("transcribed/error_policy_invalid_timezone_afs_400")
    client = opened()
    document = json.loads(client.arm("GET", "/backupPolicies/Shares").body)
    document["properties"]["timeZone"] = "Europe/Berlin"

    answer = client.arm("PUT", "/backupPolicies/Shares", document=document)

    assert exchange["response"]["body"] == json.loads(answer.body)


def test_an_accepted_write_is_followed_as_recorded():
    """The same headers lead to the same documents."""
    accepted = arm_exchange("transcribed/policy_put_async_202")["response"]
    client = opened()
    document = json.loads(client.arm("GET", "/backupPolicies/Vm").body)
    answer = client.arm("PUT", "/backupPolicies/Vm", document=document)
    sent = {name.lower(): value for name, value in answer.headers.items()}
    running = json.loads(client.follow(sent["azure-asyncoperation"]).body)
    client.wait(seconds=20)
    over = json.loads(client.follow(sent["azure-asyncoperation"]).body)

    assert accepted["status"] == answer.status
    assert accepted["headers"].keys() <= sent.keys()
    assert accepted["headers"]["retry-after"] == sent["retry-after"]
    for shown, name in ((running, "inprogress"), (over, "succeeded")):
        expected = recorded(f"transcribed/policy_operation_status_{name}_200")
        same = ("name", "status")

        assert expected.keys() == shown.keys()
        assert [expected[key] for key in same] == [shown[key] for key in same]
    assert over["properties"].keys() == expected["properties"].keys()
    assert over["endTime"] == over["startTime"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("transcribed/mab_containers_list_2016-12-01_200", "MAB"),
        ("recorded/2016net_GET_backupProtectionContainers_200_01", "AzureSql"),
        ("recorded/GET_backupProtectionContainers_200_03", "AzureIaasVM"),
    ],
)
def test_containers_have_the_recorded_members(path, kind):
    """Per management type."""
    filter_text = f"backupManagementType eq '{kind}'"
    (row,) = opened().rows("/backupProtectionContainers", filter=filter_text)
    expected = recorded(path)["value"][0]

    assert expected.keys() == row.keys()
    assert expected["type"] == row["type"]
    assert members(expected) <= members(row)
    assert expected["name"].split(";")[0] == row["name"].split(";")[0]


@pytest.mark.parametrize(
    ("path", "index"),
    [
        ("recorded/2016net_GET_backupEngines_200_01", 0),
        ("transcribed/backup_engines_list_2016-12-01_200", 1),
    ],
)
def test_engines_have_the_recorded_members(path, index):
    """DPM and Azure Backup Server."""
    row = opened().rows("/backupEngines")[index]
    expected = recorded(path)["value"][0]

    assert members(expected) == members(row)
    assert expected["properties"]["backupEngineType"] == row["properties"]["backupEngineType"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("recorded/GET_backupProtectedItems_200_05", "AzureIaasVM"),
        ("recorded/GET_backupProtectedItems_200_03", "AzureStorage"),
        ("recorded/2016net_GET_backupProtectedItems_200_01", "AzureSql"),
        ("synthetic/mab_items_list_200", "MAB"),
    ],
)
def test_items_have_the_recorded_members(path, kind):
    """Per management type, with the same discriminator."""
    filter_text = f"backupManagementType eq '{kind}'"
    (row,) = opened().rows("/backupProtectedItems", filter=filter_text)
    expected = recorded(path)["value"][0]

    assert expected["type"] == row["type"]
    assert members(expected) <= members(row)
    assert expected["properties"]["protectedItemType"] == row["properties"]["protectedItemType"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("recorded/GET_backupJobs_200_01", "AzureIaasVM"),
        ("synthetic/mab_jobs_list_200", "MAB"),
    ],
)
def test_jobs_have_the_recorded_members(path, kind):
    """Those of a completed backup."""
    row = opened().rows("/backupJobs", filter=f"backupManagementType eq '{kind}'")[0]
    expected = next(
        one
        for one in recorded(path)["value"]
        if one["properties"]["operation"] == "Backup" and one["properties"]["status"] == "Completed"
    )

    assert expected.keys() == row.keys()
    assert members(expected) - {"actionsInfo"} <= members(row)
    assert expected["properties"]["jobType"] == row["properties"]["jobType"]


@pytest.mark.parametrize(
    ("path", "tail"),
    [
        ("recorded/GET_backupconfig_vaultconfig_200_01", "/backupconfig/vaultconfig"),
        ("recorded/GET_vaultstorageconfig_200_01", "/backupstorageconfig/vaultstorageconfig"),
    ],
)
def test_configurations_have_the_recorded_members(path, tail):
    """Those the service sends, not those the swagger lists."""
    shown = json.loads(opened().arm("GET", tail).body)
    expected = recorded(path)

    assert expected.keys() == shown.keys()
    assert members(expected) == members(shown)
    assert (expected["name"], expected["type"]) == (shown["name"], shown["type"])


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("transcribed/vault_get_2024-04-01_zrs_immutability-null_200", "2024-04-01"),
        ("recorded/GET_vault_200_01", "2016-06-01"),
    ],
)
def test_vaults_have_the_recorded_members(path, version):
    """Which ones depends on the api-version."""
    shown = json.loads(opened().arm("GET", **{"api-version": version}).body)
    expected = recorded(path)

    assert expected.keys() - {"tags"} == shown.keys()
    assert members(expected) == members(shown)


def test_upgrade_details_have_the_published_members():
    """Nine of them, while the upgrade runs and after."""
    path = "synthetic/vault_get_upgradeDetails_inprogress_provisioning_200"
    client = open_client({"name": "v1"})
    client.start()
    shown = json.loads(client.arm("GET").body)["properties"]
    expected = recorded(path)["properties"]

    assert expected["upgradeDetails"].keys() == shown["upgradeDetails"].keys()
    assert expected["provisioningState"] == shown["provisioningState"]
    assert expected["upgradeDetails"]["status"] == shown["upgradeDetails"]["status"]
