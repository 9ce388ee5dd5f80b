"""A whole demo with processes that only pretend."""

import asyncio
import io
import json
import shutil
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from adapters.evidence_folder import EvidenceFolder
from domain.codec import to_json
from local.demo.errors import ChildDiedError, DemoError
from local.demo.run import run
from tests.fakes import FakeClock
from tests.unit.demo.stand_ins import COPY, SLEEP, python, stand_in_plan
from tests.unit.demo.test_processes import is_alive, until
from tests.unit.reports.samples import NOON, blocked_report, report

ROOT = Path(__file__).parents[3]


KILL = """
import json, os, sys, time
ready = next(line for line in open(sys.argv[1]) if line.startswith("{"))
os.kill(json.loads(ready)["pid"], 9)
time.sleep(600)
"""
"""Stands in for a host that dies while vaults are upgraded."""


def pids_in(logs):
    """Process ids from the ready lines of the children."""
    lines = [line for log in logs.glob("*.log") for line in log.read_text().splitlines()]
    return [json.loads(line)["pid"] for line in lines if line.startswith("{")]


@pytest.fixture
async def evidence(tmp_path):
    """Evidence of one closed and one blocked vault."""
    folder = tmp_path / "prepared"
    for made in (report(), blocked_report()):
        document = {
            "schema": "vaultlift/evidence/1",
            "kind": "outcome",
            "vault": made.outcome.vault.name,
            "runId": made.outcome.run_id,
            "recordedAt": NOON.isoformat(),
            "data": to_json(made),
        }
        await EvidenceFolder(folder).create(
            f"{made.outcome.evidence_prefix}/outcome.json", document
        )
    return folder


@pytest.fixture
def expected(tmp_path):
    """The ends those two vaults are declared to have."""
    path = tmp_path / "expected.csv"
    path.write_text("vault_name,end\nvault-clean,closed\nvault-old-agent,blocked\n")
    return path


@pytest.fixture
def console():
    """A console that keeps what was printed."""
    return Console(record=True, width=200, file=io.StringIO())


@pytest.fixture
def make_plan(tmp_path, expected, evidence):
    """Plans whose client puts the evidence into place and ends with a code."""

    def make(code=3, client=None, clock=None):
        out = tmp_path / "out"
        copy = python(COPY, evidence, out / "evidence", code)
        return stand_in_plan(out, expected=expected, client=client or copy, clock=clock)

    return make


async def test_ends_as_declared(make_plan, console):
    """When every vault ends as declared the demo is good, whatever the client's findings."""
    is_good = await run(make_plan(), console)

    assert is_good
    assert "2 vaults, every one ended as its scenario says" in console.export_text()


async def test_other_end_is_named(make_plan, console, expected):
    """A vault that ends otherwise is named with both ends, and the demo is not good."""
    expected.write_text("vault_name,end\nvault-clean,needs_support\nvault-old-agent,blocked\n")
    is_good = await run(make_plan(), console)

    assert not is_good
    assert "vault-clean ended closed instead of needs_support." in console.export_text()


async def test_vault_without_end_is_named(make_plan, console, expected):
    """A vault that never ended is not forgotten."""
    with expected.open("a") as file:
        file.write("vault-lost,closed\n")
    is_good = await run(make_plan(), console)

    assert not is_good
    assert "vault-lost ended not at all instead of closed" in console.export_text()


async def test_reports_carry_the_shared_time(make_plan, console):
    """The reports are made at the virtual time of the demo."""
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    plan = make_plan(clock=FakeClock(moment))
    await run(plan, console)

    assert (
        "2030-01-01T00:00:00Z" == json.loads((plan.out / "report.json").read_text())["generated_at"]
    )


async def test_the_report_names_the_rate_of_the_shared_clock(make_plan, console):
    """Its readers would take a virtual moment for the time of day."""
    plan = replace(make_plan(), clock_rate=900.0)
    await run(plan, console)

    assert 900 == json.loads((plan.out / "report.json").read_text())["clock_rate"]


async def test_runs_twice(make_plan, console):
    """A second demo replaces the first one's folder."""
    plan = make_plan()
    await run(plan, console)
    (plan.out / "left-over").touch()

    assert await run(plan, console)
    assert not (plan.out / "left-over").exists()


async def test_foreign_folder_is_not_removed(make_plan, console):
    """A folder that no demo made is left alone."""
    plan = make_plan()
    plan.out.mkdir()
    (plan.out / "thesis.txt").touch()
    with pytest.raises(DemoError, match="no demo made it"):
        await run(plan, console)

    assert (plan.out / "thesis.txt").exists()


@pytest.mark.parametrize("code", [1, 130])
async def test_client_that_could_not_work_is_an_error(make_plan, console, code):
    """A client that failed, rather than found something, ends the demo with its code."""
    with pytest.raises(DemoError, match=f"exit code {code}"):
        await run(make_plan(code), console)


async def test_hanging_client_is_ended(make_plan, console):
    """A demo that takes too long ends by itself."""
    with pytest.raises(DemoError, match=r"not all vaults have ended after 0\.3 s"):
        await run(make_plan(client=python(SLEEP)), console, time_limit_s=0.3)


async def test_death_of_the_host_ends_the_demo(make_plan, console, tmp_path):
    """A host that dies in the middle is reported; the others are stopped."""
    log = tmp_path / "out" / "logs" / "host-azure-broker.log"
    with pytest.raises(ChildDiedError, match="host-azure-broker"):
        await run(make_plan(client=python(KILL, log)), console)

    assert ["broker", "azure"] == (tmp_path / "departures.txt").read_text().split()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_signal_leaves_no_orphans(tmp_path, expected, number):
    """Interrupted or terminated, the demo stops everything it started; exit code 130."""
    out = tmp_path / "out"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.unit.demo.stand_ins", str(out), str(expected)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    started = await process.stdout.readuntil(b"the client runs")
    pids = pids_in(out / "logs")
    process.send_signal(number)
    rest = await process.stdout.read()

    assert (130, 3) == (await process.wait(), len(pids))
    assert b"everything the demo started has been stopped" in started + rest
    assert not any(is_alive(pid) for pid in pids)


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv of util-linux")
async def test_kill_leaves_no_orphans(tmp_path, expected):
    """Even killed so that it cannot clean up, the demo takes its children with it."""
    out = tmp_path / "out"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.unit.demo.stand_ins", str(out), str(expected)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    await process.stdout.readuntil(b"the client runs")
    pids = pids_in(out / "logs")
    process.kill()
    await process.stdout.read()
    await process.wait()

    await until(lambda: not any(is_alive(pid) for pid in pids))
