"""Sessions: exclusive, ordered, and what their end means for the messages."""

import pytest

from local.servicebus.errors import BrokerError
from local.servicebus.settlement import Settlement, Verdict
from tests.unit.servicebus.broker_fakes import MINUTE_MS, Bench, FakeConsumer, make_bench

COMPLETE = Settlement(verdict=Verdict.COMPLETE)
ABANDON = Settlement(verdict=Verdict.ABANDON)


@pytest.fixture
def bench() -> Bench:
    """A queue with sessions."""
    return make_bench(RequiresSession=True, MaxDeliveryCount=3)


def wait_for_any(bench: Bench) -> FakeConsumer:
    """A receiver that takes the next session with messages."""
    consumer = FakeConsumer()
    bench.entity.sessions.accept_next(consumer)
    return consumer


def test_holder_gets_its_session_only(bench):
    """Messages of other sessions are not its business."""
    bench.send("a1", "a2", session_id="a")
    bench.send("b1", session_id="b")

    assert ["a1", "a2"] == bench.hold("a").names


def test_new_messages_reach_the_holder(bench):
    """While a session is held, its new messages go straight to the holder."""
    holder = bench.hold("a")
    bench.send("late", session_id="a")

    assert ["late"] == holder.names


def test_session_has_one_holder(bench):
    """A held session is refused to everybody else."""
    bench.hold("a")

    with pytest.raises(BrokerError) as caught:
        bench.hold("a")

    assert "com.microsoft:session-cannot-be-locked" == caught.value.condition


def test_next_session_is_the_longest_offered(bench):
    """Sessions are handed out in the order in which their messages came."""
    bench.send("b1", session_id="b")
    bench.send("a1", session_id="a")

    assert ["b", "a"] == [wait_for_any(bench).session_id for _ in range(2)]


def test_waiting_receiver_is_served_when_a_message_comes(bench):
    """Who waits for any session gets the first that has a message."""
    waiting = wait_for_any(bench)
    assert waiting.session_id is None

    bench.send("a", session_id="fresh")

    assert "fresh" == waiting.session_id


def test_impatient_receiver_is_not_served(bench):
    """Who stopped waiting gets nothing, and knows whether it was still waiting."""
    waiting = wait_for_any(bench)

    assert bench.entity.sessions.stop_waiting(waiting)
    assert not bench.entity.sessions.stop_waiting(waiting)

    bench.send("a", session_id="s")
    assert waiting.session_id is None


def test_released_session_goes_to_the_next(bench):
    """A session with messages left is offered again when its holder lets go."""
    bench.send("a", "b", session_id="s")
    first = bench.hold("s", credit=1)
    waiting = wait_for_any(bench)
    bench.entity.queue.settle(first.tokens[0], COMPLETE)
    bench.entity.sessions.release(first, "s", counts=False)
    bench.entity.sessions.pump("s")

    assert ("s", ["b"]) == (waiting.session_id, waiting.names)


@pytest.mark.parametrize(("counts", "expected"), [(False, 0), (True, 1)])
def test_end_of_a_session_counts_or_not(bench, counts, expected):
    """An orderly end counts no delivery; an end without goodbye counts one."""
    bench.send("a", session_id="s")
    first = bench.hold("s")
    bench.entity.sessions.release(first, "s", counts=counts)

    assert [expected] == [m.delivery_count for m in bench.hold("s").received]


def test_messages_come_back_in_order(bench):
    """All unsettled messages of a released session are there, in order, for the next holder."""
    bench.send("a", "b", "c", session_id="s")
    first = bench.hold("s")
    waiting = wait_for_any(bench)
    bench.entity.sessions.release(first, "s", counts=False)
    bench.entity.sessions.pump("s")

    assert ["a", "b", "c"] == waiting.names


class EagerConsumer(FakeConsumer):
    """Takes messages the moment it is granted a session."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench

    def session_granted(self, session_id: str, until_ms: int) -> None:
        super().session_granted(session_id, until_ms)
        self.bench.entity.sessions.pump(session_id)


def test_next_holder_waits_until_all_messages_are_back(bench):
    """The first message comes first even if it was the last to be locked."""
    bench.send("a", "b", session_id="s")
    holder = bench.hold("s")
    bench.entity.queue.settle(holder.tokens[0], ABANDON)
    eager = EagerConsumer(bench)
    bench.entity.sessions.accept_next(eager)
    bench.entity.sessions.release(holder, "s", counts=False)

    assert ["a", "b"] == eager.names


def test_session_ends_in_time_even_on_a_busy_machine(bench):
    """A session whose timer has not run yet is lost all the same."""
    bench.send("a", session_id="s")
    slow = bench.hold("s")
    bench.timeline.stall(MINUTE_MS)

    with pytest.raises(BrokerError, match="session 's'"):
        bench.entity.queue.settle(slow.tokens[0], COMPLETE)


def test_message_for_a_session_that_is_over_goes_to_the_next(bench):
    """It is taken from its sender and kept for the next holder, though no timer has run yet."""
    late = bench.hold("s")
    bench.timeline.stall(MINUTE_MS)
    bench.send("a", session_id="s")

    assert ([], ["com.microsoft:session-lock-lost"]) == (
        late.names,
        [error.condition for error in late.lost],
    )
    assert ["a"] == wait_for_any(bench).names


def test_credit_for_a_session_that_is_over_takes_nothing(bench):
    """A holder that asks too late gets nothing, and what it asked for is not lost."""
    bench.send("a", session_id="s")
    late = bench.hold("s", credit=0)
    bench.timeline.stall(MINUTE_MS)
    late.credit = 1
    bench.entity.sessions.pump("s")

    assert ([], ["a"]) == (late.names, wait_for_any(bench).names)


def test_session_that_is_over_can_be_accepted(bench):
    """Nobody is kept out by a holder whose time has ended."""
    bench.hold("s")
    bench.timeline.stall(MINUTE_MS)
    heir = bench.hold("s")
    bench.timeline.advance(MINUTE_MS - 1)
    bench.send("a", session_id="s")

    assert ["a"] == heir.names


def test_session_lock_expires(bench):
    """A silent holder loses the session after the lock duration and is told so."""
    bench.send("a", session_id="s")
    silent = bench.hold("s")
    waiting = wait_for_any(bench)
    bench.timeline.advance(MINUTE_MS)

    assert ["com.microsoft:session-lock-lost"] == [error.condition for error in silent.lost]
    assert "s" == waiting.session_id
    assert 1 == bench.entity.queue.messages[1].delivery_count


def test_lost_session_settles_nothing(bench):
    """After expiry the former holder's tokens are void."""
    bench.send("a", session_id="s")
    silent = bench.hold("s")
    bench.timeline.advance(MINUTE_MS)

    with pytest.raises(BrokerError):
        bench.entity.queue.settle(silent.tokens[0], COMPLETE)


