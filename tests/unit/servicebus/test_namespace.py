"""Finding queues, describing them, starting over."""

import pytest

from local.servicebus.errors import BrokerError
from local.servicebus.settlement import Settlement, Verdict
from tests.unit.servicebus.broker_fakes import QUEUE, START_MS, make_bench

DEFER = Settlement(verdict=Verdict.DEFER)
DEAD = Settlement(verdict=Verdict.DEAD_LETTER)


@pytest.mark.parametrize("path", [QUEUE, QUEUE.upper(), f"/{QUEUE}/"])
def test_queue_is_found_in_any_spelling(path):
    """Names are compared without case and slashes."""
    assert QUEUE == make_bench().namespace.find(path).queue.name


@pytest.mark.parametrize("path", ["", "other", f"{QUEUE}/$DeadLetterQueue/x", f"{QUEUE}x"])
def test_unknown_queue_is_named(path):
    """The error says what was looked for, in the words by which the JavaScript client knows it."""
    with pytest.raises(BrokerError, match=r"The messaging entity .* could not be found") as caught:
        make_bench().namespace.find(path)

    assert f"'{path}'" in caught.value.description


def test_description_counts_messages_by_state():
    """Every message is counted where it is."""
    bench = make_bench()
    bench.send("dead", "deferred", "locked", "free")
    bench.send("scheduled", scheduled_ms=START_MS + 1)
    consumer = bench.receive(credit=3)
    bench.entity.queue.settle(consumer.tokens[0], DEAD)
    bench.entity.queue.settle(consumer.tokens[1], DEFER)

    description = bench.namespace.describe()[QUEUE]

    assert {"sent": 5, "deadLettered": 1} == description.pop("sinceStart")
    assert {
        "active": 2,
        "deferred": 1,
        "scheduled": 1,
        "locked": 1,
        "deadLettered": 1,
        "sessionsHeld": 0,
    } == description


def test_held_sessions_are_counted():
    """The description says how many sessions have a holder."""
    bench = make_bench(RequiresSession=True)
    bench.hold("s")

    assert 1 == bench.namespace.describe()[QUEUE]["sessionsHeld"]


def test_reset_empties_everything():
    """Messages, dead letters, locks and totals are gone; timers do nothing any more."""
    bench = make_bench(DefaultMessageTimeToLive="PT1M")
    bench.send("dead", "locked", "free")
    bench.send("scheduled", scheduled_ms=START_MS + 1)
    consumer = bench.receive(credit=2)
    bench.entity.queue.settle(consumer.tokens[0], DEAD)
    bench.namespace.reset()
    bench.timeline.advance(10 * 60_000)

    description = bench.namespace.describe()[QUEUE]

    assert {} == description.pop("sinceStart")
    assert {0} == set(description.values())


def test_reset_leaves_holders_their_sessions():
    """Who holds a session keeps it, without its messages and state."""
    bench = make_bench(RequiresSession=True)
    bench.send("a", session_id="s")
    holder = bench.hold("s")
    bench.entity.sessions.write_state("s", b"x")
    bench.namespace.reset()
    bench.send("b", session_id="s")

    assert ["a", "b"] == holder.names
    assert bench.entity.sessions.read_state("s") is None
