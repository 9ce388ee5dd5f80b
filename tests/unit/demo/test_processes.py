"""Child processes: readiness, logs, deaths, and that none is left behind."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from local.demo.errors import ChildDiedError, NotReadyError
from local.demo.processes import Children, ChildSpec, run_in_foreground, tail
from tests.unit.demo.stand_ins import SLEEP, python, server

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print('{"grandchild": %d}' % grandchild.pid, flush=True)
time.sleep(600)
"""


def is_alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


async def until(condition, within_s=5.0):
    """Waits for something other processes do, with a bound."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_ready_line_is_the_first_json_object(tmp_path):
    """What a child prints before its ready line is passed over."""
    async with Children(tmp_path) as children:
        child = await children.start(server("azure", tmp_path / "gone"))

    assert "azure" == child.ready["name"]


async def test_output_goes_to_the_log(tmp_path):
    """Everything a child prints, on both channels, is in its log."""
    async with Children(tmp_path) as children:
        child = await children.start(server("azure", tmp_path / "gone"))
        await until(lambda: "complaint" in child.log.read_text())
    text = (tmp_path / "azure.log").read_text()

    assert all(part in text for part in ("starting azure", "serving", "a complaint"))


async def test_settings_reach_the_child(tmp_path):
    """The variables of a spec are added to our environment."""
    code = f"import json, os; print(json.dumps(dict(os.environ)), flush=True); {SLEEP}"
    spec = ChildSpec(name="one", command=python(code), environment={"GIVEN": "yes"})
    async with Children(tmp_path, stop_within_s=1.0) as children:
        child = await children.start(spec)

    assert ("yes", os.environ["PATH"]) == (child.ready["GIVEN"], child.ready["PATH"])


async def test_children_are_stopped_last_first(tmp_path):
    """What was started last depends on the others, so it is stopped first."""
    gone = tmp_path / "gone"
    async with Children(tmp_path) as children:
        for name in ("azure", "broker", "host"):
            await children.start(server(name, gone))

    assert ["host", "broker", "azure"] == gone.read_text().split()


async def test_children_are_stopped_when_the_work_fails(tmp_path):
    """An error in the middle leaves no process behind."""
    pids = []

    async def fail_in_the_middle():
        async with Children(tmp_path) as children:
            pids.append((await children.start(server("azure", tmp_path / "gone"))).pid)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_in_the_middle()

    assert [False] == [is_alive(pid) for pid in pids]


async def test_stubborn_child_and_its_children_are_killed(tmp_path):
    """A child that ignores the polite signal is killed, with everything it started."""
    async with Children(tmp_path, stop_within_s=0.2) as children:
        child = await children.start(ChildSpec(name="stubborn", command=python(STUBBORN)))

    assert not is_alive(child.pid)
    await until(lambda: not is_alive(child.ready["grandchild"]))


async def test_death_before_ready_shows_the_log(tmp_path):
    """A child that cannot start is reported with its exit code and the end of its log."""
    code = "import sys; print('the port is taken', file=sys.stderr); sys.exit(3)"
    with pytest.raises(ChildDiedError) as caught:
        async with Children(tmp_path) as children:
            await children.start(ChildSpec(name="broker", command=python(code)))

    assert ("broker", True, True) == (
        caught.value.subject,
        "exit code 3" in caught.value.message,
        "the port is taken" in caught.value.message,
    )


async def test_silence_is_not_readiness(tmp_path):
    """A child that never says it is ready is given up and stopped."""
    code = "import os, sys, time; print(os.getpid(), flush=True); time.sleep(600)"
    with pytest.raises(NotReadyError, match=r"not ready after 0\.5 s"):
        async with Children(tmp_path, ready_within_s=0.5) as children:
            await children.start(ChildSpec(name="mute", command=python(code)))
    pids = [int(line) for line in (tmp_path / "mute.log").read_text().split()]

    assert [False] == [is_alive(pid) for pid in pids]


async def test_death_in_the_middle_cancels_the_work(tmp_path):
    """When a child dies the work that needs it is cancelled at once."""
    cancelled = []

    async def work():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async with Children(tmp_path) as children:
        child = await children.start(server("host", tmp_path / "gone"))
        asyncio.get_running_loop().call_later(0.1, os.kill, child.pid, 9)
        with pytest.raises(ChildDiedError, match="host: ended with exit code"):
            await children.unless_one_dies(work())

    assert [True] == cancelled


async def test_result_of_the_work_is_given(tmp_path):
    """While the children live the work's own result counts."""

    async def work():
        return 42

    async with Children(tmp_path) as children:
        await children.start(server("host", tmp_path / "gone"))
        result = await children.unless_one_dies(work())

    assert 42 == result


async def test_foreground_command_gives_its_exit_code():
    """The exit code of the client is what it is."""
    assert 3 == await run_in_foreground(python("import sys; sys.exit(3)"), {})


async def test_foreground_command_ends_when_cancelled(tmp_path):
    """Cancelling the work ends the client, too."""
    file = tmp_path / "pid"
    code = f"import os; open({str(file)!r}, 'w').write(str(os.getpid())); {SLEEP}"
    task = asyncio.create_task(run_in_foreground(python(code), {}))
    await until(lambda: file.exists() and file.read_text())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not is_alive(int(file.read_text()))


def test_tail_reads_json_lines_for_people(tmp_path):
    """Of a JSON log line its level and message are shown, of others the line."""
    log = tmp_path / "log"
    log.write_text('plain\n{"level": "error", "message": "broken", "trace": "..."}\n')

    assert "  | plain\n  | error broken" == tail(log)


def test_tail_of_nothing_says_so(tmp_path):
    """An empty or absent log is said to be empty."""
    assert "  | (the log is empty)" == tail(tmp_path / "absent")


def test_tail_is_short(tmp_path):
    """Only the last lines are shown, and none longer than a screen."""
    log = tmp_path / "log"
    log.write_text("\n".join(["early", *["x" * 5000] * 3]))

    assert 2 == len(tail(log, lines=2).splitlines())
    assert all(len(line) < 410 for line in tail(log, lines=2).splitlines())
