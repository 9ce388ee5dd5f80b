"""Rejected and dead-lettered messages through the adapter, against the broker."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusMessage, ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusClient

from adapters.service_bus import ServiceBusQueue, to_message
from adapters.settings import Settings
from domain.errors import RefusedError
from domain.messages import MessageBox, QueueMessage, rejected_id, replay_id
from local.servicebus.config import load_config
from local.servicebus.server import Broker, running_broker
from tests.fakes import classic_ref, upgrade_request

QUEUE = "vault-upgrades"
CONFIG = Path(__file__).parents[3] / "local" / "servicebus" / "config.json"


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    """The broker with the queues the app is shipped with."""
    async with running_broker(load_config(CONFIG)) as broker:
        yield broker


@asynccontextmanager
async def connected(broker: Broker) -> AsyncIterator[ServiceBusQueue]:
    """The adapter of one instance of the app."""
    environment = {
        "ServiceBusConnection": broker.connection_string,
        "VAULTLIFT_QUEUE": QUEUE,
        "VAULTLIFT_EVIDENCE": "folder:x",
    }
    queue = ServiceBusQueue(Settings.from_environment(environment))
    yield queue
    await queue.aclose()


@pytest.fixture
async def queue(broker: Broker) -> AsyncIterator[ServiceBusQueue]:
    """The adapter under test."""
    async with connected(broker) as queue:
        yield queue


@pytest.fixture
async def other(broker: Broker) -> AsyncIterator[ServiceBusQueue]:
    """The adapter of another instance."""
    async with connected(broker) as queue:
        yield queue


def refused(number: int, body: bytes = b'{"schemaVersion": 2}') -> QueueMessage:
    """A message the trigger could not use."""
    return QueueMessage(
        body=body,
        message_id=f"m{number}",
        session_id=f"s{number}",
        sequence_number=number,
        delivery_count=1,
    )


async def receive(broker: Broker) -> list[ServiceBusReceivedMessage]:
    """Every message of the next session of the queue."""
    client = ServiceBusClient.from_connection_string(broker.connection_string)
    async with (
        client,
        client.get_queue_receiver(QUEUE, session_id=NEXT_AVAILABLE_SESSION) as receiver,
    ):
        messages = await receiver.receive_messages(max_message_count=10, max_wait_time=2)
        for message in messages:
            await receiver.complete_message(message)
        return messages


async def dead_letter(broker: Broker, *messages: ServiceBusMessage) -> None:
    """Sends messages and dead-letters them, as the queue does after too many deliveries."""
    client = ServiceBusClient.from_connection_string(broker.connection_string)
    async with client, client.get_queue_sender(QUEUE) as sender:
        for message in messages:
            await sender.send_messages(message)
            async with client.get_queue_receiver(QUEUE, session_id=message.session_id) as receiver:
                (received,) = await receiver.receive_messages(max_wait_time=5)
                await receiver.dead_letter_message(
                    received, reason="TooMany", error_description="x"
                )


async def test_a_rejected_message_is_kept_with_its_reason(queue: ServiceBusQueue) -> None:
    """Body, session and id are those of the original."""
    await queue.reject(refused(1), "schemaVersion: is 2")

    (kept,) = await queue.list_kept(MessageBox.REJECTED, 10)
    assert ("InvalidMessage", "schemaVersion: is 2", '{"schemaVersion": 2}', "m1", "s1") == (
        kept.reason,
        kept.description,
        kept.body,
        kept.original_id,
        kept.session_id,
    )
    assert rejected_id(refused(1)) == kept.message_id


async def test_a_message_refused_twice_is_there_once(queue: ServiceBusQueue) -> None:
    """The trigger dies after the copy and before the end of the original, which comes again."""
    await queue.reject(refused(1), "not JSON")
    await queue.reject(refused(1), "not JSON")

    assert 1 == len(await queue.list_kept(MessageBox.REJECTED, 10))


async def test_a_body_that_is_no_text_is_kept_as_it_is(
    queue: ServiceBusQueue, broker: Broker
) -> None:
    """Bytes survive rejection and replay, whatever they are."""
    await queue.reject(refused(1, b"\xff\x00\xfe"), "not JSON")
    await queue.replay(MessageBox.REJECTED, 10)

    (message,) = await receive(broker)
    assert b"\xff\x00\xfe" == b"".join(message.body)


async def test_looking_takes_nothing(queue: ServiceBusQueue) -> None:
    """A second look sees the same."""
    await queue.reject(refused(1), "x")

    assert await queue.list_kept(MessageBox.REJECTED, 10) == await queue.list_kept(
        MessageBox.REJECTED, 10
    )


async def test_a_look_goes_on_where_the_last_ended(queue: ServiceBusQueue) -> None:
    """Pages of a box neither overlap nor leave out."""
    for number in range(5):
        await queue.reject(refused(number), "x")
    first = await queue.list_kept(MessageBox.REJECTED, 3)
    second = await queue.list_kept(MessageBox.REJECTED, 3, first[-1].sequence_number + 1)

    assert ["m0", "m1", "m2", "m3", "m4"] == [one.original_id for one in (*first, *second)]


async def test_an_empty_box_is_empty(queue: ServiceBusQueue) -> None:
    """Nothing was refused, nothing broke."""
    for box in MessageBox:
        assert () == await queue.list_kept(box, 10)
        assert () == await queue.replay(box, 10)


async def test_a_dead_lettered_message_is_shown_with_the_queues_reason(
    queue: ServiceBusQueue, broker: Broker
) -> None:
    """What the queue wrote down, and the message as it was."""
    request = upgrade_request()
    await dead_letter(broker, to_message(request))

    (kept,) = await queue.list_kept(MessageBox.DEAD_LETTER, 10)
    assert ("TooMany", "x", request.vault.key, request.message_id) == (
        kept.reason,
        kept.description,
        kept.session_id,
        kept.original_id,
    )


async def test_a_replay_is_a_new_message_that_names_the_old(
    queue: ServiceBusQueue, broker: Broker
) -> None:
    """Its own id, the same session and body, and the box is empty."""
    request = upgrade_request()
    await dead_letter(broker, to_message(request))
    (done,) = await queue.replay(MessageBox.DEAD_LETTER, 10)

    (message,) = await receive(broker)
    assert (request.message_id, replay_id(request.message_id, done.sequence_number)) == (
        message.correlation_id,
        message.message_id,
    )
    assert json.loads(str(to_message(request))) == json.loads(str(message))
    assert (request.vault.key, ()) == (
        message.session_id,
        await queue.list_kept(MessageBox.DEAD_LETTER, 10),
    )


async def test_one_message_is_replayed_and_the_others_stay(
    queue: ServiceBusQueue, broker: Broker
) -> None:
    """Service Bus gives only the next; those before it are given back."""
    requests = [upgrade_request(classic_ref(f"vault-{one}")) for one in range(4)]
    await dead_letter(broker, *map(to_message, requests))
    kept = await queue.list_kept(MessageBox.DEAD_LETTER, 10)
    (done,) = await queue.replay(MessageBox.DEAD_LETTER, 10, only=kept[2].sequence_number)

    left = await queue.list_kept(MessageBox.DEAD_LETTER, 10)
    assert requests[2].message_id == done.original_id
    assert [requests[at].message_id for at in (0, 1, 3)] == [one.original_id for one in left]


async def test_a_message_that_is_not_there_is_not_replayed(queue: ServiceBusQueue) -> None:
    """Nothing is sent, and nothing is lost."""
    await queue.reject(refused(1), "x")

    assert () == await queue.replay(MessageBox.REJECTED, 10, only=999)
    assert 1 == len(await queue.list_kept(MessageBox.REJECTED, 10))


async def test_no_more_are_replayed_than_asked_for(queue: ServiceBusQueue) -> None:
    """A box of thousands is worked off in portions."""
    for number in range(3):
        await queue.reject(refused(number), "x")

    assert 2 == len(await queue.replay(MessageBox.REJECTED, 2))
    assert 1 == len(await queue.list_kept(MessageBox.REJECTED, 10))


async def test_a_replay_that_fails_again_names_what_it_replayed(
    queue: ServiceBusQueue, broker: Broker
) -> None:
    """From the second refusal a person finds the way back to the first."""
    await queue.reject(refused(1), "x")
    await queue.replay(MessageBox.REJECTED, 1)
    client = ServiceBusClient.from_connection_string(broker.connection_string)
    async with client, client.get_queue_receiver(QUEUE, session_id="s1") as receiver:
        (again,) = await receiver.receive_messages(max_wait_time=5)
        await receiver.dead_letter_message(again, reason="Again")

    (kept,) = await queue.list_kept(MessageBox.DEAD_LETTER, 1)
    assert ("m1", "Again") == (kept.replay_of, kept.reason)


async def refuse_all(broker: Broker, instance: ServiceBusQueue) -> None:
    """Another instance of the app, which can use none of the messages of a session."""
    client = ServiceBusClient.from_connection_string(broker.connection_string)
    async with client, client.get_queue_receiver(QUEUE, session_id="s1") as receiver:
        async for message in receiver:
            number, message_id = message.sequence_number or 0, message.message_id or ""
            again = replace(refused(1), message_id=message_id, sequence_number=number)
            await instance.reject(again, "x")
            await receiver.complete_message(message)


async def test_a_message_refused_again_meanwhile_stays(
    queue: ServiceBusQueue, other: ServiceBusQueue, broker: Broker
) -> None:
    """The whole box is what was in it: one replay sends no message over and over."""
    await queue.reject(refused(1), "x")
    refusing = asyncio.create_task(refuse_all(broker, other))
    done = await queue.replay(MessageBox.REJECTED, 4)
    refusing.cancel()
    with suppress(asyncio.CancelledError):
        await refusing

    (kept,) = await queue.list_kept(MessageBox.REJECTED, 10)
    assert [kept.original_id] == [one.message_id for one in done]


LIMIT = 256 * 1024
"""Bytes of a message in the Standard tier."""


@pytest.mark.parametrize("room", [6_000, 2_000])
async def test_a_copy_of_a_large_message_leaves_out_of_its_reason_what_does_not_fit(
    queue: ServiceBusQueue, room: int
) -> None:
    """The original is kept whole, whatever is said about it."""
    await queue.reject(refused(1, body=bytes(LIMIT - room)), "r" * 4_000)

    (kept,) = await queue.list_kept(MessageBox.REJECTED, 10)
    assert LIMIT - room == len(kept.body)
    assert (4_000 if room > 4_000 else 100) == len(kept.description)


async def test_a_message_that_leaves_no_room_at_all_is_an_error(queue: ServiceBusQueue) -> None:
    """It is delivered again, and the queue dead-letters it in the end."""
    with pytest.raises(RefusedError):
        await queue.reject(refused(1, body=bytes(LIMIT - 100)), "r")
