"""A queue's life of a message, with a clock that obeys."""

import pytest

from local.servicebus.errors import BrokerError
from local.servicebus.messages import MessageState
from local.servicebus.parsing import parse_message
from local.servicebus.settlement import Settlement, Verdict
from tests.unit.servicebus.broker_fakes import (
    MINUTE_MS,
    START_MS,
    FakeConsumer,
    make_bench,
    make_message,
)

COMPLETE = Settlement(verdict=Verdict.COMPLETE)
ABANDON = Settlement(verdict=Verdict.ABANDON)
RELEASE = Settlement(verdict=Verdict.RELEASE)
DEFER = Settlement(verdict=Verdict.DEFER)


def dead_letter(reason=None, description=None, **properties):
    """The verdict that moves a message to the dead-letter queue."""
    return Settlement(
        verdict=Verdict.DEAD_LETTER,
        reason=reason,
        description=description,
        properties=properties,
    )


def test_messages_are_delivered_in_order():
    """First in, first out."""
    bench = make_bench()
    bench.send("a", "b", "c")

    assert ["a", "b", "c"] == bench.receive().names


def test_credit_bounds_deliveries():
    """A receiver never gets more than it asked for."""
    bench = make_bench()
    bench.send("a", "b", "c")

    assert ["a", "b"] == bench.receive(credit=2).names


def test_receivers_take_turns():
    """Two willing receivers share the messages."""
    bench = make_bench()
    first, second = bench.receive(), bench.receive()
    bench.send("a", "b", "c", "d")

    assert (["a", "c"], ["b", "d"]) == (first.names, second.names)


def test_unwilling_receiver_is_passed_over():
    """A receiver without credit does not hold up the others."""
    bench = make_bench()
    bench.receive(credit=0)
    willing = bench.receive()
    bench.send("a", "b")

    assert ["a", "b"] == willing.names


def test_detached_receiver_gets_nothing():
    """A receiver that left is not offered anything."""
    bench = make_bench()
    gone = bench.receive()
    bench.entity.consumers.detach(gone)
    bench.send("a")

    assert [] == gone.names


def test_destructive_receiver_leaves_nothing():
    """Receive-and-delete takes the message out without a lock."""
    bench = make_bench()
    bench.send("a")
    consumer = FakeConsumer(is_destructive=True)
    bench.entity.consumers.attach(consumer)
    bench.entity.consumers.pump()

    assert (["a"], {}, {}) == (
        consumer.names,
        bench.entity.queue.messages,
        bench.entity.queue.locks,
    )


def test_completed_message_is_gone():
    """Completion removes the message."""
    bench = make_bench()
    bench.send("a")
    bench.entity.queue.settle(bench.receive().tokens[0], COMPLETE)

    assert {} == bench.entity.queue.messages


def test_token_settles_once():
    """A token that was used is worth nothing."""
    bench = make_bench()
    bench.send("a")
    (token,) = bench.receive().tokens
    bench.entity.queue.settle(token, COMPLETE)

    with pytest.raises(BrokerError, match="lock is not held"):
        bench.entity.queue.settle(token, COMPLETE)


def test_abandoned_message_returns_to_its_place():
    """An abandoned message is delivered again before later ones, its count raised."""
    bench = make_bench()
    bench.send("a", "b")
    first = bench.receive(credit=1)
    bench.entity.queue.settle(first.tokens[0], ABANDON)

    again = bench.receive()

    assert [("a", 1), ("b", 0)] == [(m.message_id, m.delivery_count) for m in again.received]


def test_released_message_is_not_counted():
    """A receiver that never looked at a message leaves no trace."""
    bench = make_bench()
    bench.send("a")
    bench.entity.queue.settle(bench.receive(credit=1).tokens[0], RELEASE)

    assert [0] == [m.delivery_count for m in bench.receive().received]


