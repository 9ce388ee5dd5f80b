"""The wall clock and the event loop."""

import asyncio
import time

from local.servicebus.timeline import LoopTimeline


async def test_action_happens_at_its_moment():
    """Not before its time on the wall clock, and not much later."""
    timeline = LoopTimeline()
    happened = asyncio.get_running_loop().create_future()
    due_ms = timeline.now_ms() + 50
    timeline.call_at(due_ms, lambda: happened.set_result(timeline.now_ms()))

    assert due_ms <= await asyncio.wait_for(happened, 5)


async def test_past_moment_is_now():
    """What is overdue happens at the next turn of the loop."""
    timeline = LoopTimeline()
    happened = asyncio.Event()
    timeline.call_at(0, happened.set)

    await asyncio.wait_for(happened.wait(), 5)


async def test_cancelled_action_never_happens():
    """A cancelled timer does nothing, though the loop goes on past its moment."""
    timeline = LoopTimeline()
    happened, past = [], asyncio.Event()
    timeline.call_at(timeline.now_ms() + 10, lambda: happened.append("cancelled")).cancel()
    timeline.call_at(timeline.now_ms() + 20, past.set)
    await asyncio.wait_for(past.wait(), 5)

    assert [] == happened


async def test_clock_is_the_wall_clock():
    """Clients compare lock expiry with their own clock."""
    assert abs(LoopTimeline().now_ms() - time.time() * 1000) < 1000


class SleepyTimeline(LoopTimeline):
    """On a machine that has slept for a while; the loop's own clock stood still meanwhile."""

    slept_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.slept_ms


async def test_action_whose_moment_was_slept_through_happens_soon():
    """Not as much later as the machine has slept."""
    timeline = SleepyTimeline(longest_nap_ms=10)
    happened = asyncio.Event()
    timeline.call_at(timeline.now_ms() + 3_600_000, happened.set)
    timeline.slept_ms = 3_600_000

    await asyncio.wait_for(happened.wait(), 5)
