"""The same done for many things, so many at a time."""

import asyncio

import pytest

from triggers.turns import in_turns


async def test_no_more_are_worked_on_at_once_than_allowed():
    """However many there are; the answers come in the order of the things."""
    now = most = 0

    async def work(item: int) -> int:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return -item

    assert [-one for one in range(9)] == await in_turns(3, work, range(9))
    assert 3 == most


async def test_after_a_failure_no_more_is_begun():
    """The caller has its answer by then, and may have asked again."""
    begun: list[int] = []

    async def work(item: int) -> None:
        begun.append(item)
        await asyncio.sleep(0)
        raise OSError(f"{item} failed")

    with pytest.raises(OSError, match="0 failed"):
        await in_turns(2, work, range(9))
    for _ in range(30):
        await asyncio.sleep(0)

    # Those that had their turn when the first one failed.
    assert len(begun) <= 4
