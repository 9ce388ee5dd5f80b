"""List, check, start and track."""

import re

import pytest

from local.azure.names import cloud_service_name
from tests.unit.simulated_azure.harness import (
    REGION,
    SUBSCRIPTION,
    native,
    open_client,
    parse_xml,
    target_path,
    upgrade_input,
)

LIST_HEADERS = {"Accept": "application/xml", "x-ms-version": "2013-03-01"}
AZURE = "{http://schemas.microsoft.com/windowsazure}"
WARS = "{http://schemas.microsoft.com/wars}"


def list_vaults(client, subscription=SUBSCRIPTION, **query):
    """The answer of the list."""
    parameters = {"api-version": "2015-02-10"} | query
    path = f"/{subscription}/cloudservices"
    return client.send("GET", path, query=parameters, headers=LIST_HEADERS).answer


def text_of(answer, *names):
    """Text of elements below the root of an XML answer."""
    root = parse_xml(answer.body)
    return [root.findtext(f"{AZURE}{name}") for name in names]


def test_the_list_has_one_cloud_service_per_region():
    """Vaults of a region share their cloud service; ARM vaults are not listed."""
    client = open_client(
        {"name": "v1"}, {"name": "v2"}, {"name": "v3", "region": "West Europe"}, native()
    )

    root = parse_xml(list_vaults(client).body)
    listed = {
        service.findtext(f"{AZURE}Name"): [
            name.text for name in service.findall(f"{AZURE}Resources/{AZURE}Resource/{AZURE}Name")
        ]
        for service in root
    }

    assert listed == {
        cloud_service_name(SUBSCRIPTION, REGION): ["v1", "v2"],
        cloud_service_name(SUBSCRIPTION, "West Europe"): ["v3"],
    }


def test_the_list_answers_with_fewer_headers():
    """No client request id, expiry or transport security, as recorded."""
    headers = list_vaults(open_client({"name": "v1"})).headers

    assert "x-ms-client-request-id" not in headers
    assert "Strict-Transport-Security" not in headers
    assert re.fullmatch("[0-9a-f]{32}", headers["x-ms-request-id"])


def test_an_unknown_subscription_is_not_found():
    """The list of a subscription the estate lacks is refused, not empty."""
    answer = list_vaults(open_client({"name": "v1"}), "99999999-1111-4222-8333-444455556666")

    assert answer.status == 404
    assert text_of(answer, "Code") == ["SubscriptionNotFound"]


def test_the_list_demands_its_api_version():
    """Only the recorded version is understood."""
    assert list_vaults(open_client({"name": "v1"}), **{"api-version": "2020-01-01"}).status == 400


def test_a_check_of_a_good_vault_is_the_nil_error():
    """Status 200 and 123 bytes."""
    answer = open_client({"name": "v1"}).classic("POST", "checkPrereqsForUpgrade").answer

    assert (answer.status, len(answer.body)) == (200, 123)
    assert answer.headers["x-ms-client-request-id"] == "11111111-2222-4333-8444-555555555555"


def test_a_check_that_only_warns_is_not_200():
    """Warnings come the way errors do."""
    client = open_client({"name": "v1", "storageBilled": True})
    answer = client.classic("POST", "checkPrereqsForUpgrade").answer

    assert answer.status == 400
    assert b"<Type>Warning</Type>" in answer.body


def test_a_check_starts_nothing():
    """The vault has no record afterwards."""
    client = open_client({"name": "v1"})
    client.classic("POST", "checkPrereqsForUpgrade")

    assert client.vault.records == []


def test_a_start_takes_the_clients_request_id_as_operation_id():
    """Blanks and all."""
    client = open_client({"name": "v1"})
    request_id = "11111111-2222-4333-8444-555555555555-2026-03-10 12:00:00Z-P"

    answer = client.start(request_id)

    assert answer.status == 200
    assert text_of(answer, "OperationId", "Status", "TriggerType") == [
        request_id,
        "InProgress",
        "UserTriggered",
    ]


