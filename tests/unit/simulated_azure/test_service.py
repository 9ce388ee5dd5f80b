"""Requests nobody knows, the journal, and rate limits."""

import json

import pytest

from local.azure.journal import MAX_REFUSED
from local.azure.names import vault_id
from local.azure.quotas import READS, RESOURCE_REQUESTS, WRITES, Quotas, limit_of
from tests.unit.simulated_azure.harness import (
    API_VERSION,
    GROUP,
    START,
    SUBSCRIPTION,
    error_of,
    native,
    open_client,
)

UNKNOWN = "/subscriptions/s/providers/Microsoft.Compute/virtualMachines"


def test_an_unknown_path_is_refused_by_name():
    """And noted, so that a test can ask for none."""
    client = open_client(native())

    answer = client.send("GET", UNKNOWN).answer

    assert error_of(answer) == (404, "UnknownToSimulatedAzure")
    assert UNKNOWN in json.loads(answer.body)["error"]["message"]
    assert [entry["path"] for entry in client.service.journal.refused_log()] == [UNKNOWN]


def test_a_known_path_with_another_method_is_405():
    """With the methods it knows."""
    client = open_client(native())

    answer = client.arm("DELETE", "/backupPolicies/Daily")

    assert error_of(answer) == (405, "MethodNotAllowed")
    assert answer.headers["Allow"] == "GET, PUT"
    assert len(client.service.journal.refused_log()) == 1


def test_the_refused_are_kept_within_bounds():
    """A thousand are enough to see what is wrong."""
    client = open_client(native())
    for _ in range(MAX_REFUSED + 5):
        client.send("GET", UNKNOWN)

    assert len(client.service.journal.refused) == MAX_REFUSED


def test_calls_are_counted_by_route_vault_and_status():
    """Whatever the spelling of the vault."""
    client = open_client({"name": "V1"})
    client.classic("POST", "checkPrereqsForUpgrade")
    client.start()
    client.start("op-2")

    assert client.service.journal.counts() == [
        {
            "method": "POST",
            "route": "classic-check",
            "vault": "v1",
            "status": 200,
            "count": 1,
        },
        {
            "method": "POST",
            "route": "classic-upgrade",
            "vault": "v1",
            "status": 200,
            "count": 1,
        },
        {
            "method": "POST",
            "route": "classic-upgrade",
            "vault": "v1",
            "status": 409,
            "count": 1,
        },
    ]
    assert client.service.journal.count("POST", "classic-upgrade", "v1") == 2


def test_writes_are_kept_one_by_one():
    """With the id of the caller and the fault that struck; a check by POST changes nothing."""
    client = open_client({"name": "v1"})
    client.classic("POST", "checkPrereqsForUpgrade")
    client.start("op-1")
    client.arm("GET")

    (write,) = client.service.journal.write_log()

    assert (write["route"], write["client_request_id"]) == ("classic-upgrade", "op-1")
    assert (write["status"], write["fault"]) == (200, None)


def test_a_reset_starts_afresh():
    """State and journal; tokens stay good."""
    client = open_client({"name": "v1"})
    client.start()
    client.service.reset()

    assert client.vault.records == []
    assert client.service.journal.write_log() == []
    assert client.start().status == 200


@pytest.mark.parametrize(
    ("method", "route", "limit"),
    [
        ("GET", "vault", READS),
        ("GET", "vaults", READS),
        ("GET", "jobs", RESOURCE_REQUESTS),
        ("PUT", "policy", WRITES),
    ],
)
def test_every_kind_of_call_has_its_bucket(method, route, limit):
    """ARM's own reads, the service's reads, and writes."""
    assert limit is limit_of(method, route)


def test_a_bucket_empties_and_refills():
    """With virtual time."""
    client = open_client(native())
    quotas, now = Quotas(), client.clock.now()
    remaining = [quotas.take(RESOURCE_REQUESTS, "v", now).remaining for _ in range(300)]
    empty = quotas.take(RESOURCE_REQUESTS, "v", now)
    client.wait(seconds=5)
    later = quotas.take(RESOURCE_REQUESTS, "v", client.clock.now())

    assert remaining[:2] == [299, 298]
    assert remaining[-1] == 0
    assert (empty.remaining, empty.wait_s) == (0, 1)
    assert (later.remaining, later.wait_s) == (4, 0)


def test_buckets_do_not_share():
    """One vault's calls are not another's."""
    quotas = Quotas()
    quotas.take(RESOURCE_REQUESTS, "v", START)

    assert quotas.take(RESOURCE_REQUESTS, "w", START).remaining == 299


def test_reads_of_two_vaults_share_the_subscription_bucket():
    """ARM counts by subscription; only the backup service counts by vault."""
    client = open_client(native("v1"), native("v2"))
    client.arm("GET")
    path = vault_id(SUBSCRIPTION, GROUP, "v2")
    headers = client.send("GET", path, query={"api-version": API_VERSION}).answer.headers

    assert headers["x-ms-ratelimit-remaining-subscription-reads"] == "1098"


def test_an_empty_bucket_is_429_where_limits_are_enforced():
    """With the seconds to wait."""
    client = open_client(native(), quotas=True)
    statuses = [client.arm("GET", "/usages").status for _ in range(300)]

    answer = client.arm("GET", "/usages")

    assert set(statuses) == {200}
    assert error_of(answer) == (429, "SubscriptionRequestsThrottled")
    assert answer.headers["Retry-After"] == "1"


def test_without_enforcement_only_the_headers_count_down():
    """A test may call as often as it likes."""
    client = open_client(native())

    assert {client.arm("GET", "/usages").status for _ in range(310)} == {200}
