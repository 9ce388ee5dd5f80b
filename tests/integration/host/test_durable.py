"""Durable functions through the host, with both engines, over its HTTP APIs."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.integration.host.running import RunningHost

HOOKS = "/runtime/webhooks/durabletask"
LIMIT_S = 20.0
HOUR_RATE = 43200.0
"""Twelve virtual hours a second."""


REPLAY = ("--replay",)
MODES = {"memory": ("--engine", "memory"), "hot": (), "replay": REPLAY}


@pytest.fixture(scope="module", params=MODES.values(), ids=MODES)
def host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningHost]:
    """The workflows app on each engine, and with every turn replayed."""
    folder = tmp_path_factory.mktemp("host")
    with RunningHost("workflows", folder, *request.param) as running:
        yield running


@pytest.fixture
async def hub(host: RunningHost) -> AsyncIterator["Hub"]:
    """The host's APIs."""
    async with aiohttp.ClientSession(host.url) as session:
        yield Hub(session)


class Hub:
    """Starts orchestrations and asks about them."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http = http

    async def start(self, name: str, instance_id: str, given: Any = None) -> dict[str, str]:
        """Starts through the app's own starter; gives the management URLs."""
        path = f"/api/start/{name}/{instance_id}"
        async with self.http.post(path, data=json.dumps(given)) as answer:
            assert answer.status == 202
            return dict(await answer.json(content_type=None))

    async def status(self, instance_id: str, **query: str) -> tuple[int, dict[str, Any]]:
        """Status code and body of the status call."""
        path = f"{HOOKS}/instances/{instance_id}"
        async with self.http.get(path, params=query) as answer:
            return answer.status, await answer.json() if answer.status != 404 else {}

    async def ended(self, instance_id: str, **query: str) -> dict[str, Any]:
        """The status once it has ended."""
        return await self.until(instance_id, lambda status, _: status not in {202, 404}, **query)

    async def until(self, instance_id: str, fits: Any, **query: str) -> dict[str, Any]:
        """The status body once ``fits`` says so."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            code, body = await self.status(instance_id, **query)
            if fits(code, body):
                return body
            await asyncio.sleep(0.05)
        raise TimeoutError(f"{instance_id}: {body}")

    async def post(self, path: str, **options: Any) -> int:
        """The status code of a management call."""
        async with self.http.post(f"{HOOKS}/{path}", **options) as answer:
            return answer.status


async def test_a_workflow_runs_to_its_end(hub: Hub):
    """Activities, a timer, a retry, a fan-out and a sub-orchestration give the result."""
    await hub.start("whole", "whole-1", {"n": 3})

    body = await hub.ended("whole-1")

    assert body["output"] == {
        "first": 6,
        "flaky": "attempt 2",
        "fan": [0, 2, 4, 6, 8],
        "child": 12,
    }
    assert (body["runtimeStatus"], body["customStatus"]) == ("Completed", "working")
    assert body["input"] == {"n": 3}


async def test_a_loop_continues_as_new(hub: Hub):
    """An orchestration that starts itself anew ends with the result of its last run."""
    await hub.start("loops", "loops-1", 3)

    assert (await hub.ended("loops-1"))["output"] == "done"


async def test_the_urls_of_the_client_work(hub: Hub):
    """What the app's durable client hands out leads to this host."""
    urls = await hub.start("waits", "urls-1")
    event_url = urls["sendEventPostUri"].replace("{eventName}", "go")

    async with hub.http.post(event_url, json={"by": "url"}) as answer:
        raised = answer.status
    await hub.ended("urls-1")
    async with hub.http.get(urls["statusQueryGetUri"]) as answer:
        body = await answer.json()

    assert (raised, body["output"]) == (202, {"by": "url"})


async def test_a_failed_activity_shows_type_message_and_stack(hub: Hub):
    """The orchestrator sees the exception's class name, its text and its traceback."""
    await hub.start("catches", "catches-1", "broken")

    error_type, message, stack = (await hub.ended("catches-1"))["output"]

    assert error_type == "LookupError"
    assert message.endswith("no x: nowhere")
    assert "function_app.py" in stack


async def test_an_unregistered_activity_fails_with_what_there_is(hub: Hub):
    """Calling what the app does not have fails with a name and the activities there are."""
    await hub.start("catches", "catches-2", "no_such_activity")

    error_type, message, _ = (await hub.ended("catches-2"))["output"]

    assert error_type == "ActivityNotRegistered"
    assert "'no_such_activity'; the app has broken," in message


