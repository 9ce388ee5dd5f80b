"""A broker that is killed at any moment has everything when it comes back.

What a store keeps in detail is shown without a process in tests/unit/servicebus/test_restart.py.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.exceptions import ServiceBusError

from tests.integration.servicebus.broker_process import BrokerProcess
from tests.integration.servicebus.bus import Bus, peek_all, take, take_one, texts
from tests.integration.servicebus.crowd import marks, together

pytestmark = marks("aio")

QUEUES = [
    {"Name": "plain", "Properties": {"MaxDeliveryCount": 5}},
    {"Name": "distinct", "Properties": {"RequiresDuplicateDetection": True}},
]


class Durable:
    """Brokers, one after the other on the same database, each killed at the end."""

    def __init__(self, bus: Bus) -> None:
        # Only our own broker can be killed.
        bus.skip_unless_local()
        bus.folder.mkdir()
        config = bus.folder / "config.json"
        namespace = {"Name": "local", "Queues": QUEUES}
        config.write_text(json.dumps({"UserConfig": {"Namespaces": [namespace]}}))
        self._bus = bus
        self._arguments = ("--config", str(config), "--db", str(bus.folder / "broker.sqlite"))

    @asynccontextmanager
    async def run(self, queue: str, **options: Any) -> AsyncIterator[tuple[Any, Any]]:
        """A sender and a receiver of a queue; when they are done with, the broker is killed."""
        async with BrokerProcess(*self._arguments) as broker:
            target = replace(self._bus.target, connection_string=broker.connection_string)
            async with Bus(self._bus.kind, target, self._bus.folder, is_patient=False) as bus:
                yield bus.sender(queue), await bus.receiver(queue, **options)
                # Before anything is closed: no goodbye reaches the broker.
                broker.kill()


@together
async def test_exactly_the_unsettled_messages_survive(bus):
    """What was completed stays gone; what was only sent or only received comes back."""
    durable = Durable(bus)
    async with durable.run("plain") as (sender, receiver):
        for number in range(40):
            await sender.send_messages(ServiceBusMessage(f"m{number}"))
        for message in await take(receiver, 15):
            await receiver.complete_message(message)
        await take(receiver, 5)

    async with durable.run("plain") as (_, receiver):
        received = texts(await take(receiver, 41, within_s=2))

    assert [f"m{number}" for number in range(15, 40)] == received


@together
async def test_nothing_acknowledged_is_lost_in_the_middle_of_a_burst(bus):
    """Killed while messages pour in, the broker keeps every one that it had answered."""
    durable = Durable(bus)
    acknowledged = []
    enough = asyncio.Event()

    async def pour(sender: Any) -> None:
        for number in range(100_000):
            await sender.send_messages(ServiceBusMessage(f"m{number}"))
            acknowledged.append(f"m{number}")
            if len(acknowledged) == 200:
                enough.set()

    async with durable.run("plain") as (sender, _):
        pouring = asyncio.create_task(pour(sender))
        await enough.wait()
    with pytest.raises(ServiceBusError):
        await pouring

    async with durable.run("plain") as (_, receiver):
        received = texts(await take(receiver, len(acknowledged) + 2, within_s=2))

    # The one under way may have been kept without its sender learning of it.
    assert acknowledged == received[: len(acknowledged)]
    assert len(received) - len(acknowledged) in {0, 1}


@together
async def test_duplicates_are_known_after_a_kill(bus):
    """The history of message ids outlives the process, and the message itself."""
    durable = Durable(bus)
    async with durable.run("distinct") as (sender, receiver):
        await sender.send_messages(ServiceBusMessage("first", message_id="m"))
        await receiver.complete_message(await take_one(receiver))

    async with durable.run("distinct") as (sender, receiver):
        await sender.send_messages(ServiceBusMessage("again", message_id="m"))
        waiting = await peek_all(receiver)

    assert [] == waiting
