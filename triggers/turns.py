"""Does the same for many things, so many of them at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable


async def in_turns[Item, Result](
    limit: int, work: Callable[[Item], Awaitable[Result]], items: Iterable[Item]
) -> list[Result]:
    """What ``work`` gives for each item, in their order; at most ``limit`` are worked on at once.

    Raises:
        Exception: What the first work that failed raised.
    """
    gate = asyncio.Semaphore(limit)

    async def in_turn(item: Item) -> Result:
        async with gate:
            return await work(item)

    return await asyncio.gather(*map(in_turn, items))
