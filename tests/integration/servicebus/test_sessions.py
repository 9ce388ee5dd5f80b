"""Sessions: one receiver at a time, in order, with a state of their own."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusMessage
from azure.servicebus.exceptions import (
    OperationTimeoutError,
    ServiceBusError,
    SessionCannotBeLockedError,
    SessionLockLostError,
)

from tests.integration.servicebus.bus import (
    RENEWALS,
    nothing_comes,
    peek_all,
    take,
    take_one,
    texts,
)
from tests.integration.servicebus.crowd import MARKS, together

pytestmark = MARKS


@together
async def test_receiver_gets_only_its_session_in_order(bus):
    """The holder of a session sees that session's messages, first in first out."""
    queue = await bus.queue("session")
    for body in ("a1", "b1", "a2", "b2", "a3"):
        await bus.send(queue, body, session_id=body[0])

    receiver = await bus.receiver(queue, session_id="a")

    assert ["a1", "a2", "a3"] == texts(await take(receiver, 3))
    assert await nothing_comes(receiver)


@together
async def test_next_available_session_is_one_with_messages(bus):
    """Who takes any session gets one that has messages and learns which."""
    queue = await bus.queue("session")
    await bus.send(queue, "a", session_id="busy")

    receiver = await bus.receiver(queue, session_id=NEXT_AVAILABLE_SESSION, max_wait_time=5)

    assert "busy" == receiver.session.session_id
    assert ["a"] == texts(await take(receiver))


@together
async def test_no_session_in_time_is_a_timeout(bus):
    """Where no session has messages, the wait ends with a timeout error."""
    queue = await bus.queue("session")

    with pytest.raises(OperationTimeoutError):
        await bus.expect_no_receiver(queue, session_id=NEXT_AVAILABLE_SESSION, max_wait_time=0.5)


@together
async def test_waiting_receiver_gets_the_first_session_that_appears(bus):
    """A receiver that waits for any session gets it as soon as a message arrives."""
    queue = await bus.queue("session")
    waiting = asyncio.create_task(
        bus.receiver(queue, session_id=NEXT_AVAILABLE_SESSION, max_wait_time=10)
    )
    await bus.send(queue, "a", session_id="fresh")

    receiver = await waiting

    assert "fresh" == receiver.session.session_id


@together
async def test_held_session_is_refused_to_others(bus):
    """A second receiver of a held session is refused at once."""
    queue = await bus.queue("session")
    await bus.receiver(queue, session_id="mine")

    with pytest.raises(SessionCannotBeLockedError):
        await bus.expect_no_receiver(queue, session_id="mine")


@together
async def test_closed_session_goes_to_the_next_receiver_uncounted(bus):
    """Closing a session gives its unsettled messages back without counting a delivery."""
    queue = await bus.queue("session")
    await bus.send(queue, "a", session_id="s")
    first = await bus.receiver(queue, session_id="s")
    await take_one(first)
    await first.close()

    message = await take_one(await bus.receiver(queue, session_id="s"))

    assert ("a", 0) == (str(message), message.delivery_count)


@together
async def test_abandoned_message_comes_first_again(bus):
    """A failed message keeps its place in the session: what follows waits."""
    queue = await bus.queue("session")
    await bus.send(queue, "a", "b", session_id="s")
    receiver = await bus.receiver(queue, session_id="s")
    await receiver.abandon_message(await take_one(receiver))

    assert ["a", "b"] == texts(await take(receiver, 2))


@together
async def test_poison_holds_up_only_its_own_session(bus):
    """A message that fails until it is dead-lettered delays no other session."""
    queue = await bus.queue("session")
    await bus.send(queue, "poison", session_id="ill")
    await bus.send(queue, "healthy", session_id="well")
    ill = await bus.receiver(queue, session_id="ill")
    well = await bus.receiver(queue, session_id="well")
    await ill.abandon_message(await take_one(ill))

    assert ["healthy"] == texts(await take(well))

    for _ in range(2):
        await ill.abandon_message(await take_one(ill))
    dead = await take_one(await bus.receiver(queue, sub_queue="deadletter"))
    assert ("poison", "ill") == (str(dead), dead.session_id)


