"""Service Bus pumps, with receivers under control."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from azure.servicebus.exceptions import (
    MessageLockLostError,
    ServiceBusConnectionError,
    SessionLockLostError,
)

from local.host.manual import HandMadeMessage
from local.host.messages import TypedData
from local.host.service_bus import ServiceBusTrigger
from local.host.service_bus_options import Entity, ServiceBusOptions
from tests.unit.host.fakes import Call, FakeInvoker, make_function

OPTIONS = ServiceBusOptions(
    session_idle_s=0.02, max_concurrent_sessions=2, max_concurrent_calls=2, max_batch_wait_s=0.2
)
ENTITY = Entity(
    queue="q",
    topic=None,
    subscription=None,
    has_sessions=True,
    is_batch=False,
    auto_complete=True,
    connection_string="c",
    namespace=None,
)


class Log(list[str]):
    """What was done, in order; can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._grown = asyncio.Event()

    def append(self, entry: str) -> None:
        super().append(entry)
        self._grown.set()

    async def wait_for(self, *wanted: str) -> None:
        """Until all of ``wanted`` are in it."""
        while not set(wanted) <= set(self):
            self._grown.clear()
            await self._grown.wait()


@dataclass
class FakeReceiver:
    """Gives what is in ``waiting``; a message that is abandoned comes back first."""

    waiting: list[HandMadeMessage]
    log: Log
    settling: Exception | None = None
    receiving: list[Exception] = field(default_factory=list)

    async def receive_messages(
        self, max_message_count: int | None = 1, max_wait_time: float | None = None
    ) -> Sequence[Any]:
        await asyncio.sleep(0 if self.waiting else max_wait_time or 0)
        # After the first message: a session is lost while one of its messages is worked on.
        if self.receiving and self.log[-1].startswith("complete"):
            raise self.receiving.pop()
        count = max_message_count or 1
        taken, self.waiting[:] = self.waiting[:count], self.waiting[count:]
        return taken

    async def complete_message(self, message: HandMadeMessage) -> None:
        if self.settling is not None:
            raise self.settling
        self.log.append(f"complete {message.body}")

    async def abandon_message(self, message: HandMadeMessage) -> None:
        self.log.append(f"abandon {message.body}")
        self.waiting.insert(0, replace(message, delivery_count=message.delivery_count + 1))


@dataclass
class FakeSource:
    """Opens one receiver per session, or the only one of a queue."""

    sessions: list[list[str]] = field(default_factory=list)
    queue: list[str] = field(default_factory=list)
    log: Log = field(default_factory=Log)
    failures: list[Exception] = field(default_factory=list)
    settling: Exception | None = None
    receiving: list[Exception] = field(default_factory=list)

    async def open_session(self) -> FakeReceiver | None:
        if self.failures:
            raise self.failures.pop(0)
        if not self.sessions:
            await asyncio.Event().wait()
        return self._receiver(self.sessions.pop(0))

    async def open_queue(self) -> FakeReceiver:
        return self._receiver(self.queue)

    def _receiver(self, bodies: list[str]) -> FakeReceiver:
        self.log.append("open")
        waiting = [HandMadeMessage(body=body) for body in bodies]
        return FakeReceiver(waiting, self.log, self.settling, self.receiving)

    @contextlib.asynccontextmanager
    async def locked(self, receiver: Any, message: Any) -> AsyncIterator[None]:
        self.log.append("lock session" if message is None else f"lock {message.body}")
        yield

    def release(self, receiver: Any) -> None:
        self.log.append("release")

    async def close(self) -> None:
        self.log.append("close")


class Running:
    """A trigger that receives."""

    def __init__(
        self, source: FakeSource, options: ServiceBusOptions = OPTIONS, **entity: Any
    ) -> None:
        self.source = source
        self.invoker = FakeInvoker()
        function = make_function("on_message", "serviceBusTrigger")
        self.trigger = ServiceBusTrigger(
            function, replace(ENTITY, **entity), options, self.invoker, source
        )

    async def until(self, *wanted: str) -> list[str]:
        """The log once it holds all of ``wanted``, after stopping."""
        task = asyncio.create_task(self.trigger.run())
        async with asyncio.timeout(5):
            await self.source.log.wait_for(*wanted)
            self.trigger.stop()
            await task
        return self.source.log

    def bodies(self) -> list[str]:
        """What the function was given."""
        return [call.value.bytes.decode() for call in self.invoker.calls]


async def test_a_session_is_run_in_order_and_released():
    """Messages one after the other, each completed; then the session is given back."""
    running = Running(FakeSource(sessions=[["1", "2"]]))

    log = await running.until("release")

    assert log == ["open", "lock session", "complete 1", "complete 2", "release"]


async def test_so_many_sessions_at_once():
    """Each pump holds one session."""
    running, at_once = Running(FakeSource(sessions=[["a"], ["b"], ["c"]])), []

    async def behave(call: Call) -> TypedData | None:
        at_once.append(call)
        await asyncio.sleep(0.01)
        return None

    running.invoker.behaviour = behave
    await running.until("complete a", "complete b", "complete c")

    assert running.source.log[:4] == ["open", "lock session", "open", "lock session"]


async def test_a_failure_is_abandoned_at_once_and_comes_again():
    """The failed message comes back first, with its deliveries counted."""
    running = Running(FakeSource(sessions=[["1", "2"]]))

    async def behave(call: Call) -> TypedData | None:
        if len(running.invoker.calls) == 1:
            raise ValueError("first time")
        return None

    running.invoker.behaviour = behave
    log = await running.until("complete 2")
    deliveries = [call.metadata["DeliveryCount"].json for call in running.invoker.calls]

    assert log[2:5] == ["abandon 1", "complete 1", "complete 2"]
    assert deliveries == ["1", "2", "1"]


