"""Simulated Azure as a process."""

import asyncio
import json
import signal
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

ROOT = Path(__file__).parents[3]
START_LIMIT_S = 20.0
"""Ten thousand vaults must start in seconds, on a machine that does other things as well."""


@asynccontextmanager
async def process(*arguments):
    """The process and its ready line; killed if it does not stop by itself."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "local.azure", *arguments, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    try:
        line = await asyncio.wait_for(child.stdout.readline(), START_LIMIT_S)
        yield child, json.loads(line)
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_where_it_is_and_stops_when_told(number):
    """One line when ready, exit code 0 at the end."""
    async with process("--vaults", "3", "--seed", "1") as (child, ready):
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{ready['armEndpoint']}/admin/estate") as response,
        ):
            dump = await response.json()
        child.send_signal(number)

        assert await asyncio.wait_for(child.wait(), 10) == 0

    assert len(dump["vaults"]) == 3
    assert ready.keys() == {
        "port",
        "classicEndpoint",
        "armEndpoint",
        "logsEndpoint",
        "tokenUrl",
        "clientId",
        "clientSecret",
    }


async def test_it_follows_the_shared_clock():
    """Rate and origin give the same virtual time in every process."""
    origin = time.time() - 10
    arguments = ("--clock-rate", "600", "--clock-origin", str(origin), "--vaults", "1")
    async with (
        process(*arguments) as (_, ready),
        aiohttp.ClientSession() as session,
        session.get(f"{ready['armEndpoint']}/admin/clock") as response,
    ):
        shown = await response.json()

    expected_s = origin + (time.time() - origin) * 600
    from_now_s = expected_s - time.mktime(time.strptime(shown["now"][:19], "%Y-%m-%dT%H:%M:%S"))
    assert not shown["isMovable"]
    assert 0 <= from_now_s - time.timezone < 600 * START_LIMIT_S


async def test_ten_thousand_vaults_start_in_seconds():
    """Contents are made when they are looked at."""
    async with (
        process("--vaults", "10000") as (_, ready),
        aiohttp.ClientSession() as session,
        session.get(f"{ready['armEndpoint']}/admin/estate") as response,
    ):
        dump = await response.json()

    assert len(dump["vaults"]) == 10_000


async def test_a_taken_port_is_an_error():
    """Not a second server behind the first."""
    async with process("--vaults", "1") as (_, ready):
        other = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "local.azure",
            "--port",
            str(ready["port"]),
            stderr=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        _, errors = await asyncio.wait_for(other.communicate(), START_LIMIT_S)

    assert other.returncode == 1
    assert b"address already in use" in errors
