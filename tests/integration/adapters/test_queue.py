"""The queue adapter against the broker, with the unmodified SDK on both sides."""

import gc
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusClient

from adapters.service_bus import ServiceBusQueue
from adapters.settings import Settings
from domain.errors import NotFoundError, ServiceError
from domain.intake_message import message_body
from local.servicebus.config import single_queue
from local.servicebus.server import Broker, running_broker
from tests.fakes import classic_ref, upgrade_request

QUEUE = "vault-upgrades"


def _settings(connection: str, queue: str = QUEUE) -> Settings:
    return Settings.from_environment(
        {
            "ServiceBusConnection": connection,
            "VAULTLIFT_QUEUE": queue,
            "VAULTLIFT_EVIDENCE": "folder:x",
        }
    )


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    """A broker with the one queue, with sessions and duplicate detection."""
    config = single_queue(QUEUE, RequiresSession=True, RequiresDuplicateDetection=True)
    async with running_broker(config) as broker:
        yield broker


async def _receive(broker: Broker) -> list[ServiceBusReceivedMessage]:
    """Every message of the next session."""
    client = ServiceBusClient.from_connection_string(broker.connection_string)
    async with (
        client,
        client.get_queue_receiver(QUEUE, session_id=NEXT_AVAILABLE_SESSION) as receiver,
    ):
        messages = await receiver.receive_messages(max_message_count=10, max_wait_time=2)
        for message in messages:
            await receiver.complete_message(message)
        return messages


async def test_a_request_arrives_as_its_message(broker: Broker) -> None:
    """Body, message id and session are the request's own, and a copy is dropped."""
    queue = ServiceBusQueue(_settings(broker.connection_string))
    request = upgrade_request(classic_ref("vault-clean"))
    for _ in range(2):
        await queue.send([request])
    await queue.aclose()

    (message,) = await _receive(broker)

    assert message_body(request) == json.loads(str(message))
    assert (request.message_id, request.vault.key) == (message.message_id, message.session_id)


async def test_many_requests_go_out_together(broker: Broker) -> None:
    """Three hundred vaults in one call, each a session of its own."""
    queue = ServiceBusQueue(_settings(broker.connection_string))

    await queue.send([upgrade_request(classic_ref(f"vault-{n}")) for n in range(300)])
    await queue.aclose()

    client = ServiceBusClient.from_connection_string(broker.connection_string)
    async with (
        client,
        client.get_queue_receiver(QUEUE, session_id=classic_ref("vault-299").key) as r,
    ):
        (message,) = await r.receive_messages(max_wait_time=2)
    assert "vault-299" == json.loads(str(message))["vaultName"]


async def test_sending_nothing_connects_to_nothing() -> None:
    """An empty list needs no broker."""
    nowhere = "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=k;SharedAccessKey=k"
    queue = ServiceBusQueue(_settings(f"{nowhere};UseDevelopmentEmulator=true"))

    await queue.send([])


async def test_a_missing_queue_is_not_found(broker: Broker) -> None:
    """A wrong queue name is told from a broker that is down."""
    queue = ServiceBusQueue(_settings(broker.connection_string, queue="elsewhere"))

    with pytest.raises((NotFoundError, ServiceError), match="elsewhere"):
        await queue.send([upgrade_request()])


# azure-servicebus 7.15 forgets the socket of a connection that the other side broke.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_a_broken_link_is_replaced(tmp_path: Path) -> None:
    """After the broker was away the next send goes through."""
    config = single_queue(QUEUE, RequiresSession=True)
    store = tmp_path / "broker.db"
    async with running_broker(config, store) as first:
        queue = ServiceBusQueue(_settings(first.connection_string))
        await queue.send([upgrade_request(classic_ref("vault-1"))])
        port = first.port
    async with running_broker(config, store, port=port) as second:
        await queue.send([upgrade_request(classic_ref("vault-2"))])
        await queue.aclose()
        names = {json.loads(str((await _receive(second))[0]))["vaultName"] for _ in range(2)}
    gc.collect()  # Here, where the warning is expected, not in whichever test comes next.

    assert {"vault-1", "vault-2"} == names
