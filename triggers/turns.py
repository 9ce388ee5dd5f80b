"""Does the same for many things, so many of them at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable


async def in_turns[Item, Result](
    limit: int, work: Callable[[Item], Awaitable[Result]], items: Iterable[Item]
) -> list[Result]:
    """What ``work`` gives for each item, in their order; at most ``limit`` are worked on at once.

    Raises:
        Exception: What the first work that failed raised; the rest is left undone.
    """
    gate = asyncio.Semaphore(limit)

    async def in_turn(item: Item) -> Result:
        async with gate:
            return await work(item)

    turns = [asyncio.ensure_future(in_turn(one)) for one in items]
    try:
        return await asyncio.gather(*turns)
    finally:
        # The caller gives its answer now: thousands of others would go on behind it, and beside
        # those of whoever asks again.
        for turn in turns:
            turn.cancel()
