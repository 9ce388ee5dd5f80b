"""Sends upgrade requests to the Service Bus queue (facts service-bus 2 and 6).

Message ids are derived from the request, so sending a request again is harmless: within its window
the queue drops the copy, and after it the run that exists already is joined.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Protocol

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.servicebus import ServiceBusMessage, ServiceBusMessageBatch
from azure.servicebus.aio import ServiceBusClient, ServiceBusSender
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    MessagingEntityDisabledError,
    MessagingEntityNotFoundError,
    ServiceBusAuthenticationError,
    ServiceBusAuthorizationError,
    ServiceBusQuotaExceededError,
    ServiceBusServerBusyError,
)

from adapters.credentials import make_credential
from adapters.loop_local import LoopLocal
from adapters.redaction import redact
from adapters.service_bus_boxes import (
    look_into,
    open_box,
    rejected_message,
    rejected_queue,
    replay_from,
)
from adapters.settings import Settings
from domain.errors import (
    AccessDeniedError,
    NotFoundError,
    RefusedError,
    ServiceError,
    ThrottledError,
    UnavailableError,
)
from domain.intake_message import message_body
from domain.messages import SHORTEST_REASON, KeptMessage, MessageBox, QueueMessage, Replayed
from domain.requests import UpgradeRequest

TRY_TIMEOUT_S = 30
"""Real seconds per attempt; without it a broker that is gone is waited for without end (2)."""

ENVELOPE_BYTES = 300
"""Kept free in every batch: the SDK repeats the ids of its first message on the batch and does not
count them. Two of at most 128 bytes, and what frames them."""

_SEND_AGAIN = "Sending the same requests again is safe: their message ids are the same."


class _Link:
    """One client and its sender, open until an error or the end of the process.

    Opening and closing a link take about a second each (2), so it is not done per call.
    """

    def __init__(self, settings: Settings) -> None:
        self._credential: AsyncTokenCredential | None = None
        connection = settings.service_bus_connection
        if connection is not None:
            self.client = ServiceBusClient.from_connection_string(
                connection.get_secret_value(), try_timeout=TRY_TIMEOUT_S
            )
        else:
            self._credential = make_credential(settings)
            self.client = ServiceBusClient(
                settings.service_bus_namespace or "", self._credential, try_timeout=TRY_TIMEOUT_S
            )
        self.sender: ServiceBusSender = self.client.get_queue_sender(settings.queue)
        # Opened with its first message, so a queue that is not there hurts only what is sent to it.
        self.rejected: ServiceBusSender = self.client.get_queue_sender(
            rejected_queue(settings.queue)
        )
        # The SDK's senders are not made for tasks that send at the same time.
        self.turn = asyncio.Lock()

    async def aclose(self) -> None:
        await self.sender.close()
        await self.rejected.close()
        await self.client.close()
        if self._credential is not None:
            await self._credential.close()


class ServiceBusQueue:
    """Port UpgradeQueue on azure-servicebus; one open sender per event loop.

    Args:
        settings: Names the queue and how to reach it.
    """

    def __init__(self, settings: Settings) -> None:
        self._queue = settings.queue
        self._links = LoopLocal(lambda: _Link(settings), _Link.aclose)

    async def send(self, requests: Sequence[UpgradeRequest]) -> None:
        """Sends one message per request, in as few transfers as the queue's size limit allows.

        Raises:
            RefusedError: A message is too large, or the queue is full or switched off.
            UnavailableError: Some messages may have been sent; sending all again is safe.
            ServiceError: As the port says.
        """
        messages = [to_message(request) for request in requests]
        if not messages:
            return
        async with self._link() as link, link.turn:
            await send_batches(link.sender, messages)

    async def reject(self, message: QueueMessage, reason: str) -> None:
        """Keeps a copy of a message that can never be used, with the reason.

        Raises:
            RefusedError: The message fills its queue's limit to the last few hundred bytes, so no
                copy that says anything more fits.
            ServiceError: The queue of rejected messages is not there, full or away.
        """
        async with self._link() as link, link.turn:
            try:
                await link.rejected.send_messages(rejected_message(message, reason))
            except MessageSizeExceededError:
                # The copy is larger than the original by what it says about it. Of the two the
                # original is worth more: it can be judged anew.
                short = rejected_message(message, reason[:SHORTEST_REASON])
                await link.rejected.send_messages(short)

    async def list_kept(
        self, box: MessageBox, limit: int, from_sequence: int = 0
    ) -> tuple[KeptMessage, ...]:
        """Looks at the messages of a box, oldest first, without taking any.

        Raises:
            ServiceError: The queue is not there or away.
        """
        async with self._link() as link, open_box(link.client, self._queue, box) as receiver:
            return await look_into(receiver, box, limit, from_sequence)

    async def replay(
        self, box: MessageBox, limit: int, only: int | None = None
    ) -> tuple[Replayed, ...]:
        """Sends messages of a box anew and takes them out of it, the oldest first.

        Raises:
            ServiceError: The queue is not there or away; what was sent is sent once, however often
                this is repeated.
        """
        async with (
            self._link() as link,
            link.turn,
            open_box(link.client, self._queue, box) as receiver,
        ):
            return await replay_from(receiver, link.sender, limit, only)

    @asynccontextmanager
    async def _link(self) -> AsyncIterator[_Link]:
        """The running loop's link; one that failed is closed, for it may stay broken."""
        link = self._links.get()
        try:
            with _translated(self._queue):
                yield link
        except UnavailableError:
            # How the old one closes says nothing that the first error does not.
            with suppress(ServiceError), _translated(self._queue):
                await self._links.discard(link)
            raise

    async def aclose(self) -> None:
        """Closes the running loop's link."""
        await self._links.aclose()