def test_lock_expires_on_the_minute():
    """A message is locked for exactly the lock duration, then counted and offered again."""
    bench = make_bench(LockDuration="PT1M")
    bench.send("a")
    bench.receive(credit=1)
    second = bench.receive()
    bench.timeline.advance(MINUTE_MS - 1)
    assert [] == second.names

    bench.timeline.advance(1)

    assert [("a", 1)] == [(m.message_id, m.delivery_count) for m in second.received]


def test_expired_lock_settles_nothing():
    """Too late is too late: the message is somebody else's."""
    bench = make_bench()
    bench.send("a")
    late = bench.receive(credit=1)
    bench.timeline.advance(MINUTE_MS)

    with pytest.raises(BrokerError) as caught:
        bench.entity.queue.settle(late.tokens[0], COMPLETE)

    assert "com.microsoft:message-lock-lost" == caught.value.condition
    assert 1 == len(bench.entity.queue.messages)


def test_lock_ends_in_time_even_on_a_busy_machine():
    """A lock whose timer has not run yet is expired all the same."""
    bench = make_bench()
    bench.send("a")
    late = bench.receive(credit=1)
    bench.timeline.stall(MINUTE_MS)

    with pytest.raises(BrokerError, match="lock is not held"):
        bench.entity.queue.settle(late.tokens[0], COMPLETE)


def test_finished_messages_leave_no_timers():
    """What is settled is not waited for: a busy broker's memory does not grow."""
    bench = make_bench(DefaultMessageTimeToLive="PT1H")
    bench.send("completed", "dead")
    consumer = bench.receive()
    bench.entity.queue.settle(consumer.tokens[0], COMPLETE)
    bench.entity.queue.settle(consumer.tokens[1], dead_letter())

    assert 0 == bench.timeline.count_waiting()


def test_renewed_lock_expires_later():
    """Renewal gives a whole lock duration from the moment of asking, each time."""
    bench = make_bench()
    bench.send("a")
    bench.receive(credit=1)
    other = bench.receive()
    message = bench.entity.queue.messages[1]
    for _ in range(3):
        bench.timeline.advance(MINUTE_MS - 1)
        until_ms = bench.entity.consumers.renew(message.lock)

    assert bench.timeline.now_ms() + MINUTE_MS == until_ms
    bench.timeline.advance(MINUTE_MS - 1)
    assert [] == other.names
    bench.timeline.advance(1)
    assert ["a"] == other.names


@pytest.mark.parametrize("way", ["abandon", "expire"])
def test_message_is_dead_lettered_after_its_last_delivery(way):
    """However deliveries fail, MaxDeliveryCount of them end in the dead-letter queue."""
    bench = make_bench(MaxDeliveryCount=3)
    bench.send("poison")
    deliveries = 0
    while bench.entity.queue.messages:
        consumer = bench.receive(credit=1)
        deliveries += 1
        if way == "abandon":
            bench.entity.queue.settle(consumer.tokens[0], ABANDON)
        else:
            bench.timeline.advance(MINUTE_MS)

    (dead,) = bench.receive_dead().received

    assert 3 == deliveries
    assert ("poison", 3, 1) == (dead.message_id, dead.delivery_count, dead.sequence_number)
    assert b"MaxDeliveryCountExceeded" in dead.rest


def test_dead_letter_keeps_reason_and_properties():
    """Reason, description and extra properties become application properties."""
    bench = make_bench()
    bench.send("a")
    verdict = dead_letter("schema", "no vault", line="3")
    bench.entity.queue.settle(bench.receive().tokens[0], verdict)

    (dead,) = bench.receive_dead().received

    for text in (b"DeadLetterReason", b"schema", b"no vault", b"line"):
        assert text in dead.rest