def test_a_start_echoes_the_target_verbatim():
    """Case and provider stay as the caller wrote them."""
    client = open_client({"name": "v1"})
    target = target_path("V1", group="RG-Mixed").replace(
        "RecoveryServices", "RecoveryServicesBVTD2"
    )

    answer = client.classic("POST", "upgrade", target=target).answer

    assert text_of(answer, "UpgradedResourceId") == [target]


def test_a_warning_does_not_stop_a_start():
    """Calling the start is the consent."""
    assert open_client({"name": "v1", "storageBilled": True}).start().status == 200


def test_a_prerequisite_error_stops_a_start():
    """Nothing is started, and the reasons come as the check gives them."""
    client = open_client({"name": "v1", "csp": True, "storageBilled": True})

    answer = client.start()

    assert answer.status == 400
    assert b"CspSubscriptionNotSupported" in answer.body
    assert b"StorageBasedBilling" not in answer.body
    assert client.vault.starts_received == 0


@pytest.mark.parametrize(
    ("minutes", "code"), [(5, "VaultUpgradeInProgress"), (25, "VaultAlreadyUpgraded")]
)
def test_a_second_start_is_refused_whatever_its_id(minutes, code):
    """Running or done: one upgrade, and the first one's id."""
    client = open_client({"name": "v1"})
    client.start("op-1")
    client.wait(minutes=minutes)

    answer = client.start("op-2")

    assert answer.status == 409
    assert parse_xml(answer.body).findtext(f"{WARS}ErrorCode") == code
    assert [record.operation_id for record in client.vault.records] == ["op-1"]


def test_an_estate_may_refuse_a_start_after_a_failure():
    """For services that do; whether the real one does is not known."""
    failure = {"code": "F", "message": "It broke."}
    upgrade = {"duration": "5m", "fails": failure, "mayRestart": False}
    client = open_client({"name": "v1", "upgrade": upgrade})
    client.start()
    client.wait(minutes=6)

    assert client.start("op-2").status == 409
    assert client.vault.starts_received == 1


@pytest.mark.parametrize(("times", "ends"), [(1, "Succeeded"), (2, "Failed")])
def test_a_start_after_a_failure_ends_as_the_estate_says(times, ends):
    """The service lets it through, since support may have asked for it (vault-upgrade 3.4)."""
    failure = {"code": "F", "message": "m", "times": times}
    client = open_client({"name": "v1", "upgrade": {"duration": "5m", "fails": failure}})
    client.start()
    client.wait(minutes=6)

    assert client.start("op-2").status == 200

    client.wait(minutes=6)

    answer = client.classic("GET", "upgradeOperationResult").answer
    assert text_of(answer, "OperationResult") == [ends]


def test_tracking_follows_the_upgrade():
    """Invalid while it runs, Succeeded once it is done."""
    client = open_client({"name": "v1", "upgrade": {"duration": "20m"}})
    client.start()
    seen = []
    for minutes in (19, 1):
        client.wait(minutes=minutes)
        answer = client.classic("GET", "upgradeOperationResult").answer
        seen.append((*text_of(answer, "OperationResult", "OperationStatus"), len(answer.body)))

    assert seen == [("Invalid", "InProgress", 377), ("Succeeded", "Completed", 378)]


def test_tracking_a_failure_tells_code_and_message():
    """Completed, but not Succeeded."""
    failure = {"code": "Internal", "message": "It broke."}
    client = open_client({"name": "v1", "upgrade": {"duration": "5m", "fails": failure}})
    client.start()
    client.wait(minutes=5)

    answer = client.classic("GET", "upgradeOperationResult").answer

    assert text_of(answer, "OperationResult", "OperationStatus", "ErrorCode", "Message") == [
        "Failed",
        "Completed",
        "Internal",
        "It broke.",
    ]


