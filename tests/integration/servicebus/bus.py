"""The unmodified azure-servicebus client, its blocking and its asyncio half behind one face.

A test awaits every call; for the blocking half the call runs in a thread. So each behaviour is
written once and shown with both.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

import pytest
from azure.servicebus import ServiceBusClient as BlockingClient
from azure.servicebus import ServiceBusMessage, ServiceBusReceivedMessage, ServiceBusReceiveMode
from azure.servicebus.aio import ServiceBusClient as AsyncClient

from tests.integration.servicebus.administration import Admin
from tests.integration.servicebus.queues_under_test import QueuePool

SOON_S = 60.0
"""How long to wait for something that must come. Nothing waits so long but a failure, and a machine
that is busy with other things may be this late."""

QUIET_S = 0.3
"""How long to listen to be sure that nothing comes."""


RENEWALS = 5
"""Of a quarter of a lock each: the last one comes after the first lock would have ended."""


@dataclass(frozen=True)
class Target:
    """What the tests run against."""

    connection_string: str
    pool: QueuePool
    brief_lock_s: float
    renewed_lock_s: float
    admin_url: str | None = None
    used: set[str] = field(default_factory=set)

    @property
    def is_local(self) -> bool:
        """Whether it is a broker of our own."""
        return self.admin_url is not None


class InThread:
    """A blocking handler with awaitable methods."""

    def __init__(self, target: Any) -> None:
        self.target = target

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.target, name)
        if name == "session":
            return InThread(value)
        return partial(asyncio.to_thread, value) if callable(value) else value


class Bus:
    """A client for one test, with the handlers and queues the test asked for, and a folder."""

    def __init__(self, kind: str, target: Target, folder: Path, *, is_patient: bool = True) -> None:
        self.kind = kind
        self.target = target
        self.folder = folder
        # Bounds each attempt; without it a dead broker would hang the test.
        options = {"try_timeout": SOON_S, "retry_backoff_factor": 0.1}
        make = AsyncClient if kind == "aio" else BlockingClient
        address = target.connection_string
        self._impatient = make.from_connection_string(address, **options, retry_total=0)
        self._client = (
            make.from_connection_string(address, **options) if is_patient else self._impatient
        )
        self._handlers: list[Any] = []
        self._senders: dict[str, Any] = {}
        self._queues: list[tuple[str, str]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        handlers = [*self._handlers, *self._senders.values()]
        await asyncio.gather(*(handler.close() for handler in handlers), return_exceptions=True)
        for client in {self._client, self._impatient}:
            await (client.close() if self.kind == "aio" else asyncio.to_thread(client.close))
        for kind, queue in self._queues:
            self.target.pool.give_back(kind, queue)

    @property
    def admin(self) -> Admin:
        """The broker's administration; only our own has it."""
        self.skip_unless_local()
        return Admin(self.target.admin_url)

    def skip_unless_local(self) -> None:
        """Skips the test where the broker is somebody else's."""
        if not self.target.is_local:
            pytest.skip("Only a broker of our own can be killed, looked into or told to fail.")

    async def queue(self, kind: str) -> str:
        """An empty queue of a kind that no other test uses now."""
        queue = await self.target.pool.take(kind)
        self._queues.append((kind, queue))
        if queue in self.target.used or not self.target.is_local:
            await self._drain(queue, has_sessions="session" in kind)
        self.target.used.add(queue)
        return queue

    async def _drain(self, queue: str, *, has_sessions: bool) -> None:
        mode = ServiceBusReceiveMode.RECEIVE_AND_DELETE
        receivers = [await self.receiver(queue, sub_queue="deadletter", receive_mode=mode)]
        if has_sessions:
            ids = await self.list_sessions(queue)
            receivers += [await self.receiver(queue, session_id=i, receive_mode=mode) for i in ids]
        else:
            receivers.append(await self.receiver(queue, receive_mode=mode))
        for receiver in receivers:
            while await receiver.receive_messages(100, max_wait_time=QUIET_S):
                pass
            await receiver.close()

    def sender(self, queue: str) -> Any:
        """The sender of a queue."""
        if queue not in self._senders:
            self._senders[queue] = self._wrap(self._client.get_queue_sender(queue))
        return self._senders[queue]

    async def send(self, queue: str, *bodies: str, **fields: Any) -> None:
        """Sends messages with the same fields, in order."""
        messages = [ServiceBusMessage(body, **fields) for body in bodies]
        await self.sender(queue).send_messages(messages)

    async def receiver(self, queue: str, **options: Any) -> Any:
        """A new receiver, its link open."""
        return await self._open(self._client.get_queue_receiver(queue, **options))

    async def expect_no_receiver(self, queue: str, **options: Any) -> None:
        """Tries to open a receiver once; the caller expects what it raises."""
        await self._open(self._impatient.get_queue_receiver(queue, **options))

    async def list_sessions(self, queue: str, **options: Any) -> list[str]:
        """Every session id the queue lists."""
        found = self._client.list_queue_sessions(queue, **options)
        if self.kind == "aio":
            return [session_id async for session_id in found]
        return await asyncio.to_thread(list, found)

    async def _open(self, handler: Any) -> Any:
        if self.kind == "aio":
            await handler.__aenter__()
        else:
            await asyncio.to_thread(handler.__enter__)
        self._handlers.append(self._wrap(handler))
        return self._handlers[-1]

    def _wrap(self, handler: Any) -> Any:
        return handler if self.kind == "aio" else InThread(handler)


async def take(
    receiver: Any, count: int = 1, within_s: float = SOON_S
) -> list[ServiceBusReceivedMessage]:
    """Exactly ``count`` messages, or fewer when the time is up."""
    found: list[ServiceBusReceivedMessage] = []
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while len(found) < count and (left := deadline - loop.time()) > 0:
        found += await receiver.receive_messages(count - len(found), max_wait_time=left)
    return found


async def take_one(receiver: Any) -> ServiceBusReceivedMessage:
    """The next message, which must come."""
    (message,) = await take(receiver)
    return message


async def nothing_comes(receiver: Any) -> bool:
    """Whether the receiver stays without a message for a while."""
    return not await receiver.receive_messages(1, max_wait_time=QUIET_S)


async def peek_all(receiver: Any) -> list[str]:
    """The bodies of everything in the queue, from the first number on.

    Without a number the client goes on behind the last message it has seen.
    """
    return texts(await receiver.peek_messages(100, sequence_number=1))


def texts(messages: Iterable[ServiceBusReceivedMessage]) -> list[str]:
    """The bodies."""
    return [str(message) for message in messages]