def test_session_that_keeps_expiring_dead_letters_its_message(bench):
    """Receivers that die on a message are not fed it for ever."""
    bench.send("poison", session_id="s")
    for _ in range(3):
        bench.hold("s")
        bench.timeline.advance(MINUTE_MS)

    assert ["poison"] == bench.receive_dead().names


def test_renewed_session_keeps_its_messages(bench):
    """Renewal moves the expiry of the session and of every lock in it."""
    bench.send("a", session_id="s")
    holder = bench.hold("s")
    bench.timeline.advance(MINUTE_MS - 1)
    until_ms = bench.entity.sessions.renew_session("s")
    assert until_ms == bench.entity.queue.messages[1].lock.until_ms
    bench.timeline.advance(MINUTE_MS - 1)
    bench.entity.queue.settle(holder.tokens[0], COMPLETE)

    assert bench.timeline.now_ms() + 1 == until_ms
    assert ([], {}) == (holder.lost, bench.entity.queue.messages)


def test_session_nobody_holds_cannot_be_renewed(bench):
    """There is no lock to renew."""
    with pytest.raises(BrokerError, match="session 's'"):
        bench.entity.sessions.renew_session("s")


def test_single_locks_are_not_renewed(bench):
    """In a session only the session's lock counts."""
    bench.send("a", session_id="s")
    bench.hold("s")

    with pytest.raises(BrokerError, match="renew the session"):
        bench.entity.sessions.renew(bench.entity.queue.messages[1].lock)


def test_abandoned_message_is_first_again(bench):
    """A failed message comes before the rest of its session."""
    bench.send("a", "b", session_id="s")
    holder = bench.hold("s", credit=1)
    bench.entity.queue.settle(holder.tokens[0], ABANDON)
    holder.credit = 2
    bench.entity.sessions.pump("s")

    assert ["a", "a", "b"] == holder.names


def test_state_belongs_to_the_holder(bench):
    """Only who holds the session reads and writes its state."""
    with pytest.raises(BrokerError, match="lock"):
        bench.entity.sessions.write_state("s", b"x")

    bench.hold("s")
    bench.entity.sessions.write_state("s", b"x")

    assert b"x" == bench.entity.sessions.read_state("s")


def test_state_outlives_the_holder(bench):
    """The next holder finds what the last one wrote."""
    first = bench.hold("s")
    bench.entity.sessions.write_state("s", b"x")
    bench.entity.sessions.release(first, "s", counts=False)
    bench.hold("s")

    assert b"x" == bench.entity.sessions.read_state("s")


def test_lists_know_messages_and_state(bench):
    """Sessions with messages or state are active; only a change of state is an update."""
    bench.send("a", session_id="messages")
    bench.hold("state")
    bench.entity.sessions.write_state("state", b"x")
    bench.hold("nothing")

    sessions = bench.entity.sessions

    assert ["messages", "state"] == sessions.list_active()
    assert ["state"] == sessions.list_updated_since(bench.timeline.now_ms() - 1)
    assert [] == sessions.list_updated_since(bench.timeline.now_ms())


def test_idle_sessions_are_forgotten(bench):
    """A session without messages, state or holder costs no memory."""
    for number in range(10):
        session_id = f"s{number}"
        bench.send("a", session_id=session_id)
        holder = bench.hold(session_id)
        bench.entity.queue.settle(holder.tokens[0], COMPLETE)
        bench.entity.sessions.release(holder, session_id, counts=False)

    assert ({}, {}) == (bench.entity.sessions._sessions, bench.entity.sessions._line)


def test_late_release_changes_nothing(bench):
    """A receiver that has lost its session cannot take it from the next one."""
    slow = bench.hold("s")
    bench.timeline.advance(MINUTE_MS)
    bench.hold("s")
    bench.entity.sessions.release(slow, "s", counts=False)

    assert 1 == bench.entity.sessions.count_held()


def test_session_accepted_by_name_leaves_the_line(bench):
    """Who takes any session is not given one that is held."""
    bench.send("a", session_id="named")
    bench.send("b", session_id="other")
    bench.hold("named", credit=0)

    assert ["other", None] == [wait_for_any(bench).session_id for _ in range(2)]


def test_emptied_session_is_not_handed_out(bench):
    """A session whose messages are gone by the time it is its turn is skipped."""
    bench.send("a", session_id="emptied", ttl_ms=1000)
    bench.send("b", session_id="full")
    bench.timeline.advance(1000)

    assert "full" == wait_for_any(bench).session_id
