"""One value per event loop, for clients that belong to the loop they were made on.

aiohttp sessions, aio credentials and AMQP links cannot move between loops, and the host decides
how many loops there are; so nothing is made before it is used, and each loop has its own.
"""

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary


class LoopLocal[T]:
    """Makes a value at first use on a loop and keeps it for as long as the loop lives.

    Args:
        make: Makes the value; called on the running loop.
        close: Gives back what the value holds.
    """

    def __init__(self, make: Callable[[], T], close: Callable[[T], Awaitable[None]]) -> None:
        self._make = make
        self._close = close
        # Weak, so that a loop that has ended takes its value along.
        self._values: WeakKeyDictionary[asyncio.AbstractEventLoop, T] = WeakKeyDictionary()

    def get(self) -> T:
        """The running loop's value."""
        loop = asyncio.get_running_loop()
        # No lock: only this loop's own thread gets here with this loop.
        if loop not in self._values:
            # Made on the loop that asks: aio clients look for the running loop when they are made.
            self._values[loop] = self._make()
        return self._values[loop]

    async def aclose(self) -> None:
        """Closes the running loop's value, if there is one; the next use makes another."""
        value = self._values.pop(asyncio.get_running_loop(), None)
        if value is not None:
            await self._close(value)

    async def discard(self, value: T) -> None:
        """Closes a value that no longer serves, unless another has taken its place already."""
        # Several tasks can find the same value broken; only the first may close it.
        if self._values.get(asyncio.get_running_loop()) is value:
            await self.aclose()
