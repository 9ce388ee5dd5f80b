"""Threads that are left when everything else has ended."""

import asyncio
import threading

from local.host.leftovers import threads_left


def left_by(*threads: threading.Thread, grace_s: float = 0.1) -> list[str]:
    """What is left of threads, as the end of a process would see it."""
    for one in threads:
        one.start()
    return [name for name in asyncio.run(threads_left(grace_s)) if name.startswith("app")]


def test_a_thread_that_goes_on_is_named():
    """It would keep the process from ending; a daemon would not."""
    release = threading.Event()
    holding = threading.Thread(target=release.wait, name="app 1")
    daemon = threading.Thread(target=release.wait, name="app 2", daemon=True)

    left = left_by(holding, daemon)
    release.set()

    assert left == ["app 1"]


def test_a_thread_that_is_about_to_end_is_waited_for():
    """It is not told of."""
    ending = threading.Timer(0.05, lambda: None)
    ending.name = "app 3"

    assert left_by(ending, grace_s=10) == []


def test_a_thread_of_the_loop_that_goes_on_is_named():
    """It is as much in the way; the loop itself would wait for it for minutes."""
    release = threading.Event()

    async def leave_one_waiting() -> list[str]:
        waiting = asyncio.create_task(asyncio.to_thread(release.wait))
        await asyncio.sleep(0.01)
        left = await threads_left(0.1)
        release.set()
        await waiting
        return left

    assert any(name.startswith("asyncio_") for name in asyncio.run(leave_one_waiting()))
