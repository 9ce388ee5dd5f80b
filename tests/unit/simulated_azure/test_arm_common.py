"""Filters, pages and refusals of ARM."""

import json

import pytest

from tests.unit.simulated_azure.harness import (
    GROUP,
    SUBSCRIPTION,
    error_of,
    native,
    open_client,
)

POLICIES = [{"name": f"Policy{number}", "type": "vm"} for number in range(5)]
OTHER = "99999999-1111-4222-8333-444455556666"


def vault_path(subscription=SUBSCRIPTION, group=GROUP, name="rsv"):
    """Path of a vault."""
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/Microsoft.RecoveryServices/vaults/{name}"
    )


def get(client, path, **query):
    """An ARM read of any path."""
    return client.send("GET", path, query={"api-version": "2025-08-01"} | query).answer


def test_an_api_version_is_required():
    """Without one ARM does not know what is meant."""
    answer = open_client(native()).send("GET", vault_path()).answer

    assert error_of(answer) == (400, "MissingApiVersionParameter")


def test_a_malformed_api_version_is_refused():
    """A version is a date."""
    answer = get(open_client(native()), vault_path(), **{"api-version": "latest"})

    assert error_of(answer) == (400, "InvalidApiVersionParameter")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (vault_path(subscription=OTHER), "SubscriptionNotFound"),
        (vault_path(group="nowhere"), "ResourceGroupNotFound"),
        (vault_path(name="nobody"), "ResourceNotFound"),
    ],
)
def test_what_is_missing_is_named(path, code):
    """Subscription, group and vault are told apart."""
    assert error_of(get(open_client(native()), path)) == (404, code)


def test_names_in_the_path_are_compared_without_case():
    """Segments and names alike."""
    path = vault_path(SUBSCRIPTION.upper(), GROUP.upper(), "RSV").replace("vaults", "Vaults")

    assert get(open_client(native()), path).status == 200


def test_lists_come_in_pages_with_links_on_the_same_host():
    """Following nextLink gives every row once."""
    client = open_client(native(policies=POLICIES), pageSize=2)
    answer = client.arm("GET", "/backupPolicies")
    seen = []
    for _ in range(3):
        page = json.loads(answer.body)
        seen += [row["name"] for row in page["value"]]
        if "nextLink" in page:
            assert page["nextLink"].startswith("http://127.0.0.1:1/")
            answer = client.follow(page["nextLink"])

    assert seen == [policy["name"] for policy in POLICIES]
    assert "nextLink" not in json.loads(answer.body)


def test_a_full_last_page_has_no_link():
    """There is nothing behind it."""
    client = open_client(native(policies=POLICIES[:2]), pageSize=2)

    assert "nextLink" not in json.loads(client.arm("GET", "/backupPolicies").body)


def test_a_broken_skip_token_is_refused():
    """Tokens are the service's own."""
    answer = open_client(native()).arm("GET", "/backupPolicies", skip_token="x")

    assert error_of(answer) == (400, "BMSUserErrorInvalidInput")


@pytest.mark.parametrize(
    "text",
    [
        "backupManagementType eq AzureIaasVM",
        "backupManagementType ne 'AzureIaasVM'",
        "backupManagementType eq 'AzureIaasVM' or status eq 'x'",
        "backupManagementType eq 'AzureIaasVM' and",
        "backupManagementType eq 'AzureIaasVM'and ",
        "backupManagementType eq 'AzureIaasVM' backupManagementType eq 'MAB'",
        "nonsense eq 'x'",
        "backupManagementType eq 'MAB' and backupManagementType eq 'MAB'",
    ],
)
def test_filters_of_another_grammar_are_refused(text):
    """Only eq, only and, only known keys, each once."""
    answer = open_client(native()).arm("GET", "/backupPolicies", filter=text)

    assert error_of(answer) == (400, "BMSUserErrorInvalidInput")


def test_a_quote_in_a_value_is_written_twice():
    """OData's way."""
    client = open_client(native())

    assert client.rows("/backupProtectedItems", filter="friendlyName eq 'O''Neil'") == []


def test_errors_of_the_backup_service_have_all_members():
    """ARM itself sends code and message only."""
    client = open_client(native())
    ours = json.loads(client.arm("GET", "/backupProtectionContainers").body)["error"]
    arms = json.loads(get(client, vault_path(name="nobody")).body)["error"]

    assert ours.keys() == {"code", "message", "target", "details", "innerError"}
    assert arms.keys() == {"code", "message"}


def test_answers_carry_request_ids_and_the_rate_left():
    """Vault reads count against ARM, what is inside against the service."""
    client = open_client(native())
    vault, inside = client.arm("GET").headers, client.arm("GET", "/backupPolicies").headers

    assert vault["x-ms-ratelimit-remaining-subscription-reads"] == "1099"
    assert inside["x-ms-ratelimit-remaining-subscription-resource-requests"] == "299"
    assert vault["x-ms-request-id"] == vault["x-ms-correlation-request-id"]