async def test_activities_keep_to_their_limit(hub: Hub):
    """``maxConcurrentActivityFunctions`` bounds how many run at once."""
    await hub.start("fan_out", "fan-1", 20)

    output = (await hub.ended("fan-1"))["output"]
    async with hub.http.get("/api/counts") as answer:
        most_running = json.loads(await answer.text())["mostRunning"]

    assert (output, most_running) == (20, 4)


async def test_log_lines_of_an_activity_name_its_instance(host: RunningHost, hub: Hub):
    """What an activity logs carries the orchestration it runs for."""
    await hub.start("whole", "logs-1", {"n": 41})
    await hub.ended("logs-1")

    line = host.wait_logged(message="doubling 41", instanceId="logs-1")[0]

    assert (line["function"], line["instanceId"]) == ("double", "logs-1")


async def test_log_lines_of_an_orchestrator_name_its_invocation(host: RunningHost, hub: Hub):
    """What an orchestrator logs belongs to the invocation that its turn is, however it is run."""
    await hub.start("doubles_on_request", "speaks-1", 7)
    line = host.wait_logged(message="doubled once: 14")[0]
    ended = host.wait_logged(message="Executed", invocationId=line["invocationId"])[0]

    assert line["category"] == "Function.doubles_on_request.User"
    assert (line["function"], line["instanceId"]) == ("doubles_on_request", "speaks-1")
    assert (ended["category"], ended["function"], ended["instanceId"]) == (
        "Host.Function",
        "doubles_on_request",
        "speaks-1",
    )


async def test_each_turn_is_an_invocation_of_its_own(host: RunningHost, hub: Hub):
    """Three turns are three invocations of the orchestrator's function."""
    await hub.start("child", "turns-1", 5)
    await hub.ended("turns-1")

    lines = host.wait_logged(2, message="Executed child (Succeeded", instanceId="turns-1")

    assert len({line["invocationId"] for line in lines}) == 2


async def test_orchestrators_in_the_style_of_version_1_run(hub: Hub):
    """One argument, input from the context."""
    await hub.start("in_old_style", "old-1", {"n": 4})

    assert (await hub.ended("old-1"))["output"] == ["old-1", 8]


async def test_the_management_api_starts_orchestrations(hub: Hub):
    """A start with a body and an id is 202 with URLs; the input arrives."""
    code = await hub.post("orchestrators/child/hooked-1", json=21)

    assert code == 202
    assert (await hub.ended("hooked-1"))["output"] == 42


async def test_a_start_may_wait_for_the_result(hub: Hub):
    """With a time-out and an interval the answer is the output itself."""
    path = f"{HOOKS}/orchestrators/child?timeout=15&pollingInterval=0.05"
    async with hub.http.post(path, json=4) as answer:
        output = await answer.json()

    assert (answer.status, output) == (200, 8)


@pytest.mark.parametrize("wait", ["nan", "-1", "x", "1e9"])
async def test_a_wait_that_cannot_end_starts_nothing(hub: Hub, wait: str):
    """What is refused with 400 must not run all the same."""
    path = f"orchestrators/waits/patient-{wait}?timeout={wait}&pollingInterval=0.1"
    code = await hub.post(path, data="1")

    assert (code, (await hub.status(f"patient-{wait}"))[0]) == (400, 404)


@pytest.mark.parametrize(
    ("path", "body"),
    [("orchestrators/nobody", "1"), ("orchestrators/child", "{not json")],
    ids=["unknown orchestrator", "not JSON"],
)
async def test_a_start_that_cannot_be_is_refused(hub: Hub, path: str, body: str):
    """An unknown name or a body that is not JSON is 400."""
    assert await hub.post(path, data=body) == 400


async def test_a_running_instance_is_202_with_where_to_look(hub: Hub):
    """While it runs, status is 202 with Location and Retry-After."""
    await hub.start("waits", "running-1")
    async with hub.http.get(f"{HOOKS}/instances/running-1") as answer:
        headers = answer.headers

    assert answer.status == 202
    assert headers["Location"].endswith("/instances/running-1")
    assert headers["Retry-After"] == "5"


async def test_an_unknown_instance_is_not_found(hub: Hub):
    """Status and every operation on it are 404."""
    code, _ = await hub.status("nobody")
    operations = [
        await hub.post(f"instances/nobody/{operation}", json={})
        for operation in ("raiseEvent/go", "terminate", "suspend", "resume", "rewind")
    ]

    assert (code, set(operations)) == (404, {404})


