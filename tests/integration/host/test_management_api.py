"""The durable management API, where the extension's own handler decides a detail."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from tests.integration.host.running import RunningHost

HOOKS = "/runtime/webhooks/durabletask"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    """The workflows app."""
    with RunningHost("workflows", tmp_path_factory.mktemp("host")) as running:
        yield running


@pytest.fixture
async def http(host: RunningHost) -> AsyncIterator[aiohttp.ClientSession]:
    """Calls below the API's path."""
    async with aiohttp.ClientSession(host.url + HOOKS + "/") as session:
        yield session


async def status_of(http: aiohttp.ClientSession, instance_id: str) -> str:
    """The runtime status of an instance."""
    async with http.get(f"instances/{instance_id}") as answer:
        return str((await answer.json())["runtimeStatus"])


async def wait_begun(http: aiohttp.ClientSession, instance_id: str) -> None:
    """Until an instance is there."""
    for _ in range(200):
        if (await http.get(f"instances/{instance_id}")).status != 404:
            return
        await asyncio.sleep(0.05)
    raise TimeoutError(instance_id)


async def test_a_wait_that_ends_in_failure_tells_the_status(http: aiohttp.ClientSession):
    """Only a result stands alone; a failure's text could be taken for one."""
    query = {"timeout": "15", "pollingInterval": "0.05"}
    async with http.post("orchestrators/child", params=query, json={}) as answer:
        body = await answer.json()

    assert (answer.status, body["runtimeStatus"]) == (200, "Failed")


async def test_a_wait_looks_again_at_its_end(http: aiohttp.ClientSession):
    """An interval as long as the time-out does not shorten the wait."""
    query = {"timeout": "1", "pollingInterval": "1"}
    began = time.monotonic()
    async with http.post("orchestrators/child", params=query, json=4) as answer:
        output = await answer.json()

    assert (answer.status, output) == (200, 8)
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("instance_id", ["one two", "100%", "a+b&c=d", "größe"])
async def test_urls_of_any_id_lead_to_it(http: aiohttp.ClientSession, instance_id: str):
    """They are encoded, in the body and in the header."""
    path = f"orchestrators/waits/{quote(instance_id, safe='')}"
    async with http.post(path) as started:
        urls = [started.headers["Location"], (await started.json())["statusQueryGetUri"]]
    found = []
    for url in urls:
        async with http.get(URL(url, encoded=True)) as answer:
            found.append((await answer.json())["instanceId"])

    assert found == [instance_id, instance_id]


async def test_paths_are_taken_in_any_case(http: aiohttp.ClientSession):
    """And with a slash at the end, as the extension takes them."""
    await http.post("Orchestrators/waits/cased")
    raised = await http.post("INSTANCES/cased/raiseevent/go", json=1)
    listed = await http.get("/Runtime/WebHooks/DurableTask/instances/")

    assert (raised.status, listed.status) == (202, 200)


async def test_terminating_leaves_sub_orchestrations_alone(http: aiohttp.ClientSession):
    """What was begun goes on, as in Azure."""
    await http.post("orchestrators/delegates/family")
    await wait_begun(http, "family-child")
    await http.post("instances/family/terminate")

    assert await status_of(http, "family") == "Terminated"
    assert await status_of(http, "family-child") in {"Pending", "Running"}


@pytest.mark.parametrize("path", ["entities", "entities/counter", "entities/counter/a?op=add"])
async def test_entities_are_refused_by_name(http: aiohttp.ClientSession, path: str):
    """Not 404, which would say that there is no such entity yet."""
    async with http.post(path, json=1) as answer:
        body = await answer.json()

    assert (answer.status, body) == (501, {"message": "this host does not run entities"})


async def test_an_entity_is_not_started_by_hand(host: RunningHost):
    """The caller is told, instead of a failure in the log."""
    async with (
        aiohttp.ClientSession(host.url) as session,
        session.post("/admin/functions/counter", json={"input": "1"}) as answer,
    ):
        body = await answer.json()

    assert (answer.status, "durable entity" in body["message"]) == (400, True)