def test_dead_letter_never_dies_again():
    """In the dead-letter queue deliveries may fail for ever and time to live has no meaning."""
    bench = make_bench(MaxDeliveryCount=1, DeadLetteringOnMessageExpiration=True)
    bench.send("a", ttl_ms=10 * MINUTE_MS)
    bench.entity.queue.settle(bench.receive().tokens[0], ABANDON)
    for _ in range(3):
        bench.dead.queue.settle(bench.receive_dead().tokens[-1], ABANDON)
    bench.timeline.advance(60 * MINUTE_MS)

    assert ["a"] == [m.message_id for m in bench.dead.queue.messages.values()]


def test_dead_lettering_in_the_dead_letter_queue_keeps_the_message():
    """There is nowhere further down."""
    bench = make_bench()
    bench.send("a")
    bench.entity.queue.settle(bench.receive().tokens[0], dead_letter())
    bench.dead.queue.settle(bench.receive_dead().tokens[0], dead_letter("again"))

    assert ["a"] == bench.receive_dead().names


def test_nobody_sends_to_a_dead_letter_queue():
    """Its messages come from its queue only."""
    bench = make_bench()

    with pytest.raises(BrokerError, match="dead-letter"):
        bench.dead.queue.send([make_message("a")])


def test_deferred_message_is_set_aside():
    """A deferred message is not offered to anybody, whatever time passes."""
    bench = make_bench()
    bench.send("a")
    bench.entity.queue.settle(bench.receive(credit=1).tokens[0], DEFER)
    bench.timeline.advance(60 * MINUTE_MS)

    assert [] == bench.receive().names
    assert MessageState.DEFERRED is bench.entity.queue.messages[1].state


def test_lock_of_a_deferred_message_expires_back_to_deferred():
    """A deferred message that was fetched and not settled is deferred still."""
    bench = make_bench()
    bench.send("a")
    queue = bench.entity.queue
    queue.settle(bench.receive(credit=1).tokens[0], DEFER)
    queue.lock(queue.messages[1])
    bench.timeline.advance(MINUTE_MS)

    assert [] == bench.receive().names
    assert (None, 2) == (queue.messages[1].lock, queue.messages[1].delivery_count)