def test_tracking_without_a_start_is_not_found():
    """There is nothing to track."""
    client = open_client({"name": "v1"})

    assert client.classic("GET", "upgradeOperationResult").answer.status == 404


@pytest.mark.parametrize(
    "header", ["Accept", "x_ms_version", "Agent_Authentication", "x_ms_client_request_id"]
)
def test_every_header_of_the_upgrade_calls_is_demanded(header):
    """What all recorded calls carry has to be there."""
    client = open_client({"name": "v1"})

    answer = client.classic("POST", "upgrade", **{header: None}).answer

    assert answer.status == 400
    assert client.vault.starts_received == 0


def test_a_value_where_none_was_recorded_is_refused():
    """Nobody knows what it would do."""
    client = open_client({"name": "v1"})

    assert client.classic("POST", "upgrade", Agent_Authentication="x").answer.status == 400
    assert client.vault.starts_received == 0


def test_an_upgrade_call_has_no_query():
    """Its version is in a header."""
    client = open_client({"name": "v1"})
    path = f"/{SUBSCRIPTION}/cloudservices/{cloud_service_name(SUBSCRIPTION, REGION)}"
    answer = client.send(
        "GET",
        f"{path}/resources/WABackup/~/BackupVault/v1/upgradeOperationResult",
        query={"api-version": "2015-02-10"},
        headers=LIST_HEADERS | {"Agent-Authentication": "", "x-ms-client-request-id": "r"},
    ).answer

    assert text_of(answer, "Code") == ["UnknownToSimulatedAzure"]


def test_an_empty_client_request_id_is_refused():
    """It would be the OperationId."""
    assert open_client({"name": "v1"}).start("").status == 400


def test_names_in_the_url_are_compared_without_case():
    """Vault and type may be spelt otherwise."""
    client = open_client({"name": "Vault-One"})
    path = (
        f"/{SUBSCRIPTION.upper()}/cloudservices/"
        f"{cloud_service_name(SUBSCRIPTION, REGION).lower()}"
        "/resources/wabackup/~/backupvault/vault-ONE/upgradeOperationResult"
    )
    client.start()
    headers = LIST_HEADERS | {"Agent-Authentication": "", "x-ms-client-request-id": "r"}

    assert client.send("GET", path, headers=headers).answer.status == 200


def test_a_vault_of_another_namespace_is_not_found():
    """The namespace is part of the resource's name."""
    client = open_client({"name": "v1", "namespace": "Other"})

    answer = client.classic("POST", "upgrade").answer

    assert answer.status == 404
    assert text_of(answer, "Code") == ["ResourceNotFound"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<ResourceUpgradeInput/>",
        b'<!DOCTYPE x [<!ENTITY e "e">]>' + upgrade_input(target_path("v1")),
        upgrade_input(target_path("v1")).replace(b"ResourceUpgradeInput", b"Other"),
        upgrade_input("x" * 70_000),
        b"<?xml version='1.0' encoding='utf-99'?>" + upgrade_input(target_path("v1")),
        ('<!DOCTYPE x [<!ENTITY e "e">]>' + upgrade_input("v1").decode()).encode("utf-16"),
        upgrade_input(target_path("v1")).replace(b"windowsazure", b"wars"),
        upgrade_input(target_path("v1")).replace(b"</Res", b"<Force>true</Force></Res"),
    ],
)
def test_bodies_that_are_no_upgrade_input_are_refused(body):
    """Wrong roots and namespaces, document types, endless bodies and wishes start nothing."""
    client = open_client({"name": "v1"})
    path = (
        f"/{SUBSCRIPTION}/cloudservices/{cloud_service_name(SUBSCRIPTION, REGION)}"
        "/resources/WABackup/~/BackupVault/v1/upgrade"
    )
    headers = LIST_HEADERS | {
        "Agent-Authentication": "",
        "Content-Type": "application/xml",
        "x-ms-client-request-id": "r",
    }

    assert client.send("POST", path, headers=headers, body=body).answer.status == 400
    assert client.vault.records == []
