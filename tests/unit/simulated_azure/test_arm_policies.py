"""Reading and replacing policies."""

import json
from datetime import timedelta

import pytest

from local.azure import policy_documents
from local.azure.guards import guard_id
from tests.unit.simulated_azure.harness import START, error_of, native, open_client

POLICY = {"name": "Daily", "type": "vm", "runTime": "22:30"}
ITEM = {"type": "vm", "name": "vm1", "policy": "Daily"}
IN_USE = native(policies=[POLICY], items=[ITEM, ITEM | {"name": "vm2"}])
FREE = native(policies=[POLICY])
PATH = "/backupPolicies/Daily"
ZONE = "Tokyo Standard Time"


def sent(**changes):
    """A document to put."""
    return {"properties": policy_documents.vm("22:30", 30, ZONE) | changes}


def zone(client):
    """The zone the policy shows."""
    return json.loads(client.arm("GET", PATH).body)["properties"].get("timeZone")


def status(client, answer):
    """The status an accepted write points to."""
    return json.loads(client.follow(answer.headers["Azure-AsyncOperation"]).body)


def test_policies_show_how_many_items_they_protect():
    """The count is the service's own."""
    (row,) = open_client(IN_USE).rows("/backupPolicies")

    assert row["name"] == "Daily"
    assert row["properties"]["protectedItemsCount"] == 2


def test_policies_are_listed_by_management_type():
    """The filter compares without case."""
    client = open_client(native(policies=[POLICY, {"name": "Files", "type": "mab"}]))
    names = [
        row["name"]
        for row in client.rows("/backupPolicies", filter="backupManagementType eq 'mab'")
    ]

    assert names == ["Files"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("workloadType eq 'azurefileshare'", ["Shares"]),
        ("workloadType eq 'VM' and backupManagementType eq 'AzureStorage'", []),
        ("fabricName eq 'Azure'", ["Vm", "Shares"]),
        ("fabricName eq 'ActiveDirectory'", []),
    ],
)
def test_policies_are_listed_by_workload_and_fabric(wanted, names):
    """Every key the service documents narrows the list."""
    policies = [{"name": "Vm", "type": "vm"}, {"name": "Shares", "type": "file-share"}]
    rows = open_client(native(policies=policies)).rows("/backupPolicies", filter=wanted)

    assert [row["name"] for row in rows] == names


def test_a_policy_of_the_agents_is_hidden():
    """Neither listed nor found, though it drives backups."""
    client = open_client(native(policies=[{"name": "Files", "type": "mab", "hidden": True}]))

    assert client.rows("/backupPolicies") == []
    assert client.arm("GET", "/backupPolicies/Files").status == 404


def test_a_missing_policy_is_404_with_an_empty_object():
    """As recorded: no error code."""
    answer = open_client(native()).arm("GET", "/backupPolicies/None")

    assert (answer.status, answer.body) == (404, b"{}")


def test_a_policy_without_items_is_replaced_at_once():
    """200 with the new document."""
    client = open_client(FREE)

    answer = client.arm("PUT", PATH, document=sent())

    assert answer.status == 200
    assert json.loads(answer.body)["properties"]["timeZone"] == ZONE == zone(client)


def test_a_replacement_is_whole():
    """Members that are not sent are gone."""
    client = open_client(FREE)
    document = sent()
    del document["properties"]["timeZone"]
    client.arm("PUT", PATH, document=sent())
    client.arm("PUT", PATH, document=document)

    assert zone(client) is None


def test_a_policy_in_use_is_replaced_later():
    """202 with links to follow and no body; the old document shows until it ends."""
    client = open_client(IN_USE)

    answer = client.arm("PUT", PATH, document=sent())

    assert (answer.status, answer.body) == (202, b"")
    assert answer.headers["Retry-After"] == "60"
    assert zone(client) is None

    client.wait(seconds=16)

    assert zone(client) == ZONE


def test_the_operation_names_its_jobs_once_it_is_over():
    """No properties before, one job per item after."""
    client = open_client(IN_USE)
    answer = client.arm("PUT", PATH, document=sent())
    running = status(client, answer)
    client.wait(seconds=16)
    over = status(client, answer)

    assert (running["status"], running["endTime"]) == ("InProgress", "0001-01-01T00:00:00")
    assert "properties" not in running
    assert over["status"] == "Succeeded"
    assert len(over["properties"]["jobIds"]) == 2
    assert over["properties"]["failedJobsError"] == {}


