"""Service Bus triggers against the local broker, with the unmodified SDK on both sides."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from local.servicebus.config import BrokerConfig, parse_config
from local.servicebus.server import Broker, running_broker
from tests.integration.host.running import RunningHost

pytestmark = pytest.mark.asyncio(loop_scope="module")


def make_config() -> BrokerConfig:
    """The queues the app listens to."""
    queues = [
        {"Name": "ordered", "Properties": {"RequiresSession": True, "LockDuration": "PT10S"}},
        {"Name": "plain", "Properties": {}},
        {"Name": "batches", "Properties": {}},
        {"Name": "poison", "Properties": {"MaxDeliveryCount": 3}},
        {"Name": "kept", "Properties": {"LockDuration": "PT2S", "MaxDeliveryCount": 2}},
        {"Name": "mixed", "Properties": {"RequiresSession": True, "MaxDeliveryCount": 5}},
        {"Name": "brief", "Properties": {"RequiresSession": True, "LockDuration": "PT2S"}},
    ]
    namespaces = [{"Name": "sbemulatorns", "Queues": queues}]
    return parse_config({"UserConfig": {"Namespaces": namespaces}})


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="broker")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Broker]:
    """A broker for all tests."""
    async with running_broker(make_config()) as broker:
        yield broker


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="host")
async def listening(
    broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningHost]:
    """The app, listening to the broker."""
    settings = {"Bus": broker.connection_string, "ORDERED_QUEUE": "ordered"}
    folder = tmp_path_factory.mktemp("queues")
    host = await asyncio.to_thread(
        RunningHost, "queues", folder, "--engine", "memory", settings=settings
    )
    yield host
    await asyncio.to_thread(host.__exit__, None, None, None)


async def send(broker: Broker, queue: str, *messages: ServiceBusMessage) -> None:
    """Sends in one batch."""
    async with (
        ServiceBusClient.from_connection_string(broker.connection_string) as client,
        client.get_queue_sender(queue) as sender,
    ):
        await sender.send_messages(list(messages))


async def wait(host: RunningHost, count: int, prefix: str) -> list[str]:
    """What the app logged behind ``prefix``, once there are ``count`` lines of it."""
    lines = await asyncio.to_thread(host.wait_logged, count, message=f"{prefix} ", category=".User")
    return [line["message"].removeprefix(f"{prefix} ") for line in lines]


async def test_sessions_run_in_order(broker: Broker, host: RunningHost):
    """Messages of each session arrive one after the other, as sent."""
    messages = [
        ServiceBusMessage(f"{number}", session_id=f"vault-{session}")
        for number in range(5)
        for session in range(3)
    ]
    await send(broker, "ordered", *messages)

    seen: list[dict[str, Any]] = [json.loads(text) for text in await wait(host, 15, "ordered")]
    by_session = {
        session: [one["body"] for one in seen if one["session"] == session]
        for session in ("vault-0", "vault-1", "vault-2")
    }

    assert list(by_session.values()) == [["0", "1", "2", "3", "4"]] * 3


async def test_metadata_is_as_in_azure(broker: Broker, host: RunningHost):
    """Ids, properties and times arrive; deliveries are counted from 1."""
    message = ServiceBusMessage(
        "known",
        session_id="vault-known",
        message_id="id-1",
        correlation_id="cause",
        application_properties={"attempt": 3, "by": "test"},
    )
    await send(broker, "ordered", message)

    lines = await asyncio.to_thread(host.wait_logged, message='"body": "known"')
    seen = json.loads(lines[0]["message"].removeprefix("ordered "))

    assert (seen["id"], seen["correlation"], seen["delivery"]) == ("id-1", "cause", 1)
    assert seen["properties"] == {"attempt": 3, "by": "test"}
    assert seen["enqueued"].startswith("20")


async def test_without_sessions_calls_run_side_by_side(broker: Broker, host: RunningHost):
    """As many messages run at once as allowed, and not more."""
    await send(broker, "plain", *(ServiceBusMessage("x") for _ in range(12)))

    at_once = [int(text) for text in await wait(host, 12, "plain")]

    assert max(at_once) == 4


async def test_batches_hold_many(broker: Broker, host: RunningHost):
    """Cardinality many gets up to the batch size at once, and each message once."""
    await send(broker, "batches", *(ServiceBusMessage(str(number)) for number in range(20)))

    await asyncio.to_thread(host.wait_logged, message='"19"')
    sizes = [len(json.loads(text)) for text in await wait(host, 1, "batch")]

    assert (sum(sizes), max(sizes)) == (20, 8)


async def test_a_poison_message_is_buried_after_its_deliveries(broker: Broker, host: RunningHost):
    """A failing message comes back at once until its deliveries are spent, then is buried."""
    await send(broker, "poison", ServiceBusMessage("bad"))

    buried = await wait(host, 1, "buried")
    failures = host.logged(level="error", function="poison")

    assert buried == ["bad MaxDeliveryCountExceeded"]
    assert [line["message"].rsplit(" ", 1)[1] for line in failures] == ["1", "2", "3"]


async def test_poison_in_a_session_holds_up_nobody(broker: Broker, host: RunningHost):
    """Every other session is done while it fails; after five deliveries its own goes on, too."""
    others = [ServiceBusMessage(f"good-{one}", session_id=f"vault-{one}") for one in range(12)]
    ill = [ServiceBusMessage(body, session_id="ill") for body in ("poison", "behind")]
    await send(broker, "mixed", *ill, *others)

    seen = await wait(host, 5 + 1 + 12, "mixed")
    ran = [text.split()[0] for text in seen]
    assert ["1", "2", "3", "4", "5"] == [one.split()[1] for one in seen if "poison" in one]
    assert {"behind"} | {f"good-{one}" for one in range(12)} == set(ran) - {"poison"}
    assert len(ran) == 18

    dead = broker.namespace.find("mixed/$DeadLetterQueue").queue.messages.values()
    assert ["ill"] == [message.session_id for message in dead]
    assert [True] == [b"MaxDeliveryCountExceeded" in message.rest for message in dead]


async def test_a_session_lost_in_the_middle_is_taken_up_again(broker: Broker, host: RunningHost):
    """What ran too long runs again, counted; the host says why, and others are not held up."""
    broker.faults.add([{"operation": "renew-session-lock", "entity": "brief", "count": 100}])
    sleepy = ServiceBusMessage("sleepy", session_id="a")
    await send(broker, "brief", sleepy, ServiceBusMessage("quick", session_id="b"))

    seen = await wait(host, 3, "brief")
    broker.faults.clear()

    assert sorted(["sleepy 1", "sleepy 2", "quick 1"]) == sorted(seen)
    assert await asyncio.to_thread(host.wait_logged, message="brief lost a session")


async def test_without_auto_complete_a_message_comes_again(broker: Broker, host: RunningHost):
    """A message the host must not settle is delivered again when its lock ends."""
    await send(broker, "kept", ServiceBusMessage("x"))

    assert (await wait(host, 2, "kept"))[:2] == ["1", "2"]


async def test_messages_can_be_made_by_hand(host: RunningHost):
    """The admin API runs a Service Bus function with a body of its own."""
    async with (
        aiohttp.ClientSession(host.url) as http,
        http.post("/admin/functions/batches", json={"input": "by hand"}) as answer,
    ):
        status = answer.status

    assert status == 202
    assert await asyncio.to_thread(host.wait_logged, message='batch ["by hand"]')


async def test_a_host_waits_for_its_broker(tmp_path: Path):
    """A host that starts before its broker receives as soon as the broker is there."""
    async with running_broker(make_config()) as first:
        port, connection = first.port, first.connection_string
    settings = {"Bus": connection, "ORDERED_QUEUE": "ordered"}
    host = await asyncio.to_thread(
        RunningHost, "queues", tmp_path, "--engine", "memory", settings=settings
    )
    await asyncio.to_thread(host.wait_logged, message="receiving from plain failed")
    async with running_broker(make_config(), port=port) as broker:
        await send(broker, "plain", ServiceBusMessage("late"))
        seen = await wait(host, 1, "plain")
        await asyncio.to_thread(host.__exit__, None, None, None)

    assert seen == ["1"]
