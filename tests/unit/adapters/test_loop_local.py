"""Each event loop has its own clients."""

import asyncio

from adapters.loop_local import LoopLocal


class Thing:
    """Something that can be closed."""

    def __init__(self) -> None:
        self.is_closed = False

    async def close(self) -> None:
        """Closes it."""
        self.is_closed = True


async def test_one_loop_sees_one_value() -> None:
    """Every use on a loop gets the value made first."""
    things = LoopLocal(Thing, Thing.close)

    assert things.get() is things.get()


def test_another_loop_gets_another_value() -> None:
    """A value is never handed from one loop to the next."""
    things = LoopLocal(Thing, Thing.close)

    async def get() -> Thing:
        return things.get()

    assert asyncio.run(get()) is not asyncio.run(get())


async def test_a_closed_value_is_replaced() -> None:
    """After closing, the next use makes a fresh value."""
    things = LoopLocal(Thing, Thing.close)
    first = things.get()

    await things.aclose()

    assert first.is_closed
    assert things.get() is not first


async def test_a_broken_value_is_closed_once() -> None:
    """Who finds a value broken after another has replaced it leaves the new one alone."""
    things = LoopLocal(Thing, Thing.close)
    broken = things.get()
    await things.discard(broken)
    fresh = things.get()

    await things.discard(broken)

    assert (True, False) == (broken.is_closed, fresh.is_closed)
    assert fresh is things.get()


async def test_closing_without_a_value_does_nothing() -> None:
    """What was never used needs no closing."""
    made: list[Thing] = []
    things = LoopLocal(lambda: made.append(Thing()) or made[-1], Thing.close)

    await things.aclose()

    assert [] == made
