"""Runs the tests of this folder together.

The client library waits far more than it works: half a second of polling to open a handler, a whole
one to close it. One after the other the tests would take minutes. So before the first of them the
behaviours of all selected tests run as tasks on one loop, and each test then tells how its own
turned out: what fails is still reported where it belongs.
"""

import asyncio
import functools
import gc
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import pytest

from tests.integration.servicebus.bus import Bus, Target

type Behaviour = Callable[[Bus], Awaitable[None]]


def marks(*clients: str) -> list[pytest.MarkDecorator]:
    """Marks of a module whose tests run together, with these kinds of client."""
    return [
        pytest.mark.asyncio(loop_scope="session"),
        pytest.mark.parametrize("client", clients),
        # The client leaves the socket of a connection that was cut to the garbage collector.
        pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
        pytest.mark.filterwarnings("ignore::ResourceWarning"),
        # The first test waits for all, which takes minutes over a real network.
        pytest.mark.timeout(900),
    ]


MARKS = marks("aio", "blocking")

AT_ONCE = 24
AT_ONCE_REMOTELY = 3
"""The official emulator takes ten connections, and a test needs up to four."""


def together(behaviour: Behaviour) -> Callable[..., Awaitable[None]]:
    """A test that runs at the same time as all the others."""

    @functools.wraps(behaviour)
    async def test(outcome: asyncio.Task[None], client: str) -> None:
        del client
        await outcome

    # pytest reads the arguments of what was wrapped otherwise.
    del test.__wrapped__
    test.behaviour = behaviour
    return test


class Crowd:
    """The behaviours of all selected tests."""

    def __init__(self, target: Target, folder: Path, items: Iterable[pytest.Item]) -> None:
        self._target = target
        self._folder = folder
        self._turnstile = asyncio.Semaphore(AT_ONCE if target.is_local else AT_ONCE_REMOTELY)
        self._tests = [
            item
            for item in items
            if isinstance(item, pytest.Function) and hasattr(item.function, "behaviour")
        ]
        self.outcomes: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Runs them all to their end, good or bad."""
        for number, item in enumerate(self._tests):
            self.outcomes[item.nodeid] = asyncio.create_task(self._run(item, number))
        await asyncio.wait(self.outcomes.values())
        # Now, while a warning about sockets that the client left open is still expected.
        gc.collect()

    async def _run(self, item: pytest.Function, number: int) -> None:
        folder = self._folder / str(number)
        client = item.callspec.params["client"]
        async with self._turnstile, Bus(client, self._target, folder) as bus:
            await item.function.behaviour(bus)
