"""The parts of the runtime driver that need no app."""

import asyncio
import logging
import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import azure_functions_runtime as worker
import pytest

from local.host.runtime import Runtime, current_invocation_id, new_traceparent
from tests.unit.host.fakes import make_function

RUN = make_function("run", "orchestrationTrigger")


def test_every_invocation_has_a_trace_of_its_own():
    """In W3C form, never twice the same."""
    traces = {new_traceparent() for _ in range(20)}

    assert len(traces) == 20
    assert all(re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", one) for one in traces)


def test_outside_an_invocation_there_is_no_id():
    """The host's own threads run none."""
    assert current_invocation_id() is None


async def test_a_runtime_without_invocations_is_idle():
    """Waiting for it ends at once."""
    runtime = Runtime()
    await runtime.wait_idle()

    assert runtime.in_flight == 0


@pytest.fixture
def threads() -> Iterator[None]:
    """The threads for synchronous functions."""
    worker.start_threadpool_executor()
    yield
    worker.stop_threadpool_executor()


@pytest.mark.usefixtures("threads")
async def test_code_runs_in_a_thread_and_its_end_is_told(caplog: pytest.LogCaptureFixture):
    """It cannot hold the host up, and its invocation is in the log."""
    caplog.set_level(logging.INFO)

    thread = await Runtime().run_code(RUN, threading.get_ident, instance_id="one")

    assert thread != threading.get_ident()
    assert "Executed run (Succeeded" in caplog.text


@pytest.mark.usefixtures("threads")
async def test_code_that_raises_is_told_and_raises(caplog: pytest.LogCaptureFixture):
    """The caller decides what a failure means."""
    with pytest.raises(ZeroDivisionError):
        await Runtime().run_code(RUN, lambda: 1 // 0, instance_id="one")

    assert "Executed run (Failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.usefixtures("threads")
async def test_code_that_takes_too_long_is_left_alone():
    """The time-out of functions holds; nothing counts as running afterwards."""
    runtime = Runtime(timedelta(seconds=0.01))

    with pytest.raises(TimeoutError):
        await runtime.run_code(RUN, lambda: time.sleep(0.2), instance_id="one")

    assert runtime.in_flight == 0


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, asyncio.CancelledError])
async def test_code_cannot_end_the_host(
    caplog: pytest.LogCaptureFixture, kind: type[BaseException]
):
    """What ends a process or a task is a failure like any other when code of the app raises it."""

    def leave() -> None:
        raise kind("3")

    with pytest.raises(RuntimeError, match=f"{kind.__name__}: 3"):
        await Runtime().run_code(RUN, leave, instance_id="one")

    assert "Executed run (Failed" in caplog.text


@pytest.mark.usefixtures("threads")
async def test_the_host_can_end_code_it_waits_for():
    """A cancellation of its own is not taken for the app's."""
    release = threading.Event()
    waiting = asyncio.create_task(Runtime().run_code(RUN, release.wait, instance_id="one"))
    await asyncio.sleep(0.01)
    waiting.cancel()
    ended = await asyncio.gather(waiting, return_exceptions=True)
    release.set()

    assert [asyncio.CancelledError] == [type(one) for one in ended]