@together
async def test_session_keeps_a_state(bus):
    """State written by one holder is read by the next, until it is cleared."""
    queue = await bus.queue("session")
    first = await bus.receiver(queue, session_id="s")
    await first.session.set_state(b"step 3")
    await first.close()
    second = await bus.receiver(queue, session_id="s")

    assert b"step 3" == await second.session.get_state()

    await second.session.set_state(None)
    assert await second.session.get_state() is None


@together
async def test_renewed_session_lock_lasts_longer(bus):
    """Renewing moves the session's expiry, and with it that of its messages."""
    queue = await bus.queue("renewed-session")
    await bus.send(queue, "a", session_id="s")
    receiver = await bus.receiver(queue, session_id="s")
    message = await take_one(receiver)
    for _ in range(RENEWALS):
        await asyncio.sleep(bus.target.renewed_lock_s / 4)
        await receiver.session.renew_lock()

    await receiver.complete_message(message)

    left = receiver.session.locked_until_utc - datetime.now(UTC)
    assert timedelta(0) < left
    assert [] == await peek_all(receiver)


@together
async def test_expired_session_lock_is_lost_and_counts(bus):
    """After expiry the holder is refused, and the next one sees one delivery more."""
    queue = await bus.queue("brief-session")
    await bus.send(queue, "a", session_id="s")
    sleeper = await bus.receiver(queue, session_id="s")
    message = await take_one(sleeper)
    await asyncio.sleep(bus.target.brief_lock_s + 0.3)

    with pytest.raises(SessionLockLostError):
        await sleeper.complete_message(message)

    again = await take_one(await bus.receiver(queue, session_id="s"))
    assert ("a", 1) == (str(again), again.delivery_count)


@together
async def test_sessions_are_listed(bus):
    """Listing names the sessions with messages or state, and nothing else."""
    queue = await bus.queue("session")
    await bus.send(queue, "a", session_id="with-message")
    keeper = await bus.receiver(queue, session_id="with-state")
    await keeper.session.set_state(b"x")
    await bus.receiver(queue, session_id="with-nothing")

    assert ["with-message", "with-state"] == sorted(await bus.list_sessions(queue))


@together
async def test_sessions_are_listed_by_change_of_state(bus):
    """With a moment, only sessions whose state changed after it are listed."""
    queue = await bus.queue("session")
    await bus.send(queue, "a", session_id="with-message")
    keeper = await bus.receiver(queue, session_id="with-state")
    await keeper.session.set_state(b"x")
    just_now = datetime.now(UTC) - timedelta(minutes=1)

    assert ["with-state"] == await bus.list_sessions(queue, state_updated_after=just_now)


@together
async def test_deferred_message_of_a_session_comes_back_by_number(bus):
    """The holder of the session can defer a message and fetch it by its number."""
    queue = await bus.queue("session")
    await bus.send(queue, "later", "now", session_id="s")
    receiver = await bus.receiver(queue, session_id="s")
    message = await take_one(receiver)
    await receiver.defer_message(message)

    assert ["now"] == texts(await take(receiver))

    (found,) = await receiver.receive_deferred_messages([message.sequence_number])
    await receiver.complete_message(found)
    assert ["now"] == await peek_all(receiver)


@together
async def test_receiver_without_session_is_refused(bus):
    """A queue with sessions has no receivers without."""
    queue = await bus.queue("session")

    with pytest.raises(ServiceBusError, match=r"(?i)session"):
        await bus.expect_no_receiver(queue)


@together
async def test_batch_spreads_over_sessions(bus):
    """One batch may hold messages of several sessions."""
    queue = await bus.queue("session")
    messages = [ServiceBusMessage(f"{s}{i}", session_id=s) for i in range(2) for s in "ab"]
    await bus.sender(queue).send_messages(messages)

    receiver = await bus.receiver(queue, session_id="b")

    assert ["b0", "b1"] == texts(await take(receiver, 2))
