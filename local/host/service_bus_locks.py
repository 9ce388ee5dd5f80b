"""Keeps a message or session locked while a function works on it.

The SDK's own renewer goes on until a message is settled; the extension stops when the function has
returned. It matters where the app settles itself: what it leaves alone must become free again.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

_log = logging.getLogger("Host.Triggers.ServiceBus")

_SHORTEST_PAUSE_S = 0.2
_SHARE_OF_LOCK = 0.5
"""Renewed when half of the time is left, which leaves room for a slow answer."""


@contextlib.asynccontextmanager
async def kept_locked(
    locked_until: Callable[[], datetime | None],
    renew: Callable[[], Awaitable[object]],
    *,
    longest_s: float,
) -> AsyncIterator[None]:
    """Renews a lock again and again as long as the context lasts.

    Args:
        locked_until: When the lock ends as things stand.
        renew: Makes it last longer.
        longest_s: Real seconds after which it is not renewed any more
            (``maxAutoLockRenewalDuration``).
    """
    done = asyncio.Event()
    task = asyncio.create_task(_renew_until(done, locked_until, renew, longest_s))
    try:
        yield
    finally:
        # Never cancelled: a request cut in two would garble the connection it travels on.
        done.set()
        await task


async def _renew_until(
    done: asyncio.Event,
    locked_until: Callable[[], datetime | None],
    renew: Callable[[], Awaitable[object]],
    longest_s: float,
) -> None:
    # Real seconds: the broker's locks know nothing of a virtual clock.
    give_up = time.monotonic() + longest_s
    while (ends := locked_until()) is not None and time.monotonic() < give_up:
        left_s = (ends - datetime.now(UTC)).total_seconds()
        with contextlib.suppress(TimeoutError):
            # Never without a pause: a lock that is over already would make this a busy loop.
            async with asyncio.timeout(max(_SHORTEST_PAUSE_S, left_s * _SHARE_OF_LOCK)):
                await done.wait()
        if done.is_set() or time.monotonic() >= give_up:
            return
        try:
            await renew()
        except Exception as error:  # noqa: BLE001, whatever it is, the work itself goes on
            _log.warning("a lock could not be renewed and will end: %s", error)
            return
