"""Service Bus triggers: pumps that receive, invoke and settle as the extension does.

The rules are those of service-bus 5:

* Sessions: so many pumps, each holding one session at a time and running its messages in order
  until none came for the idle time.
* No sessions: one receiver, so many invocations at a time.
* Batches (``cardinality`` many): one at a time; no lock renewal.
* Success completes, unless the app settles itself; failure abandons at once, always.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from azure.servicebus.exceptions import ServiceBusError, SessionLockLostError

from .app_settings import AppSettings
from .functions import SERVICE_BUS_TRIGGER, Function
from .invoker import Invoker
from .service_bus_messages import to_metadata, to_value
from .service_bus_options import Entity, ServiceBusOptions, parse_options, to_entity
from .service_bus_source import Receiver, SdkSource, Source

_log = logging.getLogger("Host.Triggers.ServiceBus")

type Pump = Callable[[], Coroutine[Any, Any, None]]

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 5.0
_STOP_CHECK_S = 0.5
"""How long a receive on an entity without sessions waits before it looks whether to stop."""


class ServiceBusTrigger:
    """One function's trigger.

    Args:
        function: The function.
        entity: What it receives from.
        options: How.
        invoker: Runs the function.
        source: Opens receivers.
    """

    def __init__(
        self,
        function: Function,
        entity: Entity,
        options: ServiceBusOptions,
        invoker: Invoker,
        source: Source,
    ) -> None:
        self.source = source
        self._function = function
        self._entity = entity
        self._options = options
        self._invoker = invoker
        self._stop = asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()
        self._is_away = False
        self._pumping: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[Any]] = set()

    def __str__(self) -> str:
        return str(self._entity)

    async def run(self) -> None:
        """Receives until :meth:`stop`."""
        if not self._entity.has_sessions:
            await self._repeat(self._pump_queue, is_interruptible=False)
            return
        # Batches have one loop per host instance, whatever the limit of sessions (service-bus 5).
        pumps = 1 if self._entity.is_batch else self._options.max_concurrent_sessions
        async with asyncio.TaskGroup() as group:
            for _ in range(pumps):
                group.create_task(self._repeat(self._pump_session, is_interruptible=True))

    def stop(self) -> None:
        """Takes no more messages; what runs is finished."""
        self._stop.set()
        # Waiting for a session or its next message can take a minute, and loses nothing if ended.
        for pump in self._pumping - self._busy:
            pump.cancel()

    async def _repeat(self, pump: Pump, *, is_interruptible: bool) -> None:
        """Runs a pump again and again; a broker that is away is tried again, ever more slowly."""
        pause_s = _FIRST_PAUSE_S
        while not self._stop.is_set():
            # A task of its own, so that stopping can end the waiting and leave the work alone.
            task = asyncio.create_task(pump())
            if is_interruptible:
                self._pumping.add(task)
            try:
                await task
                pause_s = _FIRST_PAUSE_S
                self._is_away = False
            # Ours when stopping; anybody else's means that this very task is to end.
            except asyncio.CancelledError:
                if not self._stop.is_set():
                    raise
            except Exception as error:  # noqa: BLE001, a pump outlives whatever one message does
                self._log_failure(error)
                await self._pause(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            finally:
                self._pumping.discard(task)

    def _log_failure(self, error: Exception) -> None:
        # Every pump finds out by itself that the broker is away; one of them says so.
        if not self._is_away:
            # A stack trace helps with a defect of ours; an outage is explained by its message.
            is_expected = isinstance(error, ServiceBusError | OSError)
            stack = None if is_expected else error
            _log.warning("receiving from %s failed: %s", self._entity, error, exc_info=stack)
        self._is_away = True

    async def _pause(self, pause_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._stop.wait()

    async def _pump_session(self) -> None:
        receiver = await self.source.open_session()
        # No session had messages within the try time-out: not an error, just asked again.
        if receiver is None:
            return
        try:
            async with self._locked(receiver, None):
                await self._drain_session(receiver)
        # No outage: the work took longer than its lock, and the broker gives the session anew.
        except SessionLockLostError:
            _log.warning("%s lost a session: its messages will come again", self._entity)
        finally:
            self.source.release(receiver)

    async def _drain_session(self, receiver: Receiver) -> None:
        while not self._stop.is_set():
            messages = await self._receive(receiver, self._options.session_idle_s)
            if not messages:
                return
            await self._handle(receiver, messages)

    async def _pump_queue(self) -> None:
        receiver = await self.source.open_queue()
        limit = 1 if self._entity.is_batch else self._options.max_concurrent_calls
        slots = asyncio.Semaphore(limit)
        try:
            while not self._stop.is_set():
                # Before receiving: a message that waits for a slot in hand may lose its lock.
                await slots.acquire()
                messages = await self._receive(receiver, _STOP_CHECK_S)
                if messages:
                    self._spawn(receiver, messages, slots)
                else:
                    slots.release()
        finally:
            # Settling needs the receiver, so it is kept until the last call has ended.
            await asyncio.gather(*self._calls, return_exceptions=True)
            self.source.release(receiver)

    def _spawn(self, receiver: Receiver, messages: Sequence[Any], slots: asyncio.Semaphore) -> None:
        call = asyncio.create_task(self._handle_locked(receiver, messages))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        # A callback rather than a finally in the call: it runs however the task ends.
        call.add_done_callback(lambda _: slots.release())

    async def _receive(self, receiver: Receiver, wait_s: float) -> Sequence[Any]:
        if not self._entity.is_batch:
            return await receiver.receive_messages(1, max_wait_time=wait_s)
        most, least = self._options.max_batch_size, self._options.min_batch_size
        messages = list(await receiver.receive_messages(most, max_wait_time=wait_s))
        # Counted from the first message: an empty queue may be waited for as long as it likes.
        give_up = time.monotonic() + self._options.max_batch_wait_s
        while messages and len(messages) < least and (rest_s := give_up - time.monotonic()) > 0:
            more = most - len(messages)
            messages += await receiver.receive_messages(more, max_wait_time=rest_s)
        return messages

    async def _handle_locked(self, receiver: Receiver, messages: Sequence[Any]) -> None:
        async with self._locked(receiver, messages[0]):
            await self._handle(receiver, messages)

    def _locked(
        self, receiver: Receiver, message: Any | None
    ) -> contextlib.AbstractAsyncContextManager[None]:
        # The extension does not renew the locks of batches (service-bus 5).
        if self._entity.is_batch:
            return contextlib.nullcontext()
        return self.source.locked(receiver, message)

    async def _handle(self, receiver: Receiver, messages: Sequence[Any]) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._busy.add(task)
        try:
            is_batch = self._entity.is_batch
            result = await self._invoker.invoke(
                self._function,
                to_value(messages, is_batch=is_batch),
                trigger_metadata=to_metadata(messages, is_batch=is_batch),
                reason=f"{len(messages)} message(s) from {self._entity}",
            )
            await self._settle(receiver, messages, is_success=result.failure is None)
        finally:
            if task is not None:
                self._busy.discard(task)

    async def _settle(
        self, receiver: Receiver, messages: Sequence[Any], *, is_success: bool
    ) -> None:
        # Only success is left to the app: failures are always abandoned (service-bus 5).
        if is_success and not self._entity.auto_complete:
            return
        # Abandoned without a pause, as in Azure: the delivery count is the only brake there is.
        settle = receiver.complete_message if is_success else receiver.abandon_message
        for message in messages:
            try:
                await settle(message)
            except (ServiceBusError, ValueError) as error:
                # The lock is gone, so the broker delivers it again: at least once, as in Azure.
                _log.warning("message %s was not settled: %s", message.message_id, error)


class ServiceBusListener:
    """Runs every Service Bus trigger of an app.

    Args:
        functions: The app's functions; those with a Service Bus trigger are used.
        invoker: Runs them.
        section: ``extensions.serviceBus`` of host.json.
        settings: Where connections are looked up.

    Raises:
        AppLoadError: A connection is not set or none, or an option is malformed.
    """

    def __init__(
        self,
        functions: list[Function],
        invoker: Invoker,
        section: Mapping[str, Any],
        settings: AppSettings,
    ) -> None:
        # Read at start, so that a wrong option or a missing connection is told before work begins.
        options = parse_options(section)
        self._triggers: list[ServiceBusTrigger] = []
        for function in functions:
            if function.trigger_type == SERVICE_BUS_TRIGGER:
                entity = to_entity(function, options, settings)
                source = SdkSource(entity, options)
                trigger = ServiceBusTrigger(function, entity, options, invoker, source)
                self._triggers.append(trigger)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Connects and begins to receive."""
        self._tasks = [
            asyncio.create_task(trigger.run(), name=f"receive {trigger}")
            for trigger in self._triggers
        ]

    async def stop(self, timeout_s: float) -> None:
        """Receives no more, waits for running invocations up to ``timeout_s``, disconnects."""
        for trigger in self._triggers:
            trigger.stop()
        if self._tasks:
            _, unfinished = await asyncio.wait(self._tasks, timeout=timeout_s)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        # Last: messages are settled through these connections.
        await asyncio.gather(*(one.source.close() for one in self._triggers))
