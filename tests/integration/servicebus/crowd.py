"""Runs the tests of this folder together.

The client library waits far more than it works: half a second of polling to open a handler, a whole
one to close it. One after the other the tests would take minutes. So the first test that runs
starts the behaviours of all selected ones as tasks, and each test then waits for its own: what
fails is still reported where it belongs.
"""

import asyncio
import functools
import gc
from collections.abc import Awaitable, Callable, Iterable

import pytest

from tests.integration.servicebus.bus import Bus, Target

type Behaviour = Callable[[Bus], Awaitable[None]]

MARKS = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.parametrize("client", ["aio", "blocking"]),
    # The client leaves the socket of a cut connection to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

AT_ONCE = 24
AT_ONCE_REMOTELY = 3
"""The official emulator takes ten connections, and a test needs up to four."""


def together(behaviour: Behaviour) -> Callable[..., Awaitable[None]]:
    """A test that is shown with both clients, at the same time as all the others."""

    @functools.wraps(behaviour)
    async def test(outcome: asyncio.Task[None], client: str) -> None:
        del client
        await outcome

    # pytest reads the arguments of what was wrapped otherwise.
    del test.__wrapped__
    test.behaviour = behaviour
    return test


class Crowd:
    """The behaviours of all selected tests, under way."""

    def __init__(self, target: Target, items: Iterable[pytest.Item]) -> None:
        self._target = target
        self._turnstile = asyncio.Semaphore(AT_ONCE if target.is_local else AT_ONCE_REMOTELY)
        self.outcomes = {
            item.nodeid: asyncio.create_task(self._run(item))
            for item in items
            if isinstance(item, pytest.Function) and hasattr(item.function, "behaviour")
        }

    async def _run(self, item: pytest.Function) -> None:
        async with self._turnstile, Bus(item.callspec.params["client"], self._target) as bus:
            await item.function.behaviour(bus)

    async def disperse(self) -> None:
        """Ends what nobody waits for any more."""
        for outcome in self.outcomes.values():
            outcome.cancel()
        await asyncio.gather(*self.outcomes.values(), return_exceptions=True)
        # Here, where the warnings about what the client leaves behind are expected.
        gc.collect()
