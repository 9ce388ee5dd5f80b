"""The admin operations."""

import json

import pytest

from adapters.clock import ScaledClock
from local.azure import admin
from local.azure.exchange import Request
from local.azure.routes import ROUTER
from local.azure.service import SimulatedAzure
from tests.unit.simulated_azure.harness import BASE_URL, error_of, estate, native, open_client


def call(client, method, name, document=None, **query):
    """One admin operation."""
    service = client if isinstance(client, SimulatedAzure) else client.service
    body = b"" if document is None else json.dumps(document).encode()
    request = Request(
        method=method,
        raw_path=f"/admin/{name}",
        query=query,
        headers={},
        body=body,
        base_url=BASE_URL,
    )
    return admin.handle(service, request)


def read(client, name, **query):
    """The document of an admin read."""
    return json.loads(call(client, "GET", name, **query).body)


def test_faults_are_added_listed_and_cleared():
    """With the number of times each struck."""
    client = open_client(native())
    added = call(client, "POST", "faults", {"kind": "status", "status": 503, "retryAfterS": 2})
    client.arm("GET")

    (listed,) = read(client, "faults")["faults"]

    assert added.status == 201
    assert (listed["kind"], listed["status"], listed["retryAfterS"]) == ("status", 503, 2)
    assert listed["struck"] == 1

    call(client, "DELETE", "faults")

    assert read(client, "faults")["faults"] == []
    assert client.arm("GET").status == 200


def test_several_faults_can_be_added_at_once():
    """As a list."""
    client = open_client(native())
    call(client, "POST", "faults", [{"kind": "drop"}, {"kind": "lost-response"}])

    assert [rule["kind"] for rule in read(client, "faults")["faults"]] == [
        "drop",
        "lost-response",
    ]


def test_a_malformed_fault_is_refused():
    """And none is added."""
    client = open_client(native())

    answer = call(client, "POST", "faults", {"kind": "explode"})

    assert error_of(answer) == (400, "InvalidAdminRequest")
    assert read(client, "faults")["faults"] == []


def test_calls_tell_counts_and_writes():
    """The number the exactly-once test reads."""
    client = open_client({"name": "v1"})
    client.start("op-1")

    calls = read(client, "calls")

    assert calls["counts"][0]["route"] == "classic-upgrade"
    assert calls["writes"][0]["client_request_id"] == "op-1"


def test_refused_requests_are_listed():
    """Empty until something unknown is asked."""
    client = open_client(native())

    assert read(client, "refused") == {"refused": []}

    client.send("GET", "/unknown")

    assert read(client, "refused")["refused"][0]["path"] == "/unknown"


def test_the_estate_tells_how_often_each_vault_was_started():
    """With operation ids and status as of now."""
    client = open_client({"name": "v1"}, {"name": "v2"})
    client.start("op-1")
    client.wait(minutes=20)

    dump = read(client, "estate")
    first, second = dump["vaults"]

    assert dump["upgradesStarted"] == 1
    assert (first["upgradesStarted"], first["operationIds"]) == (1, ["op-1"])
    assert (first["status"], first["provisioningState"]) == ("Upgraded", "Succeeded")
    assert (second["upgradesStarted"], second["status"]) == (0, None)


def test_one_vault_can_be_asked_for():
    """By name, without case."""
    client = open_client({"name": "v1"}, {"name": "v2"})

    assert [one["name"] for one in read(client, "estate", vault="V2")["vaults"]] == ["v2"]


def test_the_clock_can_be_moved_on():
    """Everything follows it."""
    client = open_client({"name": "v1", "upgrade": {"duration": "20m"}})
    client.start()

    answer = call(client, "POST", "clock", {"advanceSeconds": 1200})

    assert json.loads(answer.body)["now"] == "2026-03-10T12:20:00Z"
    assert read(client, "estate")["vaults"][0]["status"] == "Upgraded"


@pytest.mark.parametrize("document", [{}, {"advanceSeconds": "60"}, {"advanceSeconds": -1}])
def test_the_clock_moves_on_only(document):
    """By a number of seconds, never back."""
    answer = call(open_client(native()), "POST", "clock", document)

    assert error_of(answer) == (400, "InvalidAdminRequest")


def test_a_clock_shared_with_other_processes_cannot_be_moved():
    """They would not know."""
    service = SimulatedAzure(estate(native()), ScaledClock(600), ROUTER)

    assert error_of(call(service, "POST", "clock", {"advanceSeconds": 1})) == (
        409,
        "ClockIsScaled",
    )
    assert json.loads(call(service, "GET", "clock").body)["isMovable"] is False


def test_a_reset_forgets_everything():
    """State, journal and faults."""
    client = open_client({"name": "v1"})
    client.start()
    call(client, "POST", "faults", {"kind": "drop"})
    call(client, "POST", "reset")

    assert read(client, "estate")["upgradesStarted"] == 0
    assert read(client, "calls") == {"counts": [], "writes": []}
    assert read(client, "faults") == {"faults": []}


@pytest.mark.parametrize(("method", "name"), [("GET", "other"), ("PUT", "faults")])
def test_unknown_operations_tell_the_known_ones(method, name):
    """So that nobody has to guess."""
    answer = call(open_client(native()), method, name)

    assert answer.status == 404
    assert b"POST /admin/faults" in answer.body


def test_a_body_that_is_not_json_is_refused():
    """Not a crash."""
    client = open_client(native())
    request = Request(
        method="POST",
        raw_path="/admin/faults",
        query={},
        headers={},
        body=b"{",
        base_url=BASE_URL,
    )

    assert error_of(admin.handle(client.service, request)) == (400, "InvalidAdminRequest")


@pytest.mark.parametrize("name", ["clock", "guard"])
def test_a_body_that_is_no_object_is_refused(name):
    """JSON of another kind is not a crash either."""
    answer = call(open_client(native()), "POST", name, [1])

    assert error_of(answer) == (400, "InvalidAdminRequest")
