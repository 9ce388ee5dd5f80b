"""Starting, refusing to start, keys, and stopping."""

import asyncio
import contextlib
import json
import resource
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.integration.host.running import HostFailedError, RunningHost

FUNCTION_APP = """
import os
import azure.functions as func
from adapters import whose

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route(route="x")
async def x(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(f"{whose} {os.environ['FROM_FILE']} {os.environ['FROM_BOTH']}")

@app.route(route="disabled")
async def disabled(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("should not be reached")
"""


def make_app(folder: Path) -> Path:
    """A small app, in a folder of its own, with a package named like one of ours."""
    (folder / "adapters").mkdir(parents=True)
    (folder / "adapters" / "__init__.py").write_text('whose = "theirs"\n')
    (folder / "function_app.py").write_text(FUNCTION_APP)
    (folder / "host.json").write_text('{"version": "2.0"}')
    return folder


async def get(url: str, **headers: str) -> tuple[int, str]:
    """Status and text of a GET."""
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
        return answer.status, await answer.text()


@pytest.fixture(scope="module", name="configured")
def own_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    """An app that is configured from everywhere at once."""
    folder = tmp_path_factory.mktemp("own")
    app = make_app(folder / "app")
    values = {"FROM_FILE": "file", "FROM_BOTH": "file"}
    (app / "local.settings.json").write_text(json.dumps({"Values": values}))
    settings = {
        "FROM_BOTH": "shell",
        "AzureWebJobs.disabled.Disabled": "true",
        "AzureFunctionsJobHost__extensions__http__routePrefix": "other",
    }
    with RunningHost(app, folder, "--engine", "memory", settings=settings) as running:
        yield running


async def test_an_app_may_have_packages_named_like_ours(configured: RunningHost):
    """The app's own packages are imported, not the host's."""
    _, text = await get(f"{configured.url}/other/x")

    assert text.split()[0] == "theirs"


async def test_the_environment_wins_over_local_settings(configured: RunningHost):
    """The file adds what the environment lacks; a variable that is set already is kept."""
    _, text = await get(f"{configured.url}/other/x")

    assert text.split()[1:] == ["file", "shell"]


async def test_a_function_can_be_disabled(configured: RunningHost):
    """``AzureWebJobs.NAME.Disabled`` takes a function out."""
    status, _ = await get(f"{configured.url}/other/disabled")

    assert status == 404
    assert configured.ready["functions"] == ["x"]


async def test_settings_override_host_json(configured: RunningHost):
    """``AzureFunctionsJobHost__...`` changes a member of host.json."""
    statuses = [(await get(f"{configured.url}/{prefix}/x"))[0] for prefix in ("other", "api")]

    assert statuses == [200, 404]


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/api/files/x", None, 200),
        ("/api/numbers/1", None, 401),
        ("/api/numbers/1", "wrong", 401),
        ("/api/numbers/1", "function", 200),
        ("/api/numbers/1", "master", 200),
        ("/api/fail", "function", 401),
        ("/api/fail", "master", 500),
        ("/admin/functions", "function", 401),
        ("/admin/functions", "master", 200),
        ("/admin/host/ping", None, 200),
        ("/runtime/webhooks/durabletask/instances", "function", 401),
        ("/runtime/webhooks/durabletask/instances", "system", 200),
    ],
)
async def test_keys_open_what_their_level_allows(
    guarded: RunningHost, path: str, key: str | None, status: int
):
    """With ``--auth`` anonymous, function, admin and system levels ask for their keys."""
    keys = json.loads(guarded.database.with_suffix(".keys.json").read_text())
    headers = {} if key is None else {"x-functions-key": keys.get(key, key)}
    actual, _ = await get(guarded.url + path, **headers)

    assert status == actual


async def test_a_proxy_in_the_environment_is_not_asked_for_the_engine(tmp_path: Path):
    """The engine listens on this machine's loopback address, which no proxy can reach."""
    settings = {"http_proxy": "http://127.0.0.1:9", "no_proxy": "", "NO_PROXY": ""}
    with RunningHost("echo", tmp_path, settings=settings) as host:
        status, _ = await get(f"{host.url}/runtime/webhooks/durabletask/instances")

    assert status == 200


async def test_a_key_may_come_in_the_query(guarded: RunningHost):
    """``?code=`` is as good as the header."""
    keys = json.loads(guarded.database.with_suffix(".keys.json").read_text())
    status, _ = await get(f"{guarded.url}/api/numbers/1?code={keys['function']}")

    assert status == 200


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory):
    """The echo app with keys asked for."""
    folder = tmp_path_factory.mktemp("auth")
    with RunningHost("echo", folder, "--engine", "memory", "--auth") as running:
        yield running


def test_the_key_file_is_for_its_owner_only(guarded: RunningHost):
    """Nobody else on the machine can read the keys."""
    mode = guarded.database.with_suffix(".keys.json").stat().st_mode

    assert mode & 0o077 == 0


async def test_a_request_in_flight_is_finished(tmp_path: Path):
    """SIGTERM while a function runs: its answer still comes, then the host ends with 0."""
    with RunningHost("echo", tmp_path, "--engine", "memory") as host:
        call = asyncio.create_task(get(f"{host.url}/api/slow/1"))
        await asyncio.to_thread(host.wait_logged, message="began")
        host.process.send_signal(signal.SIGTERM)
        answer = await call
        exit_code = await asyncio.to_thread(host.process.wait, 10)

    assert (answer, exit_code) == ((200, "done"), 0)


