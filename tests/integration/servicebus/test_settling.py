"""What a receiver may say about a message, and what becomes of it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import (
    ServiceBusMessage,
    ServiceBusMessageState,
    ServiceBusReceiveMode,
)
from azure.servicebus.exceptions import MessageNotFoundError

from tests.integration.servicebus.bus import nothing_comes, peek_all, take, take_one, texts
from tests.integration.servicebus.crowd import MARKS, together

pytestmark = MARKS


@together
async def test_completed_message_is_gone(bus):
    """Complete removes a message for good."""
    queue = await bus.queue("plain")
    await bus.send(queue, "a")
    receiver = await bus.receiver(queue)

    await receiver.complete_message(await take_one(receiver))

    assert [] == await peek_all(receiver)


@together
async def test_locked_message_is_hidden_from_others(bus):
    """Peek-lock: while one receiver holds a message no other gets it."""
    queue = await bus.queue("plain")
    await bus.send(queue, "a")
    await take_one(await bus.receiver(queue))

    assert await nothing_comes(await bus.receiver(queue))


@together
async def test_abandoned_message_comes_back_counted(bus):
    """Abandon makes the message available at once, one delivery more on its count."""
    queue = await bus.queue("plain")
    await bus.send(queue, "a")
    receiver = await bus.receiver(queue)
    first = await take_one(receiver)
    await receiver.abandon_message(first)

    second = await take_one(receiver)

    assert (0, 1) == (first.delivery_count, second.delivery_count)


@together
async def test_receive_and_delete_settles_by_itself(bus):
    """In receive-and-delete mode a delivered message is gone from the queue."""
    queue = await bus.queue("plain")
    await bus.send(queue, "a")
    mode = ServiceBusReceiveMode.RECEIVE_AND_DELETE
    receiver = await bus.receiver(queue, receive_mode=mode)

    assert ["a"] == texts(await take(receiver))
    assert [] == await peek_all(receiver)


@together
async def test_message_that_keeps_failing_is_dead_lettered(bus):
    """After MaxDeliveryCount deliveries the message moves, with the reason."""
    queue = await bus.queue("plain")
    await bus.send(queue, "poison")
    receiver = await bus.receiver(queue)
    for _ in range(3):
        await receiver.abandon_message(await take_one(receiver))

    dead = await take_one(await bus.receiver(queue, sub_queue="deadletter"))

    expected = ("poison", "MaxDeliveryCountExceeded", 3)
    assert expected == (str(dead), dead.dead_letter_reason, dead.delivery_count)
    assert await nothing_comes(receiver)


@together
async def test_receiver_can_dead_letter_with_its_reason(bus):
    """An explicit dead-letter keeps reason and description."""
    queue = await bus.queue("plain")
    await bus.send(queue, "bad")
    receiver = await bus.receiver(queue)
    message = await take_one(receiver)
    await receiver.dead_letter_message(message, reason="schema", error_description="no vault")

    dead = await take_one(await bus.receiver(queue, sub_queue="deadletter"))

    assert ("schema", "no vault") == (dead.dead_letter_reason, dead.dead_letter_error_description)


@together
async def test_largest_message_is_dead_lettered_with_the_longest_reason(bus):
    """What is said about a message may make it larger than what may be sent, and still comes."""
    queue = await bus.queue("plain")
    body = "x" * 261_000
    await bus.send(queue, body)
    receiver = await bus.receiver(queue)
    message = await take_one(receiver)
    # As much of each as the clients for .NET and JavaScript take.
    reason, description = "r" * 4_096, "ü" * 4_096
    await receiver.dead_letter_message(message, reason=reason, error_description=description)

    dead = await take_one(await bus.receiver(queue, sub_queue="deadletter"))

    assert (reason, description) == (dead.dead_letter_reason, dead.dead_letter_error_description)
    assert body == str(dead)


@together
async def test_dead_letter_can_be_resubmitted(bus):
    """A dead letter can be sent to its queue again and completed where it was."""
    queue = await bus.queue("plain")
    await bus.send(queue, "again", application_properties={"vault": "v"})
    receiver = await bus.receiver(queue)
    await receiver.dead_letter_message(await take_one(receiver))
    graveyard = await bus.receiver(queue, sub_queue="deadletter")
    dead = await take_one(graveyard)
    await bus.sender(queue).send_messages(ServiceBusMessage(b"".join(dead.body)))
    await graveyard.complete_message(dead)

    assert ["again"] == texts(await take(receiver))
    assert [] == await peek_all(graveyard)


@together
async def test_deferred_message_waits_for_its_number(bus):
    """Defer hides a message from receivers; its sequence number brings it back to be completed."""
    queue = await bus.queue("plain")
    await bus.send(queue, "later")
    receiver = await bus.receiver(queue)
    message = await take_one(receiver)
    await receiver.defer_message(message)
    assert await nothing_comes(receiver)

    (found,) = await receiver.receive_deferred_messages([message.sequence_number])
    await receiver.complete_message(found)

    assert "later" == str(found)
    assert [] == await peek_all(receiver)


@together
async def test_deferred_message_can_be_dead_lettered(bus):
    """A deferred message is settled through the management link, with the same effect."""
    queue = await bus.queue("plain")
    await bus.send(queue, "later")
    receiver = await bus.receiver(queue)
    message = await take_one(receiver)
    await receiver.defer_message(message)
    (found,) = await receiver.receive_deferred_messages([message.sequence_number])
    await receiver.dead_letter_message(found, reason="late")

    dead = await take_one(await bus.receiver(queue, sub_queue="deadletter"))

    assert "late" == dead.dead_letter_reason


@together
async def test_unknown_sequence_number_is_not_found(bus):
    """Asking for a deferred message that does not exist is an error."""
    receiver = await bus.receiver(await bus.queue("plain"))

    with pytest.raises(MessageNotFoundError, match="12345"):
        await receiver.receive_deferred_messages([12345])


@together
async def test_peek_shows_without_taking(bus):
    """Peek shows messages in any state, from any number on, and leaves them."""
    queue = await bus.queue("plain")
    await bus.send(queue, "a", "b", "c")
    receiver = await bus.receiver(queue)
    held = await take_one(receiver)

    from_second = await receiver.peek_messages(10, sequence_number=held.sequence_number + 1)

    assert ["b", "c"] == texts(from_second)
    assert ["a", "b", "c"] == await peek_all(receiver)


@together
async def test_peek_tells_the_state(bus):
    """Active, deferred and scheduled messages are all there to be seen, and told apart."""
    queue = await bus.queue("plain")
    await bus.send(queue, "later", "now")
    receiver = await bus.receiver(queue)
    await receiver.defer_message(await take_one(receiver))
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    sender = bus.sender(queue)
    numbers = await sender.schedule_messages(ServiceBusMessage("in an hour"), in_an_hour)

    seen = await receiver.peek_messages(10, sequence_number=1)

    await sender.cancel_scheduled_messages(numbers)
    assert {
        "later": ServiceBusMessageState.DEFERRED,
        "now": ServiceBusMessageState.ACTIVE,
        "in an hour": ServiceBusMessageState.SCHEDULED,
    } == {str(message): message.state for message in seen}


@together
async def test_messages_can_be_iterated_over(bus):
    """A receiver is an iterator that ends when nothing came for as long as it was told to wait."""
    queue = await bus.queue("plain")
    await bus.send(queue, "a", "b", "c")
    receiver = await bus.receiver(queue, max_wait_time=1)

    if bus.kind == "aio":
        seen = [str(message) async for message in receiver]
    else:
        seen = texts(await asyncio.to_thread(list, receiver.target))

    assert ["a", "b", "c"] == seen


@together
async def test_closing_a_receiver_returns_what_it_prefetched(bus):
    """What a closed receiver had fetched but not handed out comes back uncounted."""
    queue = await bus.queue("plain")
    await bus.send(queue, "a", "b")
    hoarder = await bus.receiver(queue, prefetch_count=10)
    await take_one(hoarder)
    await hoarder.close()

    message = await take_one(await bus.receiver(queue))

    assert ("b", 0) == (str(message), message.delivery_count)
