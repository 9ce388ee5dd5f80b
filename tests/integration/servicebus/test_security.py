"""Tokens: who may use which queue."""

import time
from contextlib import AbstractAsyncContextManager

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import ServiceBusAuthenticationError, ServiceBusError

from local.servicebus.config import single_queue
from local.servicebus.server import KEY_NAME, Broker, running_broker
from tests.integration.servicebus.bus import SOON_S
from tests.integration.servicebus.crowd import marks, together

pytestmark = marks("aio")

QUEUE = "guarded"
KEY = "a key of our own"


def guarded_broker() -> AbstractAsyncContextManager[Broker]:
    """A broker that checks tokens."""
    return running_broker(single_queue(QUEUE), key=KEY)


async def send(client: ServiceBusClient) -> None:
    """Sends one message on a client, which is closed after."""
    async with client, client.get_queue_sender(QUEUE) as sender:
        await sender.send_messages(ServiceBusMessage("x"))


def connect(connection_string: str) -> ServiceBusClient:
    """A client that gives up at the first refusal."""
    return ServiceBusClient.from_connection_string(
        connection_string, retry_total=0, try_timeout=SOON_S
    )


@together
async def test_own_connection_string_is_let_in(bus):
    """The connection string that the broker gives out carries its key."""
    bus.skip_unless_local()
    async with guarded_broker() as broker:
        await send(connect(broker.connection_string))

        assert 1 == len(broker.namespace.find(QUEUE).queue.messages)


@together
async def test_other_key_is_refused(bus):
    """A token signed with another key opens nothing."""
    bus.skip_unless_local()
    async with guarded_broker() as broker:
        forged = broker.connection_string.replace(KEY, "another key")

        with pytest.raises(ServiceBusAuthenticationError):
            await send(connect(forged))


@together
async def test_other_key_name_is_refused(bus):
    """The right key under another name opens nothing."""
    bus.skip_unless_local()
    async with guarded_broker() as broker:
        renamed = broker.connection_string.replace(KEY_NAME, "Somebody")

        with pytest.raises(ServiceBusAuthenticationError):
            await send(connect(renamed))


@together
async def test_shared_key_credential_is_let_in(bus):
    """Host name and key credential work like a connection string."""
    bus.skip_unless_local()
    async with guarded_broker() as broker:
        client = ServiceBusClient(
            f"127.0.0.1:{broker.port}",
            AzureNamedKeyCredential(KEY_NAME, KEY),
            use_tls=False,
            try_timeout=SOON_S,
        )
        await send(client)

        assert 1 == len(broker.namespace.find(QUEUE).queue.messages)


class FakeToken:
    token = "header.payload.signature"
    expires_on = int(time.time()) + 3600


class FakeCredential:
    """Gives tokens of the kind a managed identity gets."""

    async def get_token(self, *scopes, **options):
        return FakeToken()

    async def close(self):
        """Nothing to close."""


def connect_by_identity(broker: Broker) -> ServiceBusClient:
    """A client that brings a token of an identity provider."""
    host = f"127.0.0.1:{broker.port}"
    return ServiceBusClient(
        host, FakeCredential(), use_tls=False, retry_total=0, try_timeout=SOON_S
    )


@together
async def test_identity_token_is_let_in_where_nothing_is_checked(bus):
    """Without a key, code that signs in with an identity runs unchanged."""
    bus.skip_unless_local()
    async with running_broker(single_queue(QUEUE)) as open_broker:
        await send(connect_by_identity(open_broker))

        assert 1 == len(open_broker.namespace.find(QUEUE).queue.messages)


@together
async def test_identity_token_is_refused_where_it_cannot_be_checked(bus):
    """With a key, a token of another kind is not taken on trust."""
    bus.skip_unless_local()
    async with guarded_broker() as broker:
        with pytest.raises((ServiceBusAuthenticationError, ServiceBusError)):
            await send(connect_by_identity(broker))

        assert {} == broker.namespace.find(QUEUE).queue.messages
