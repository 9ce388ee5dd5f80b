"""Code that raises what is no Exception: it fails, and the host lives on."""

from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from tests.integration.host.running import RunningHost

HOOKS = "/runtime/webhooks/durabletask"
FUNCTION_FAILED = "function 'leaves' failed with an unhandled exception"
WAIT = {"timeout": "20", "pollingInterval": "0.1"}


@pytest.fixture(scope="module", params=[(), ("--replay",)], ids=["hot", "replay"])
def host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningHost]:
    """The leaving app, its orchestrators kept in memory and replayed."""
    with RunningHost("leaving", tmp_path_factory.mktemp("host"), *request.param) as running:
        yield running


async def run(host: RunningHost, orchestrator: str, given: str | None) -> Any:
    """The result of an orchestration, or its status where it failed."""
    path = f"{HOOKS}/orchestrators/{orchestrator}"
    async with aiohttp.ClientSession(host.url) as http:
        answer = await http.post(path, params=WAIT, json=given)
        return await answer.json()


@pytest.mark.parametrize("route", ["leave", "leave-thread", "cancel"])
async def test_a_request_whose_function_leaves_is_an_error(host: RunningHost, route: str):
    """500, and the next request is served: a worker process of Azure's would be started again."""
    async with aiohttp.ClientSession(host.url) as http:
        statuses = [(await http.get(f"/api/{route}")).status for _ in range(2)]

    assert statuses == [500, 500]


@pytest.mark.parametrize(
    ("activity", "failure"),
    [("leaving", "SystemExit: enough"), ("cancelled", "CancelledError: CancelledError")],
)
async def test_an_activity_that_leaves_fails(host: RunningHost, activity: str, failure: str):
    """It is not handed out again for ever, and does not end the host."""
    assert await run(host, "calls", activity) == failure


async def test_an_orchestrator_that_leaves_fails_its_instance(host: RunningHost):
    """As any failure of the function around it."""
    ended = await run(host, "leaves", None)

    assert (ended["runtimeStatus"], ended["output"]) == (
        "Failed",
        f"OrchestratorFunctionFailed: {FUNCTION_FAILED}: SystemExit: enough",
    )


def test_a_timer_that_is_cancelled_fires_again(host: RunningHost):
    """One bad run does not end the timer."""
    host.wait_logged(2, message="Executed cancelled_timer (Failed")
