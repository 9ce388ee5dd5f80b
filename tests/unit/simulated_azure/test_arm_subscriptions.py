"""Simulated subscriptions: state, groups, providers and features."""

import json

import pytest

from tests.unit.simulated_azure.harness import (
    SUBSCRIPTION,
    error_of,
    open_client,
    target_path,
    version_of,
)

BASE = f"/subscriptions/{SUBSCRIPTION}"
PROVIDER = f"{BASE}/providers/Microsoft.SiteRecovery"


def client(**members):
    """A client of an estate whose subscription has these members."""
    row = {"id": SUBSCRIPTION, "vaults": [{"region": "West US", "name": "vault-a"}], **members}
    return open_client(subscriptions=[row])


def ask(azure, path, method="GET", version=None):
    """One call of ARM about the subscription."""
    query = {"api-version": version_of(path) if version is None else version}
    return azure.send(method, path, query=query).answer


def document(answer):
    """The body of an answer."""
    return json.loads(answer.body)


def test_a_subscription_tells_its_state_and_offer():
    """As the estate's row says."""
    found = document(ask(client(quotaId="CSP_2015-05-01", state="Warned"), BASE))

    assert ("Warned", "CSP_2015-05-01") == (
        found["state"],
        found["subscriptionPolicies"]["quotaId"],
    )


def test_an_unknown_subscription_is_refused():
    """404, as for every other call about it."""
    answer = ask(client(), "/subscriptions/00000000-0000-4000-8000-000000000000")

    assert (404, "SubscriptionNotFound") == error_of(answer)


def test_a_call_without_a_version_is_refused():
    """400, as ARM does."""
    assert (400, "MissingApiVersionParameter") == error_of(ask(client(), BASE, version=""))


def test_the_groups_of_the_estate_are_listed():
    """Those of the row; the spelling of the path's last segment does not matter."""
    azure = client(resourceGroups=["rg-a", "rg-b"])

    names = [row["name"] for row in document(ask(azure, f"{BASE}/resourcegroups"))["value"]]

    assert ["rg-a", "rg-b"] == names


def test_an_upgrade_makes_its_group_where_the_vault_is():
    """A group nobody named before is made by the service, in the vault's location."""
    azure = client(resourceGroups=[])

    azure.classic("POST", "upgrade", target=target_path("vault-a", "rg-new"))

    (row,) = document(ask(azure, f"{BASE}/resourceGroups"))["value"]
    assert ("rg-new", "westus") == (row["name"], row["location"])


@pytest.mark.parametrize("namespace", ["Microsoft.SiteRecovery", "microsoft.siterecovery"])
def test_a_provider_tells_whether_it_is_registered(namespace):
    """Names are compared without case."""
    azure = client(providers={"Microsoft.SiteRecovery": "NotRegistered"})

    found = document(ask(azure, f"{BASE}/providers/{namespace}"))

    assert "NotRegistered" == found["registrationState"]


def test_a_registration_takes_its_time():
    """Registering at first, Registered once the time is over."""
    azure = client(providers={"Microsoft.SiteRecovery": "NotRegistered"}, registrationTakes="3m")

    states = [document(ask(azure, f"{PROVIDER}/register", "POST"))["registrationState"]]
    for seconds in (179, 1):
        azure.wait(seconds=seconds)
        states.append(document(ask(azure, PROVIDER))["registrationState"])

    assert ["Registering", "Registering", "Registered"] == states


def test_registering_what_is_registered_changes_nothing():
    """Asking twice is harmless."""
    found = document(ask(client(), f"{PROVIDER}/register", "POST"))

    assert "Registered" == found["registrationState"]


def test_registering_twice_does_not_begin_anew():
    """The second call finds the first one's registration."""
    azure = client(providers={"Microsoft.SiteRecovery": "NotRegistered"}, registrationTakes="3m")
    ask(azure, f"{PROVIDER}/register", "POST")
    azure.wait(minutes=2)

    ask(azure, f"{PROVIDER}/register", "POST")
    azure.wait(minutes=1)

    assert "Registered" == document(ask(azure, PROVIDER))["registrationState"]


def test_an_unknown_provider_is_refused():
    """404 with ARM's code."""
    answer = ask(client(), f"{BASE}/providers/Microsoft.Unknown")

    assert (404, "InvalidResourceNamespace") == error_of(answer)


def test_a_feature_tells_its_state():
    """As the estate's row says."""
    azure = client(features={"VaultUpgrade": "Pending"})
    path = f"{BASE}/providers/Microsoft.Features/providers/Microsoft.RecoveryServices/features"

    found = document(ask(azure, f"{path}/VaultUpgrade"))

    assert "Pending" == found["properties"]["state"]


def test_an_unknown_feature_is_refused():
    """404: the preview is over."""
    azure = client(features={})
    path = f"{BASE}/providers/Microsoft.Features/providers/Microsoft.RecoveryServices/features"

    assert (404, "FeatureNotFound") == error_of(ask(azure, f"{path}/VaultUpgrade"))