def test_the_jobs_of_a_write_start_a_little_later():
    """Not found at first, then running, then completed."""
    client = open_client(IN_USE)
    answer = client.arm("PUT", PATH, document=sent())
    client.wait(seconds=16)
    job = f"/backupJobs/{status(client, answer)['properties']['jobIds'][0]}"
    seen = []
    for seconds in (0, 15, 60):
        client.wait(seconds=seconds)
        found = json.loads(client.arm("GET", job).body)
        seen.append(found.get("properties", {}).get("status"))

    assert seen == [None, "InProgress", "Completed"]


def test_the_result_is_the_policy_once_the_write_is_over():
    """202 until then."""
    client = open_client(IN_USE)
    location = client.arm("PUT", PATH, document=sent()).headers["Location"]

    assert client.follow(location).status == 202

    client.wait(seconds=16)
    answer = client.follow(location)

    assert (answer.status, json.loads(answer.body)["name"]) == (200, "Daily")


def test_an_unknown_operation_is_not_found():
    """Also one of another policy."""
    client = open_client(IN_USE)

    assert client.arm("GET", f"{PATH}/operations/unknown").status == 404


def test_a_second_write_during_the_first_is_refused():
    """One at a time."""
    client = open_client(IN_USE)
    client.arm("PUT", PATH, document=sent())

    answer = client.arm("PUT", PATH, document=sent())

    assert error_of(answer) == (409, "BMSUserErrorObjectLocked")


def test_an_invalid_document_changes_nothing():
    """Refused, and not counted as an edit."""
    client = open_client(FREE)

    answer = client.arm("PUT", PATH, document=sent(timeZone="Mars"))

    assert error_of(answer) == (400, "BMSUserErrorInvalidPolicyInput")
    assert zone(client) is None
    assert client.vault.policy_edits == []


@pytest.mark.parametrize("document", [{}, {"properties": []}, {"properties": None}])
def test_a_document_without_properties_is_refused(document):
    """There is nothing to write."""
    answer = open_client(FREE).arm("PUT", PATH, document=document)

    assert error_of(answer) == (400, "BMSUserErrorInvalidPolicyInput")


def test_a_body_that_is_no_json_object_is_refused():
    """Not a crash."""
    answer = open_client(FREE).arm("PUT", PATH, document=[1])

    assert error_of(answer) == (400, "InvalidRequestContent")


def test_a_policy_keeps_its_management_type():
    """A VM policy cannot become one for files."""
    client = open_client(FREE)
    document = {"properties": policy_documents.mab("03:00", 30, None)}

    answer = client.arm("PUT", PATH, document=document)

    assert error_of(answer) == (400, "BMSUserErrorInvalidPolicyForGivenProvider")


def test_a_new_policy_is_made():
    """If its name is a name."""
    client = open_client(FREE)

    assert client.arm("PUT", "/backupPolicies/New-One", document=sent()).status == 200
    assert client.arm("PUT", "/backupPolicies/1st", document=sent()).status == 400
    assert [row["name"] for row in client.rows("/backupPolicies")] == ["Daily", "New-One"]


def test_fifty_edits_a_day_are_allowed():
    """The 51st is refused until the first is a day old."""
    client = open_client(FREE)
    client.vault.policy_edits += [START - timedelta(hours=23)] * 50

    answer = client.arm("PUT", PATH, document=sent())

    assert error_of(answer) == (400, "CloudDosTimeboudLimitReached")

    client.wait(hours=1)

    assert client.arm("PUT", PATH, document=sent()).status == 200


def test_policies_cannot_be_written_during_the_upgrade():
    """The new vault is being made."""
    client = open_client({"name": "v1", "policies": [POLICY]})
    client.start()

    answer = client.arm("PUT", PATH, document=sent())

    assert error_of(answer) == (409, "UserErrorVaultUpgradeInProgress")


@pytest.mark.parametrize(
    ("days", "is_named", "is_granted", "status"),
    [
        (10, False, True, 403),
        (10, True, False, 403),
        (10, True, True, 200),
        (40, False, False, 200),
    ],
    ids=["no request named", "owner has not agreed", "both", "keeps more"],
)
def test_keeping_less_needs_the_guard(days, is_named, is_granted, status):
    """With multi-user authorization, shorter retention needs the guard's request and its role."""
    settings = {"multiUserAuthorization": True}
    client = open_client(native(policies=[POLICY], settings=settings))
    client.vault.is_guard_granted = is_granted
    document = sent(**policy_documents.vm("22:30", days, ZONE))
    request = f"{guard_id(client.vault)}/updateProtectionPolicyRequests/default"
    document["properties"]["resourceGuardOperationRequests"] = [request] if is_named else []

    assert status == client.arm("PUT", PATH, document=document).status