async def test_without_auto_complete_success_settles_nothing():
    """The app settles itself."""
    running = Running(FakeSource(sessions=[["1"]]), auto_complete=False)

    assert await running.until("release") == ["open", "lock session", "release"]


async def test_without_auto_complete_failure_still_abandons():
    """A failure is given back whatever the setting."""
    running = Running(FakeSource(sessions=[["1"]]), auto_complete=False)

    async def behave(_call: Call) -> TypedData | None:
        raise ValueError("no")

    running.invoker.behaviour = behave

    assert "abandon 1" in await running.until("abandon 1")


async def test_a_lost_lock_does_not_stop_the_pump():
    """A message that cannot be settled is left to the broker."""
    source = FakeSource(sessions=[["1", "2"]], settling=MessageLockLostError())
    running = Running(source)

    await running.until("release")

    assert running.bodies() == ["1", "2"]


async def test_a_lost_session_is_no_outage(caplog: pytest.LogCaptureFixture):
    """The next session is opened at once, and nobody reads that the broker is away."""
    source = FakeSource(sessions=[["1", "2"], ["3"]], receiving=[SessionLockLostError()])
    running = Running(source, replace(OPTIONS, max_concurrent_sessions=1))

    async with asyncio.timeout(0.5):
        await running.until("complete 3")

    assert any("q lost a session" in text for text in caplog.messages)
    assert not any("receiving from q failed" in text for text in caplog.messages)


@pytest.mark.parametrize("error", [ServiceBusConnectionError(message="away"), KeyError("bug")])
async def test_a_broker_that_is_away_is_tried_again(error: Exception):
    """Whatever opening raises, the pump goes on after a pause."""
    source = FakeSource(sessions=[["1"]], failures=[error])
    running = Running(source, replace(OPTIONS, max_concurrent_sessions=1))

    log = await running.until("complete 1")

    assert log[-2:] == ["complete 1", "release"]


async def test_an_outage_is_told_once(caplog: pytest.LogCaptureFixture):
    """However many pumps and tries, one warning until receiving works again."""
    failures: list[Exception] = [ServiceBusConnectionError(message="away") for _ in range(4)]
    running = Running(FakeSource(sessions=[["1"]], failures=failures))

    await running.until("complete 1")

    assert len([text for text in caplog.messages if "receiving from q failed" in text]) == 1


async def test_a_queue_keeps_to_its_limit():
    """Without sessions so many calls run side by side, each under its lock."""
    running, at_once, most = Running(FakeSource(queue=list("abcd")), has_sessions=False), 0, 0

    async def behave(_call: Call) -> TypedData | None:
        nonlocal at_once, most
        at_once, most = at_once + 1, max(most, at_once + 1)
        await asyncio.sleep(0.02)
        at_once -= 1
        return None

    running.invoker.behaviour = behave
    log = await running.until("complete d")

    assert most == 2
    assert log[-1] == "release"
    assert {"lock a", "lock d"} <= set(log)


async def test_a_batch_is_one_call_without_lock_renewal():
    """Cardinality many: up to the batch size together, all completed."""
    options = replace(OPTIONS, max_batch_size=3)
    running = Running(FakeSource(sessions=[list("abcd")]), options, is_batch=True)

    log = await running.until("release")
    sizes = [len(call.value.collection_bytes.bytes) for call in running.invoker.calls]

    assert sizes == [3, 1]
    assert log[:2] == ["open", "complete a"]
    assert running.invoker.calls[0].metadata["DeliveryCountArray"].json == "[1, 1, 1]"


async def test_a_failing_batch_is_abandoned_whole():
    """One bad message drags its batch."""
    running = Running(FakeSource(sessions=[["a", "b"]]), is_batch=True)

    async def behave(_call: Call) -> TypedData | None:
        if len(running.invoker.calls) == 1:
            raise ValueError("one of them")
        return None

    running.invoker.behaviour = behave
    log = await running.until("complete b")

    assert log[1:3] == ["abandon a", "abandon b"]


async def test_a_batch_may_wait_for_company():
    """With a smallest size, what came first waits for more, up to a time."""
    source = FakeSource(sessions=[["a"]])
    running = Running(source, replace(OPTIONS, min_batch_size=2), is_batch=True)

    await running.until("complete a")

    assert len(running.invoker.calls) == 1


async def test_stopping_finishes_the_message_in_hand():
    """A running call ends and is settled; the rest of the session stays in the queue."""
    running, began = Running(FakeSource(sessions=[["1", "2"]])), asyncio.Event()

    async def behave(_call: Call) -> TypedData | None:
        began.set()
        await asyncio.sleep(0.02)
        return None

    running.invoker.behaviour = behave
    task = asyncio.create_task(running.trigger.run())
    await began.wait()
    running.trigger.stop()
    await asyncio.wait_for(task, 5)

    assert running.source.log == ["open", "lock session", "complete 1", "release"]


async def test_stopping_does_not_wait_for_a_session_to_come():
    """Pumps that wait for a session end at once."""
    running = Running(FakeSource())
    task = asyncio.create_task(running.trigger.run())
    await asyncio.sleep(0.01)
    running.trigger.stop()

    await asyncio.wait_for(task, 1)
