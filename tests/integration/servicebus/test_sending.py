"""What can be sent, and what comes out at the other end."""

from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.amqp import AmqpAnnotatedMessage, AmqpMessageBodyType
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    MessagingEntityNotFoundError,
    ServiceBusError,
)

from tests.integration.servicebus.bus import peek_all, take, take_one, texts
from tests.integration.servicebus.crowd import MARKS, together

pytestmark = MARKS


@together
async def test_message_comes_out_as_it_went_in(bus):
    """Every property a sender can set reaches the receiver."""
    queue = await bus.queue("plain")
    fields = {
        "message_id": "m-1",
        "correlation_id": "c-1",
        "content_type": "application/json",
        "subject": "upgrade",
        "to": "there",
        "reply_to": "here",
        "reply_to_session_id": "s-1",
        "partition_key": "p-1",
        "application_properties": {"attempt": 3, "vault": "ü", "dry": True},
    }
    await bus.sender(queue).send_messages(ServiceBusMessage("body", **fields))

    message = await take_one(await bus.receiver(queue))

    properties = message.application_properties
    seen = {name: getattr(message, name) for name in fields if name != "application_properties"}
    seen["application_properties"] = {key.decode(): value for key, value in properties.items()}
    seen["application_properties"]["vault"] = seen["application_properties"]["vault"].decode()
    assert fields == seen


@together
async def test_broker_stamps_number_and_time(bus):
    """A received message has a sequence number and the time it was enqueued."""
    queue = await bus.queue("plain")
    await bus.send(queue, "a", "b")

    first, second = await take(await bus.receiver(queue), 2)

    assert 1 == second.sequence_number - first.sequence_number
    assert timedelta(seconds=60) > abs(datetime.now(UTC) - first.enqueued_time_utc)


@together
async def test_message_without_id_gets_one(bus):
    """The service stamps a message id where the sender set none."""
    queue = await bus.queue("plain")
    bare = AmqpAnnotatedMessage(data_body=[b"bare"])
    await bus.sender(queue).send_messages(bare)

    message = await take_one(await bus.receiver(queue))

    assert message.message_id


@together
async def test_batch_arrives_in_order(bus):
    """A batch is one transfer and many messages."""
    queue = await bus.queue("plain")
    sender = bus.sender(queue)
    batch = await sender.create_message_batch()
    bodies = [f"m{i}" for i in range(20)]
    for body in bodies:
        batch.add_message(ServiceBusMessage(body))
    await sender.send_messages(batch)

    assert bodies == texts(await take(await bus.receiver(queue), 20))


@together
async def test_large_message_crosses_many_frames(bus):
    """A message close to the limit of 256 KB arrives whole."""
    queue = await bus.queue("plain")
    body = "0123456789" * 25_000
    await bus.send(queue, body)

    assert body == str(await take_one(await bus.receiver(queue)))


@together
async def test_oversized_message_is_refused(bus):
    """More than the link takes is refused before anything is kept."""
    queue = await bus.queue("plain")

    with pytest.raises(MessageSizeExceededError):
        await bus.send(queue, "x" * 300_000)


BODIES = {
    AmqpMessageBodyType.DATA: ("data_body", [b"one", b"two"]),
    AmqpMessageBodyType.VALUE: ("value_body", {b"vault": 1}),
    AmqpMessageBodyType.SEQUENCE: ("sequence_body", [[1, 2], [b"three"]]),
}


@together
async def test_every_body_type_passes_through(bus):
    """Data, value and sequence bodies arrive with their type."""
    queue = await bus.queue("plain")
    for name, body in BODIES.values():
        await bus.sender(queue).send_messages(AmqpAnnotatedMessage(**{name: body}))

    received = await take(await bus.receiver(queue), 3)

    seen = [
        (m.body_type, m.body if m.body_type is AmqpMessageBodyType.VALUE else list(m.body))
        for m in received
    ]
    assert [(kind, body) for kind, (_name, body) in BODIES.items()] == seen


@together
async def test_unknown_queue_is_an_error(bus):
    """Sending to a queue that does not exist fails with its name."""
    with pytest.raises(MessagingEntityNotFoundError, match="no-such-queue"):
        await bus.send("no-such-queue", "lost")


@together
async def test_session_queue_wants_a_session_id(bus):
    """A message without session id is refused by a queue that requires sessions."""
    queue = await bus.queue("session")

    with pytest.raises(ServiceBusError, match=r"(?i)session"):
        await bus.send(queue, "stray")


@together
async def test_batch_with_one_bad_message_is_refused_whole(bus):
    """All messages of a batch are kept, or none."""
    queue = await bus.queue("session")
    sender = bus.sender(queue)
    batch = await sender.create_message_batch()
    batch.add_message(ServiceBusMessage("good", session_id="s"))
    batch.add_message(ServiceBusMessage("bad"))

    with pytest.raises(ServiceBusError):
        await sender.send_messages(batch)

    assert [] == await peek_all(await bus.receiver(queue, session_id="s"))


@together
async def test_dead_letter_queue_takes_no_messages(bus):
    """Only the broker puts messages into a dead-letter queue."""
    queue = await bus.queue("plain")

    with pytest.raises(ServiceBusError):
        await bus.send(f"{queue}/$DeadLetterQueue", "smuggled")
