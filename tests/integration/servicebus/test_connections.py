"""What becomes of links and messages when tokens end and receivers die."""

import asyncio
import sys
import time
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.servicebus import ServiceBusMessage
from azure.servicebus._pyamqp.utils import generate_sas_token
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import SessionLockLostError

from local.servicebus.config import single_queue
from local.servicebus.server import KEY_NAME, running_broker
from tests.integration.servicebus.broker_process import ROOT
from tests.integration.servicebus.bus import SOON_S, take, take_one, texts
from tests.integration.servicebus.crowd import marks, together

pytestmark = marks("aio")

QUEUE = "guarded"
KEY = "a key of our own"
TOKEN_S = 6
"""Long enough to be used in time on a busy machine, short enough to be outlived."""


class BriefTokens:
    """Signs tokens for the whole namespace that soon end; counts them."""

    def __init__(self) -> None:
        self.given = 0

    async def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """A token of :data:`TOKEN_S`."""
        self.given += 1
        until = int(time.time()) + TOKEN_S
        return AccessToken(generate_sas_token("sb://local/", KEY_NAME, KEY, until), until)

    async def close(self) -> None:
        """Nothing to close."""


@together
async def test_client_outlives_its_tokens(bus):
    """A link that ends with its token is opened again with the next, and nothing is lost."""
    bus.skip_unless_local()
    tokens = BriefTokens()
    async with running_broker(single_queue(QUEUE), key=KEY) as broker:
        client = ServiceBusClient(
            f"127.0.0.1:{broker.port}", tokens, use_tls=False, try_timeout=SOON_S
        )
        async with client, client.get_queue_sender(QUEUE) as sender:
            await sender.send_messages(ServiceBusMessage("before"))
            await asyncio.sleep(TOKEN_S + 0.5)
            await sender.send_messages(ServiceBusMessage("after"))

        # Twice where a link ended with the answer on its way: the client then sends again.
        assert 2 <= len(broker.namespace.find(QUEUE).queue.messages)
    assert tokens.given > 1


@together
async def test_what_was_fetched_ahead_counts_when_the_session_is_lost(bus):
    """The buffer of a receiver that sleeps through its lock is worth nothing; all come again."""
    queue = await bus.queue("brief-session")
    await bus.send(queue, "a", "b", "c", session_id="s")
    hoarder = await bus.receiver(queue, session_id="s", prefetch_count=10)
    message = await take_one(hoarder)
    await asyncio.sleep(bus.target.brief_lock_s + 0.3)

    with pytest.raises(SessionLockLostError):
        await hoarder.complete_message(message)

    again = await take(await bus.receiver(queue, session_id="s"), 3)
    assert ["a", "b", "c"] == texts(again)
    assert [1, 1, 1] == [one.delivery_count for one in again]


RECEIVE_AND_HANG = """
import sys, time
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusClient
client = ServiceBusClient.from_connection_string(sys.argv[1])
receiver = client.get_queue_receiver(
    sys.argv[2], session_id=NEXT_AVAILABLE_SESSION, max_wait_time=30
)
with client, receiver:
    (message,) = receiver.receive_messages(1, max_wait_time=30)
    print(message.delivery_count, flush=True)
    time.sleep(600)
"""


@together
async def test_message_that_kills_its_receivers_is_buried(bus):
    """Killed outright, a receiver says no goodbye: each death counts, the last one dead-letters."""
    bus.skip_unless_local()
    queue = await bus.queue("session")
    await bus.send(queue, "poison", session_id="s")
    seen = []
    for _ in range(3):
        receiver = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", RECEIVE_AND_HANG, bus.target.connection_string, queue),
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        seen.append(int(await receiver.stdout.readline()))
        receiver.kill()
        await receiver.wait()

    dead = await take_one(await bus.receiver(queue, sub_queue="deadletter"))

    assert [0, 1, 2] == seen
    assert ("poison", "MaxDeliveryCountExceeded") == (str(dead), dead.dead_letter_reason)