def to_message(request: UpgradeRequest) -> ServiceBusMessage:
    """The queue message of a request; its session is the vault, so one vault is one at a time."""
    return ServiceBusMessage(
        # Names in other scripts stay readable to whoever looks into the queue.
        json.dumps(message_body(request), ensure_ascii=False),
        message_id=request.message_id,
        session_id=request.vault.key,
        content_type="application/json",
        subject="upgrade",
    )


class BatchSender(Protocol):
    """As much of the SDK's sender as batches need."""

    async def create_message_batch(
        self, max_size_in_bytes: int | None = None
    ) -> ServiceBusMessageBatch:
        """An empty batch of the size the queue allows, or of a smaller one."""
        ...

    async def send_messages(self, message: ServiceBusMessageBatch) -> None:
        """Sends a batch."""
        ...


async def send_batches(sender: BatchSender, messages: Sequence[ServiceBusMessage]) -> None:
    """Sends all messages in order, in as few batches as they fit in.

    Raises:
        MessageSizeExceededError: A message does not fit in a batch of its own.
    """
    # What the queue allows is known once the link is open: an empty batch tells it.
    limit = (await sender.create_message_batch()).max_size_in_bytes - ENVELOPE_BYTES
    batch = await sender.create_message_batch(limit)
    for message in messages:
        try:
            batch.add_message(message)
        except MessageSizeExceededError:
            if len(batch) == 0:
                raise
            await sender.send_messages(batch)
            batch = await sender.create_message_batch(limit)
            batch.add_message(message)
    await sender.send_messages(batch)


_DENIED = (
    ClientAuthenticationError,
    ServiceBusAuthenticationError,
    ServiceBusAuthorizationError,
)
_REFUSED = (MessageSizeExceededError, ServiceBusQuotaExceededError, MessagingEntityDisabledError)


@contextmanager
def _translated(queue: str) -> Iterator[None]:
    subject = f"queue {queue}"
    try:
        yield
    except (AzureError, OSError, TimeoutError) as error:
        raise error_of(error, subject) from error


def error_of(error: Exception, subject: str) -> ServiceError:
    """What a failure of the SDK means."""
    message = redact(str(error))
    if isinstance(error, _DENIED):
        return AccessDeniedError(message, subject=subject)
    if isinstance(error, MessagingEntityNotFoundError):
        return NotFoundError(message, subject=subject)
    if isinstance(error, _REFUSED):
        return RefusedError(message, subject=subject)
    if isinstance(error, ServiceBusServerBusyError):
        return ThrottledError(message, subject=subject)
    return UnavailableError(message, subject=subject, what_to_do=_SEND_AGAIN)