def test_a_guard_may_ask_about_every_edit():
    """Where the guard covers every edit, a new time zone alone is refused as well."""
    settings = {"multiUserAuthorization": True, "guardsPolicyEdits": True}
    client = open_client(native(policies=[POLICY], settings=settings))
    document = sent(**policy_documents.vm("22:30", 40, ZONE))

    answer = client.arm("PUT", PATH, document=document)

    assert (403, "UserErrorResourceGuardRequestMissing") == error_of(answer)


def test_a_new_zone_moves_later_backups():
    """The items' schedule follows the document."""
    client = open_client(IN_USE)
    client.arm("PUT", PATH, document=sent())
    client.wait(days=2)

    (row, _) = client.rows("/backupProtectedItems")

    assert row["properties"]["lastBackupTime"][11:13] == "13"


def test_a_sql_policy_takes_its_zone_in_the_settings():
    """And shows it there."""
    client = open_client(native(policies=[{"name": "Daily", "type": "sql"}]))
    document = {"properties": policy_documents.sql("22:30", 30, ZONE)}

    answer = client.arm("PUT", PATH, document=document)

    shown = json.loads(answer.body)["properties"]
    assert shown["settings"]["timeZone"] == ZONE
    assert "timeZone" not in shown


def test_an_hourly_policy_of_file_shares_is_taken():
    """Its retention times are left to the service."""
    client = open_client(native(policies=[{"name": "Daily", "type": "file-share"}]))
    hourly = {
        "interval": 4,
        "scheduleWindowStartTime": "2026-01-01T08:00:00Z",
        "scheduleWindowDuration": 12,
    }
    properties = policy_documents.file_share("22:30", 30, ZONE)
    properties["schedulePolicy"] = {
        "schedulePolicyType": "SimpleSchedulePolicy",
        "scheduleRunFrequency": "Hourly",
        "hourlySchedule": hourly,
    }
    properties["retentionPolicy"]["dailySchedule"]["retentionTimes"] = None

    assert client.arm("PUT", PATH, document={"properties": properties}).status == 200


def test_what_was_read_can_be_written_back():
    """The shown document is a valid one, for every type."""
    for kind in policy_documents.BUILDERS:
        client = open_client(native(policies=[{"name": "Daily", "type": kind}]))
        shown = json.loads(client.arm("GET", PATH).body)

        answer = client.arm("PUT", PATH, document=shown)

        assert answer.status == 200, kind
        assert json.loads(answer.body) == shown


def test_a_legacy_policy_cannot_be_modified_as_it_is():
    """Fewer than seven daily backups stay only until somebody touches them."""
    client = open_client(native(policies=[POLICY | {"days": 5}]))
    shown = json.loads(client.arm("GET", PATH).body)
    shown["properties"]["timeZone"] = ZONE

    answer = client.arm("PUT", PATH, document=shown)

    assert error_of(answer) == (400, "BMSUserErrorInvalidPolicyInput")
    assert zone(client) is None


def test_edits_are_counted_per_vault():
    """One vault's budget is not another's."""
    client = open_client(FREE, native("other", policies=[POLICY]))
    client.arm("PUT", PATH, document=sent())
    counts = [len(vault.policy_edits) for vault in client.service.state.vaults]

    assert counts == [1, 0]


def test_configure_jobs_are_listed_beside_backups():
    """Under their operation, at once, whatever the job sync."""
    upgrade = {"duration": "20m", "jobSync": "12h"}
    vault = {"name": "v1", "upgrade": upgrade, "policies": [POLICY], "items": [ITEM]}
    client = open_client(vault)
    client.start()
    client.wait(minutes=20)
    client.arm("PUT", PATH, document=sent())
    client.wait(minutes=2)

    operations = [row["properties"]["operation"] for row in client.rows("/backupJobs")]

    assert operations == ["ConfigureBackup"]


def test_an_item_whose_backups_fail_cannot_be_configured_anew():
    """The policy is replaced, and the item's job fails."""
    client = open_client(native(policies=[POLICY], items=[ITEM | {"failing": True}]))
    accepted = client.arm("PUT", PATH, document=sent())
    client.wait(minutes=2)
    (job,) = status(client, accepted)["properties"]["jobIds"]
    document = json.loads(client.arm("GET", f"/backupJobs/{job}").body)

    assert document["properties"]["status"] == "Failed"
    assert zone(client) == ZONE