def test_scheduled_message_enters_when_due():
    """A scheduled message gets its place, time and a new number when its time comes."""
    bench = make_bench()
    consumer = bench.receive()
    due_ms = START_MS + MINUTE_MS // 2
    (scheduled,) = bench.send("later", scheduled_ms=due_ms)
    bench.send("now")
    bench.timeline.advance(MINUTE_MS // 2)

    later = consumer.received[1]

    assert ["now", "later"] == consumer.names
    assert due_ms == later.enqueued_ms
    assert later.sequence_number > scheduled


def test_message_scheduled_for_the_past_enters_at_once():
    """A time that has passed is no delay."""
    bench = make_bench()
    bench.send("a", scheduled_ms=START_MS - 1)

    assert ["a"] == bench.receive().names


def test_expired_message_is_dropped():
    """Without dead-lettering on expiry, a message ends with its time to live."""
    bench = make_bench()
    bench.send("a", ttl_ms=MINUTE_MS)
    bench.timeline.advance(MINUTE_MS - 1)
    assert 1 == len(bench.entity.queue.messages)

    bench.timeline.advance(1)

    assert ({}, {}) == (bench.entity.queue.messages, bench.dead.queue.messages)


def test_expired_message_is_dead_lettered_where_wanted():
    """With dead-lettering on expiry the message moves, with the service's reason."""
    bench = make_bench(DeadLetteringOnMessageExpiration=True)
    bench.send("a", ttl_ms=MINUTE_MS)
    bench.timeline.advance(MINUTE_MS)

    (dead,) = bench.receive_dead().received

    assert b"TTLExpiredException" in dead.rest


def test_expired_message_is_in_one_queue_only():
    """A dead letter is not delivered from the queue it has left."""
    bench = make_bench(DeadLetteringOnMessageExpiration=True)
    bench.send("a", ttl_ms=MINUTE_MS)
    bench.timeline.advance(MINUTE_MS)

    assert ([], ["a"]) == (bench.receive().names, bench.receive_dead().names)


def test_locked_message_outlives_its_time():
    """A message is not taken away from a receiver; it expires when it comes back."""
    bench = make_bench()
    bench.send("a", ttl_ms=MINUTE_MS // 2)
    (token,) = bench.receive(credit=1).tokens
    bench.timeline.advance(MINUTE_MS // 2 + 1)
    assert 1 == len(bench.entity.queue.messages)

    bench.entity.queue.settle(token, ABANDON)

    assert {} == bench.entity.queue.messages


def test_queues_time_to_live_is_the_longest():
    """The queue's default applies to messages without one and caps those with a longer one."""
    bench = make_bench(DefaultMessageTimeToLive="PT1M")
    bench.send("none")
    bench.send("longer", ttl_ms=10 * MINUTE_MS)
    bench.send("shorter", ttl_ms=1000)

    ttls_ms = [m.ttl_ms for m in bench.receive().received]

    assert [MINUTE_MS, MINUTE_MS, 1000] == ttls_ms


def test_duplicate_is_accepted_and_dropped():
    """A repeated id within the window is no second message."""
    bench = make_bench(RequiresDuplicateDetection=True, DuplicateDetectionHistoryTimeWindow="PT1M")
    bench.send("a", "a")

    assert ["a"] == bench.receive().names


def test_refused_message_is_not_remembered_as_seen():
    """A message that was refused may be corrected and sent with the same id."""
    bench = make_bench(RequiresDuplicateDetection=True, RequiresSession=True)
    with pytest.raises(BrokerError):
        bench.send("a")

    bench.send("a", session_id="s")

    assert 1 == len(bench.entity.queue.messages)


def test_messages_are_taken_all_or_none():
    """One message that does not belong keeps out the whole batch."""
    bench = make_bench(RequiresSession=True)
    batch = [make_message("good", session_id="s"), make_message("stray")]

    with pytest.raises(BrokerError, match="requires sessions"):
        bench.entity.queue.send(batch)

    assert {} == bench.entity.queue.messages


def test_message_without_id_is_given_one():
    """Two messages without id are two messages, even where duplicates are detected."""
    bench = make_bench(RequiresDuplicateDetection=True)
    bench.entity.queue.send([parse_message(make_message(None).rest) for _ in range(2)])

    first, second = bench.receive().names

    assert first != second


def test_counters_tell_what_happened():
    """The administration's totals add up."""
    bench = make_bench(MaxDeliveryCount=2, RequiresDuplicateDetection=True)
    bench.send("a", "a", "b")
    consumer = bench.receive()
    bench.entity.queue.settle(consumer.tokens[0], COMPLETE)
    bench.entity.queue.settle(consumer.tokens[1], ABANDON)
    bench.entity.queue.settle(consumer.tokens[2], ABANDON)

    expected = {
        "sent": 2,
        "duplicates": 1,
        "completed": 1,
        "failedDeliveries": 2,
        "deadLettered": 1,
    }
    assert expected == bench.entity.queue.counters


def test_message_deferred_too_late_expires():
    """Setting a message aside does not save it from the end that came while it was locked."""
    bench = make_bench(DefaultMessageTimeToLive="PT10S")
    bench.send("a")
    token = bench.receive().tokens[0]
    bench.timeline.advance(20_000)

    bench.entity.queue.settle(token, DEFER)

    assert {} == bench.entity.queue.messages


@pytest.mark.parametrize("credit", [1, 10])
def test_message_past_its_time_is_not_delivered_though_its_timer_is_late(credit):
    """A busy process may come to the timer late; a receiver never notices."""
    bench = make_bench(DeadLetteringOnMessageExpiration=True)
    bench.send("old", ttl_ms=1000)
    bench.send("fresh")
    bench.timeline.stall(1000)

    assert ["fresh"] == bench.receive(credit).names
    assert ["old"] == bench.receive_dead().names
