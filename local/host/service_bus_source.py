"""Opens receivers with the unmodified SDK, and closes them without making anyone wait."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Sequence
from typing import Any, Protocol

from azure.core.credentials_async import AsyncTokenCredential
from azure.servicebus import NEXT_AVAILABLE_SESSION
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import OperationTimeoutError

from .functions import AppLoadError
from .service_bus_locks import kept_locked
from .service_bus_messages import Message
from .service_bus_options import Entity, ServiceBusOptions

_log = logging.getLogger("Host.Triggers.ServiceBus")


class Receiver(Protocol):
    """What the pumps use of the SDK's receiver."""

    async def receive_messages(
        self, max_message_count: int | None = 1, max_wait_time: float | None = None
    ) -> Sequence[Any]:
        """Messages that are there, or that come within the time; none is an empty list."""
        ...

    async def complete_message(self, message: Any) -> None:
        """Done with it."""
        ...

    async def abandon_message(self, message: Any) -> None:
        """Give it back at once."""
        ...


class Source(Protocol):
    """Where a trigger's messages come from."""

    async def open_session(self) -> Receiver | None:
        """A receiver of the next session that has messages; None when none came in time."""
        ...

    async def open_queue(self) -> Receiver:
        """A receiver of an entity without sessions."""
        ...

    def locked(
        self, receiver: Receiver, message: Message | None
    ) -> contextlib.AbstractAsyncContextManager[None]:
        """Keeps a message, or with None the session, locked while the context lasts."""
        ...

    def release(self, receiver: Receiver) -> None:
        """Closes a receiver in the background."""
        ...

    async def close(self) -> None:
        """Closes everything, background closing included."""
        ...


class SdkSource:
    """The real one: azure-servicebus.

    Args:
        entity: What to receive from.
        options: How.

    Raises:
        AppLoadError: The connection string is none.
    """

    def __init__(self, entity: Entity, options: ServiceBusOptions) -> None:
        self._entity = entity
        self._options = options
        self._credential: AsyncTokenCredential | None = None
        self._client = self._connect()
        self._closing: set[asyncio.Task[None]] = set()

    async def open_session(self) -> Receiver | None:
        """A receiver that holds the next available session."""
        receiver = self._receiver(
            session_id=NEXT_AVAILABLE_SESSION, max_wait_time=self._options.try_timeout_s
        )
        try:
            await receiver.__aenter__()
        # How the broker says that no session has messages; the link is of no more use.
        except OperationTimeoutError:
            self.release(receiver)
            return None
        return receiver

    async def open_queue(self) -> Receiver:
        """A receiver on an entity without sessions."""
        receiver = self._receiver()
        await receiver.__aenter__()
        return receiver

    def locked(
        self, receiver: Any, message: Any | None
    ) -> contextlib.AbstractAsyncContextManager[None]:
        """Renews through the receiver, up to ``maxAutoLockRenewalDuration``."""
        longest_s = self._options.max_lock_renewal_s
        # A session has one lock for all of its messages.
        if message is None:
            session = receiver.session
            return kept_locked(
                lambda: session.locked_until_utc, session.renew_lock, longest_s=longest_s
            )
        return kept_locked(
            lambda: message.locked_until_utc,
            lambda: receiver.renew_message_lock(message),
            longest_s=longest_s,
        )

    def release(self, receiver: Any) -> None:
        """Closes in the background.

        The SDK detaches at once, which frees the session, and then waits up to a second for a
        keep-alive loop that only sleeps; a pump that waited along could open few sessions.
        """
        task = asyncio.create_task(receiver.close())
        self._closing.add(task)
        task.add_done_callback(self._closed)

    async def close(self) -> None:
        """Waits for receivers that close, then closes the client."""
        # First: receivers close through the client's connection.
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self._client.close()
        if self._credential is not None:
            await self._credential.close()

    def _closed(self, task: asyncio.Task[None]) -> None:
        self._closing.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.debug("closing a receiver of %s failed", self._entity, exc_info=task.exception())

    def _connect(self) -> ServiceBusClient:
        options: dict[str, Any] = {
            # The pumps open again themselves; retries inside the SDK would only hide what is wrong.
            "retry_total": 0,
            # One for all connections: the SDK would load the certificates anew for each (20 ms).
            "ssl_context": ssl.create_default_context(),
        }
        # A connection string wins where both are set, as in the extension.
        if self._entity.connection_string:
            try:
                return ServiceBusClient.from_connection_string(
                    self._entity.connection_string, **options
                )
            # Without the text itself, which holds a key.
            except ValueError as error:
                raise AppLoadError(
                    f"{self._entity}: its connection is no Service Bus connection string: {error}"
                ) from error
        # Slow to import, and only needed against a real namespace.
        from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415

        self._credential = DefaultAzureCredential()
        return ServiceBusClient(str(self._entity.namespace), self._credential, **options)

    def _receiver(self, **session: Any) -> ServiceBusReceiver:
        # 0 unless host.json says otherwise: prefetched messages age in a buffer, locked.
        options = {"prefetch_count": self._options.prefetch_count, **session}
        if self._entity.queue is not None:
            return self._client.get_queue_receiver(self._entity.queue, **options)
        return self._client.get_subscription_receiver(
            str(self._entity.topic), str(self._entity.subscription), **options
        )
