"""Timers as rows: what is due is delivered, in order, once."""

import asyncio

from durabletask.internal import orchestrator_service_pb2 as pb

from adapters.clock import ScaledClock
from local.taskhub import endings, events
from local.taskhub.hubclock import HubClock
from local.taskhub.timers import FIRE_LIMIT, Timers, fire_due
from tests.unit.taskhub.ledger import NOON_US, complete, set_timer


def fired_ids(ledger):
    """The timers whose events are in the inbox, in order."""
    return [
        message.event.timerFired.timerId
        for message in ledger.inbox()
        if message.event.HasField("timerFired")
    ]


def with_timers(ledger, *due):
    """An instance that has set timers, the n-th due so many microseconds from now."""
    ledger.begin()
    ledger.turn(*(set_timer(n, NOON_US + after) for n, after in enumerate(due, 1)))


def test_due_timers_fire_in_the_order_they_are_due(ledger):
    """Not in the order in which they were set."""
    with_timers(ledger, 30, 10, 20)
    ledger.now_us += 30

    next_due = ledger.do(fire_due)

    assert ([2, 3, 1], None) == (fired_ids(ledger), next_due)


def test_a_timer_that_is_not_due_waits(ledger):
    """And the next due time is known."""
    with_timers(ledger, 10, 50)
    ledger.now_us += 10

    next_due = ledger.do(fire_due)

    assert ([1], NOON_US + 50) == (fired_ids(ledger), next_due)


def test_a_timer_fires_once(ledger):
    """A second look finds nothing."""
    with_timers(ledger, 10)
    ledger.now_us += 10

    ledger.do(fire_due)
    ledger.do(fire_due)

    assert [1] == fired_ids(ledger)


def test_a_storm_of_timers_is_fired_in_portions(ledger):
    """What is left over is due at once."""
    with_timers(ledger, *([5] * (FIRE_LIMIT + 1)))
    ledger.now_us += 5

    next_due = ledger.do(fire_due)

    assert (FIRE_LIMIT, NOON_US + 5) == (len(fired_ids(ledger)), next_due)


def test_a_timer_of_an_execution_that_is_over_fires_for_nobody(ledger):
    """Continue-as-new takes its timers with it."""
    with_timers(ledger, 10)
    ledger.turn(complete(pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW, "1"))
    ledger.now_us += 10

    ledger.do(fire_due)

    assert [] == fired_ids(ledger)


def test_the_fired_event_bears_the_moment_it_was_due(ledger):
    """However late it is delivered."""
    with_timers(ledger, 10)
    ledger.now_us += 9_000_000

    ledger.do(fire_due)

    event = ledger.inbox()[0].event
    assert NOON_US + 10 == events.to_us(event.timestamp) == events.to_us(event.timerFired.fireAt)


class RecordingWriter:
    """Notes when it is asked to fire, and answers with the next due time it was given."""

    def __init__(self, answers):
        self.answers = list(answers)
        self.calls = 0
        self.called = asyncio.Event()

    async def submit(self, command):
        assert command is fire_due
        self.calls += 1
        answer = self.answers.pop(0) if self.answers else None
        if not self.answers:
            self.called.set()
        if isinstance(answer, Exception):
            raise answer
        return answer


async def run_timers(timers, writer):
    """Runs the timer task until the writer has given all its answers."""
    task = asyncio.create_task(timers.run(writer))
    await asyncio.wait_for(writer.called.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_timer_task_sleeps_until_the_next_timer_is_due():
    """One look at the start, one when the timer it was told about is due."""
    clock = HubClock(ScaledClock(1000.0))
    timers = Timers(clock)
    writer = RecordingWriter([clock.now_us() + 50_000_000, None])

    await run_timers(timers, writer)

    assert 2 == writer.calls


async def test_a_timer_set_earlier_wakes_the_timer_task():
    """A new timer that is due before all others does not wait for them."""
    clock = HubClock(ScaledClock())
    timers = Timers(clock)
    writer = RecordingWriter([clock.now_us() + 3_600_000_000, None])
    asyncio.get_running_loop().call_later(0.05, timers.expect, 1)

    await run_timers(timers, writer)

    assert 2 == writer.calls


async def test_the_timer_task_survives_a_fault(caplog):
    """A transaction that failed is tried again, and the log says why."""
    timers = Timers(HubClock(ScaledClock()))
    writer = RecordingWriter([OSError("disk full"), None])

    await run_timers(timers, writer)

    assert 2 == writer.calls
    assert "disk full" in caplog.text


def test_a_scheduled_start_is_fired_like_a_timer(ledger):
    """The start event comes when its time has come."""
    ledger.begin(scheduled_us=NOON_US + 100)
    ledger.now_us += 100

    ledger.do(fire_due)

    assert ["executionStarted"] == ledger.inbox_kinds()


def test_an_instance_removed_meanwhile_gets_nothing(ledger):
    """Its timers went with it."""
    with_timers(ledger, 10)
    ledger.do(endings.remove, "one")
    ledger.now_us += 10

    ledger.do(fire_due)

    assert 0 == ledger.count("inbox")