async def test_waiting_for_work_in_flight_is_bounded(tmp_path: Path):
    """Work that takes longer than the time-out does not keep the host from ending."""
    arguments = ("--engine", "memory", "--shutdown-timeout", "0.5")
    with RunningHost("echo", tmp_path, *arguments) as host:
        call = asyncio.create_task(get(f"{host.url}/api/slow/60"))
        await asyncio.to_thread(host.wait_logged, message="began")
        began = time.monotonic()
        exit_code = await asyncio.to_thread(host.stop)
        took_s = time.monotonic() - began
        await asyncio.gather(call, return_exceptions=True)

    assert exit_code == 0
    assert took_s < 8


@pytest.mark.parametrize("route", ["hang", "background"])
async def test_threads_of_the_app_do_not_keep_the_host_alive(tmp_path: Path, route: str):
    """A thread cannot be stopped; the process ends all the same, and says so."""
    method = "POST" if route == "background" else "GET"
    with RunningHost("echo", tmp_path, "--shutdown-timeout", "0.5") as host:
        async with aiohttp.ClientSession() as http:
            call = asyncio.create_task(http.request(method, f"{host.url}/api/{route}"))
            await asyncio.to_thread(host.wait_logged, function=route)
            exit_code = await asyncio.to_thread(host.stop)
            await asyncio.gather(call, return_exceptions=True)
        told = host.logged(level="warning", message="these threads still run")

    assert (exit_code, len(told)) == (0, 1)


async def test_a_second_signal_ends_the_host_at_once(tmp_path: Path):
    """Whoever asks twice does not wait."""
    with RunningHost("echo", tmp_path, "--engine", "memory") as host:
        call = asyncio.create_task(get(f"{host.url}/api/slow/60"))
        await asyncio.to_thread(host.wait_logged, message="began")
        host.process.send_signal(signal.SIGINT)
        await asyncio.sleep(1)
        exit_code = await asyncio.to_thread(host.stop, signal.SIGINT)
        await asyncio.gather(call, return_exceptions=True)

    assert exit_code == 130


async def fill_disk(host: RunningHost) -> int:
    """Starts orchestrations until one does not fit; the status of that one."""
    resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (600_000, 600_000))
    url = f"{host.url}/runtime/webhooks/durabletask/orchestrators/waits"
    async with aiohttp.ClientSession() as session:
        for _ in range(200):
            async with session.post(url, json="x" * 30_000) as answer:
                if answer.status != 202:
                    return answer.status
    return 202


async def test_a_host_whose_disk_is_full_ends(tmp_path: Path):
    """It refuses what does not fit, says why and ends with 1, rather than live on without engine.

    The limit of a file's size stands in for the disk.
    """
    with RunningHost("workflows", tmp_path) as host:
        status = await fill_disk(host)
        exit_code = await asyncio.to_thread(host.process.wait, 30)
        told = host.logged(level="critical", message="cannot write its file")

    assert (status, exit_code, len(told)) == (503, 1, 1)


@contextlib.contextmanager
def limited_files(size: int) -> Iterator[None]:
    """Files of processes that are started inside end at so many bytes."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


async def test_a_host_that_starts_on_a_full_disk_is_told(tmp_path: Path):
    """The file is there and can be read, but the first thing that is written does not fit."""
    with RunningHost("workflows", tmp_path) as host:
        url = f"{host.url}/runtime/webhooks/durabletask/orchestrators/waits"
        async with aiohttp.ClientSession() as session:
            await session.post(url, json="x" * 100_000)
        host.kill()

    with limited_files(50_000), pytest.raises(HostFailedError, match="cannot write its file"):
        RunningHost("workflows", tmp_path)


def test_what_the_runtime_refuses_is_told(tmp_path: Path):
    """A decorator or annotation that Azure would refuse ends the host with the runtime's words."""
    with pytest.raises(HostFailedError, match=r"cannot load the wrong function: .* annotation"):
        RunningHost("refused", tmp_path, "--engine", "memory")


def test_a_folder_without_functions_is_refused(tmp_path: Path):
    """A folder with only a host.json has nothing to run."""
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    with pytest.raises(HostFailedError, match=r"has no function_app\.py"):
        RunningHost(tmp_path, tmp_path, "--engine", "memory")


def test_a_taken_port_is_told(tmp_path: Path):
    """The host does not start on a port somebody else has."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(HostFailedError, match="in use"):
            RunningHost("echo", tmp_path, "--engine", "memory", "--port", port)


def test_a_database_is_used_by_one_host_only(tmp_path: Path):
    """A second host on the same file is told that it is in use."""
    with (
        RunningHost("workflows", tmp_path),
        pytest.raises(HostFailedError, match=r"hub\.sqlite"),
    ):
        RunningHost("workflows", tmp_path)


def test_only_loopback_is_served(guarded: RunningHost):
    """No socket of the host listens on another interface."""
    inodes = {
        link.readlink().name.removeprefix("socket:[").rstrip("]")
        for link in Path(f"/proc/{guarded.process.pid}/fd").iterdir()
        if str(link.readlink()).startswith("socket:[")
    }
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    rows = [row.split() for table in tables for row in table.read_text().splitlines()[1:]]
    listening = {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes}

    # 127.0.0.1, alone or as an IPv6 address.
    assert {one[-8:] for one in listening} == {"0100007F"}
