"""Simulated Azure over real HTTP."""

import aiohttp
import pytest

from local.azure.clocks import FixedClock, MovableClock
from local.azure.server import running_azure
from tests.unit.simulated_azure.harness import START, SUBSCRIPTION, estate, native

POLICY = {"name": "Daily", "type": "vm"}
ITEM = {"type": "vm", "name": "vm1", "policy": "Daily"}


@pytest.fixture
async def azure():
    """A running service with one vault made in ARM."""
    clock = MovableClock(FixedClock(START))
    source = estate(native(policies=[POLICY], items=[ITEM]), {"name": "v1"})
    async with running_azure(source, clock) as running:
        yield running


@pytest.fixture
async def session(azure):
    """A client with a token from the token endpoint."""
    described = azure.describe()
    form = {
        "grant_type": "client_credentials",
        "client_id": described["clientId"],
        "client_secret": described["clientSecret"],
        "scope": f"{azure.url}/.default",
    }
    async with (
        aiohttp.ClientSession() as plain,
        plain.post(described["tokenUrl"], data=form) as response,
    ):
        token = (await response.json())["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(azure.url, headers=headers) as authorized:
        yield authorized


def vault_path(tail=""):
    """ARM path below the vault."""
    return (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-upgraded"
        f"/providers/Microsoft.RecoveryServices/vaults/rsv{tail}?api-version=2025-08-01"
    )


async def test_it_listens_on_loopback_only(azure):
    """Nobody else may reach it."""
    assert azure.url.startswith("http://127.0.0.1:")
    assert azure.describe()["port"] == azure.port


async def test_a_length_is_sent_with_every_body(session):
    """As the services do."""
    path = f"/{SUBSCRIPTION}/cloudservices?api-version=2015-02-10"
    async with session.get(path, headers={"x-ms-version": "2013-03-01"}) as response:
        body = await response.read()

    assert response.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert int(response.headers["Content-Length"]) == len(body)


async def test_links_lead_back_to_the_same_server(azure, session):
    """A client that follows them stays here."""
    async with session.get(vault_path("/backupPolicies/Daily")) as response:
        document = await response.json()
    sent = {"properties": document["properties"] | {"timeZone": "UTC"}}
    async with session.put(vault_path("/backupPolicies/Daily"), json=sent) as response:
        operation = response.headers["Azure-AsyncOperation"]
    async with session.get(operation.removeprefix(azure.url)) as response:
        status = await response.json()

    assert operation.startswith(azure.url)
    assert status["status"] == "InProgress"


@pytest.mark.parametrize(("kind", "edits"), [("drop", 0), ("lost-response", 1)])
async def test_a_broken_connection_is_a_broken_connection(azure, session, kind, edits):
    """The client sees the same; only the effect differs."""
    async with session.post("/admin/faults", json={"kind": kind, "method": "PUT"}) as response:
        assert response.status == 201
    async with session.get(vault_path("/backupPolicies/Daily")) as response:
        document = await response.json()

    with pytest.raises(aiohttp.ClientConnectionError):
        await session.put(vault_path("/backupPolicies/Daily"), json=document)

    assert edits == len(azure.state.vaults[0].policy_edits)


async def test_latency_is_real(session):
    """It counts in real time."""
    rule = {"kind": "latency", "latencyS": 0.05, "route": "vault"}
    async with session.post("/admin/faults", json=rule):
        pass
    async with session.get(vault_path()) as response:
        assert response.status == 200


async def test_the_admin_reads_need_no_token(azure):
    """They are for whoever watches."""
    async with (
        aiohttp.ClientSession(azure.url) as plain,
        plain.get("/admin/estate") as response,
    ):
        dump = await response.json()

    assert [vault["name"] for vault in dump["vaults"]] == ["rsv", "v1"]


async def test_nothing_else_is_served_without_a_token(azure):
    """401 on every API."""
    paths = (vault_path(), f"/{SUBSCRIPTION}/cloudservices", "/v1/workspaces/w/query")
    async with aiohttp.ClientSession(azure.url) as plain:
        statuses = [
            (await plain.request("POST" if "query" in path else "GET", path)).status
            for path in paths
        ]

    assert statuses == [401, 401, 401]
