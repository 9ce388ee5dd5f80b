"""What time does: locks end, scheduled messages come, old messages go, ids are forgotten."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import AutoLockRenewer, ServiceBusMessage
from azure.servicebus.aio import AutoLockRenewer as AsyncAutoLockRenewer
from azure.servicebus.exceptions import MessageLockLostError, ServiceBusError

from tests.integration.servicebus.bus import (
    QUIET_S,
    RENEWALS,
    nothing_comes,
    peek_all,
    take,
    take_one,
    texts,
)
from tests.integration.servicebus.crowd import MARKS, together

pytestmark = MARKS

SHORTEST_LIFE = timedelta(seconds=1)
"""The client rounds a time to live down to whole seconds, and 0 means none."""

SCHEDULED_IN = timedelta(seconds=4)
"""Far enough ahead that a receiver can look before."""

CANCELLED_IN = timedelta(seconds=12)
"""Far enough ahead that a busy machine cancels in time; renewals of a lock take as long anyway."""


@together
async def test_expired_lock_gives_the_message_back_counted(bus):
    """A message nobody settles in time is delivered again, one delivery more on its count."""
    queue = await bus.queue("brief")
    await bus.send(queue, "a")
    receiver = await bus.receiver(queue)
    late = await take_one(receiver)
    again = await take_one(receiver)

    with pytest.raises(MessageLockLostError):
        await receiver.complete_message(late)

    assert ("a", 1) == (str(again), again.delivery_count)


@together
async def test_renewed_lock_lasts_longer(bus):
    """A renewed message can be completed after its first lock would have ended."""
    queue = await bus.queue("renewed")
    await bus.send(queue, "a")
    receiver = await bus.receiver(queue)
    message = await take_one(receiver)
    for _ in range(RENEWALS):
        await asyncio.sleep(bus.target.renewed_lock_s / 4)
        await receiver.renew_message_lock(message)

    await receiver.complete_message(message)

    assert [] == await peek_all(receiver)


@together
async def test_auto_renewer_keeps_a_message(bus):
    """The client's own renewer holds a lock for longer than the queue's lock duration."""
    queue = await bus.queue("renewed")
    await bus.send(queue, "a")
    receiver = await bus.receiver(queue)
    message = await take_one(receiver)
    is_async = bus.kind == "aio"
    renewer = AsyncAutoLockRenewer() if is_async else AutoLockRenewer()
    owner = receiver if is_async else receiver.target
    renewer.register(owner, message, max_lock_renewal_duration=30)
    await asyncio.sleep(bus.target.renewed_lock_s + 0.5)

    await receiver.complete_message(message)

    closing = renewer.close()
    await (closing if is_async else asyncio.sleep(0))
    assert message.auto_renew_error is None


@together
async def test_scheduled_message_comes_when_due(bus):
    """A scheduled message is invisible to receivers until its time, then comes."""
    queue = await bus.queue("plain")
    due = datetime.now(UTC) + SCHEDULED_IN
    await bus.sender(queue).schedule_messages(ServiceBusMessage("later"), due)
    receiver = await bus.receiver(queue)
    early = await receiver.receive_messages(1, max_wait_time=QUIET_S)
    looked_at = datetime.now(UTC)

    (message,) = early or [await take_one(receiver)]

    assert "later" == str(message)
    # On a busy machine the look may come late, and then what it finds is rightly there.
    assert not early or due <= looked_at
    assert due - timedelta(milliseconds=1) <= message.enqueued_time_utc


@together
async def test_cancelled_message_never_comes(bus):
    """A scheduled message can be cancelled by the number that scheduling gave."""
    queue = await bus.queue("plain")
    sender = bus.sender(queue)
    due = datetime.now(UTC) + CANCELLED_IN
    messages = [ServiceBusMessage("one"), ServiceBusMessage("two")]
    first, _second = await sender.schedule_messages(messages, due)
    await sender.cancel_scheduled_messages([first])

    receiver = await bus.receiver(queue)

    # Both would be due now, and the first one would come first.
    assert "two" == str(await take_one(receiver))
    assert await nothing_comes(receiver)


@together
async def test_cancelling_an_unknown_number_is_an_error(bus):
    """There is nothing to cancel under a number that was never given."""
    queue = await bus.queue("plain")

    with pytest.raises(ServiceBusError, match="987654"):
        await bus.sender(queue).cancel_scheduled_messages([987_654])


@together
async def test_expired_message_is_dead_lettered(bus):
    """Where the queue says so, a message past its time to live moves with the reason."""
    queue = await bus.queue("fleeting")
    await bus.send(queue, "old", time_to_live=SHORTEST_LIFE)
    graveyard = await bus.receiver(queue, sub_queue="deadletter")

    dead = await take_one(graveyard)

    assert ("old", "TTLExpiredException") == (str(dead), dead.dead_letter_reason)


@together
async def test_expired_message_vanishes(bus):
    """Without dead-lettering on expiry, a message past its time to live is dropped."""
    queue = await bus.queue("forgetful")
    await bus.send(queue, "old", time_to_live=SHORTEST_LIFE)
    await asyncio.sleep(SHORTEST_LIFE.total_seconds() + 0.1)

    assert await nothing_comes(await bus.receiver(queue))
    assert await nothing_comes(await bus.receiver(queue, sub_queue="deadletter"))


@together
async def test_same_message_id_counts_once(bus):
    """A repeated message id is accepted and dropped, in single sends and in batches."""
    queue = await bus.queue("distinct")
    await bus.send(queue, "first", message_id="m")
    await bus.sender(queue).send_messages(ServiceBusMessage("again", message_id="m"))
    await bus.send(queue, "again", "again", message_id="m")
    await bus.send(queue, "other", message_id="n")

    assert ["first", "other"] == texts(await take(await bus.receiver(queue), 3, within_s=1.5))


@together
async def test_completed_message_still_counts_as_seen(bus):
    """The history is of ids: completing a message does not make room for its twin."""
    queue = await bus.queue("distinct")
    receiver = await bus.receiver(queue)
    await bus.send(queue, "first", message_id="m")
    await receiver.complete_message(await take_one(receiver))
    await bus.send(queue, "again", message_id="m")

    assert await nothing_comes(receiver)