async def test_an_ended_instance_is_gone(hub: Hub):
    """Operations on what has ended are 410; rewinding what did not fail too."""
    await hub.start("child", "ended-1", 1)
    await hub.ended("ended-1")

    operations = [
        await hub.post(f"instances/ended-1/{operation}", json={})
        for operation in ("raiseEvent/go", "terminate", "suspend", "resume", "rewind")
    ]

    assert set(operations) == {410}


async def test_an_event_must_be_json(hub: Hub):
    """An event body of another media type is 400."""
    await hub.start("waits", "event-1")

    assert await hub.post("instances/event-1/raiseEvent/go", data="text") == 400


async def test_an_instance_can_be_terminated(hub: Hub):
    """Terminating ends it with the reason as output."""
    await hub.start("waits", "terminate-1")

    code = await hub.post("instances/terminate-1/terminate?reason=enough")
    body = await hub.ended("terminate-1")

    assert (code, body["runtimeStatus"], body["output"]) == (202, "Terminated", "enough")


async def test_a_suspended_instance_waits_until_resumed(hub: Hub):
    """Events that come while suspended are delivered after resuming."""
    await hub.start("waits", "suspend-1")
    await hub.post("instances/suspend-1/suspend?reason=pause")
    await hub.until("suspend-1", lambda _, body: body.get("runtimeStatus") == "Suspended")
    await hub.post("instances/suspend-1/raiseEvent/go", json=7)

    code = await hub.post("instances/suspend-1/resume")

    assert (code, (await hub.ended("suspend-1"))["output"]) == (202, 7)


async def test_a_failed_instance_can_be_asked_for_as_an_error(hub: Hub):
    """``returnInternalServerErrorOnFailure`` turns a failure's 200 into 500."""
    await hub.start("child", "failed-1", {"not": "a number"})
    failed = await hub.ended("failed-1")

    code, _ = await hub.status("failed-1", returnInternalServerErrorOnFailure="true")

    assert (failed["runtimeStatus"], code) == ("Failed", 500)
    assert "unsupported operand" in failed["output"]


async def test_history_pairs_what_began_with_how_it_ended(hub: Hub):
    """History shows one entry per activity, with name, times and, when asked, its result."""
    await hub.start("child", "history-1", 5)
    await hub.ended("history-1")

    _, body = await hub.status("history-1", showHistory="true", showHistoryOutput="true")
    kinds = [event["EventType"] for event in body["historyEvents"]]
    activity = body["historyEvents"][1]

    assert kinds == ["ExecutionStarted", "TaskCompleted", "ExecutionCompleted"]
    assert (activity["FunctionName"], activity["Result"]) == ("double", 10)
    assert body["historyEvents"][2]["OrchestrationStatus"] == "Completed"


async def test_instances_are_listed_page_by_page(hub: Hub):
    """A prefix and a page size narrow the list; the token leads to the rest."""
    for number in range(3):
        await hub.start("waits", f"paged-{number}")
    seen, headers = [], {}
    for _ in range(2):
        query = {"instanceIdPrefix": "paged-", "top": "2", "runtimeStatus": "Running,Pending"}
        path = f"{HOOKS}/instances"
        async with hub.http.get(path, params=query, headers=headers) as answer:
            seen.append(len(await answer.json()))
            headers = {"x-ms-continuation-token": answer.headers["x-ms-continuation-token"]}

    assert (seen, headers["x-ms-continuation-token"]) == ([2, 1], "")


async def test_an_ended_instance_can_be_purged(hub: Hub):
    """Purging one removes it and says how many went."""
    await hub.start("child", "purge-1", 1)
    await hub.ended("purge-1")

    async with hub.http.delete(f"{HOOKS}/instances/purge-1") as answer:
        purged = await answer.json()
    code, _ = await hub.status("purge-1")

    assert (purged, code) == ({"instancesDeleted": 1}, 404)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"createdTimeFrom": "2999-01-01T00:00:00Z"}, 404),
        ({"createdTimeFrom": "2000-01-01T00:00:00Z", "runtimeStatus": "Faild"}, 400),
    ],
    ids=["no start", "nothing found", "no status"],
)
async def test_purging_many_needs_a_start(hub: Hub, query: dict[str, str], status: int):
    """Without it, or with a misspelt status, it is refused; when nothing matches it is 404."""
    async with hub.http.delete(f"{HOOKS}/instances", params=query) as answer:
        actual = answer.status

    assert status == actual


async def test_an_instance_can_be_restarted_under_a_new_id(hub: Hub):
    """A restart runs the same name with the same input again."""
    await hub.start("child", "restart-1", 8)
    await hub.ended("restart-1")

    async with hub.http.post(f"{HOOKS}/instances/restart-1/restart") as answer:
        urls = await answer.json()

    assert urls["id"] != "restart-1"
    assert (await hub.ended(urls["id"]))["output"] == 16


@pytest.mark.parametrize("name", ["child", "double"], ids=["orchestrator", "activity"])
async def test_the_admin_api_starts_durable_functions(host: RunningHost, hub: Hub, name: str):
    """Orchestrators and activities can be started by hand, with input."""
    async with hub.http.post(f"/admin/functions/{name}", json={"input": "17"}) as answer:
        status = answer.status

    assert status == 202
    assert host.wait_logged(message="doubling 17")


@pytest.mark.parametrize("engine", ["memory", "sqlite"])
async def test_timers_and_workflow_time_follow_the_clock_rate(tmp_path: Path, engine: str):
    """Twelve virtual hours pass in seconds, and the orchestration's own clock agrees."""
    arguments = ("--engine", engine, "--clock-rate", str(HOUR_RATE))
    with RunningHost("workflows", tmp_path, *arguments) as host:
        async with aiohttp.ClientSession(host.url) as session:
            hub, began = Hub(session), time.monotonic()
            await hub.start("clocked", "clocked-1", 12)
            moments = (await hub.ended("clocked-1"))["output"]
            real_s = time.monotonic() - began
    first, last = (datetime.fromisoformat(one) for one in moments)

    assert 12 <= (last - first).total_seconds() / 3600 < 36
    assert real_s < 12


@pytest.mark.parametrize("mode", [(), REPLAY], ids=["hot", "replay"])
async def test_a_killed_host_goes_on_where_it_was(tmp_path: Path, mode: tuple[str, ...]):
    """After a kill the instance is still there and takes its event."""
    with RunningHost("workflows", tmp_path, *mode) as host:
        async with aiohttp.ClientSession(host.url) as session:
            hub = Hub(session)
            await hub.start("waits", "survivor")
            await hub.until("survivor", lambda _, body: body.get("runtimeStatus") == "Running")
        host.kill()
    with RunningHost("workflows", tmp_path, *mode) as host:
        async with aiohttp.ClientSession(host.url) as session:
            hub = Hub(session)
            await hub.post("instances/survivor/raiseEvent/go", json="still here")
            output = (await hub.ended("survivor"))["output"]

    assert output == "still here"


@pytest.mark.parametrize("mode", [(), REPLAY], ids=["hot", "replay"])
async def test_a_kill_repeats_no_committed_step(tmp_path: Path, mode: tuple[str, ...]):
    """An execution that was under way goes on behind its last committed turn."""
    with RunningHost("workflows", tmp_path, *mode) as host:
        async with aiohttp.ClientSession(host.url) as session:
            await Hub(session).start("doubles_on_request", "killed", 3)
            await asyncio.to_thread(host.wait_logged, message="doubled once: 6")
            await Hub(session).until("killed", has_committed_its_first_step, showHistory="true")
        host.kill()
    with RunningHost("workflows", tmp_path, *mode) as host:
        async with aiohttp.ClientSession(host.url) as session:
            await Hub(session).post("instances/killed/raiseEvent/go", json="now")
            output = (await Hub(session).ended("killed"))["output"]
        doubled = [line["message"] for line in host.logged(message="doubling")]

    assert (output, doubled) == ([6, 12], ["doubling 6"])


def has_committed_its_first_step(_code: int, body: dict[str, Any]) -> bool:
    """Whether a status tells of an activity that is done."""
    return any(one["EventType"] == "TaskCompleted" for one in body.get("historyEvents", ()))


@pytest.mark.parametrize(
    ("mode", "status"), [((), "Completed"), (REPLAY, "Failed")], ids=["hot", "replay"]
)
async def test_replay_finds_code_that_differs(tmp_path: Path, mode: tuple[str, ...], status: str):
    """An orchestrator that is not deterministic goes unnoticed unless turns are replayed."""
    with RunningHost("workflows", tmp_path, *mode) as host:
        async with aiohttp.ClientSession(host.url) as session:
            await Hub(session).start("fickle", "fickle-1", 1)
            body = await Hub(session).ended("fickle-1")

    assert body["runtimeStatus"] == status
    assert ("non-deterministic" in str(body["output"])) == (status == "Failed")
