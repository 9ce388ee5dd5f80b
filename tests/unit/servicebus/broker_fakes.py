"""A clock that only moves when told to, receivers that only remember, and queues built on both."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

from local.servicebus.config import single_queue
from local.servicebus.errors import BrokerError
from local.servicebus.messages import (
    ANNOTATIONS,
    DATA,
    HEADER,
    PROPERTIES,
    Message,
)
from local.servicebus.namespace import Entity, Namespace
from local.servicebus.parsing import parse_message
from local.servicebus.queues import DEAD_LETTER_SUFFIX
from local.servicebus.store import MemoryStore, Store
from local.servicebus.values import Symbol, Timestamp, UInt, encode_section

QUEUE = "orders"
START_MS = 1_800_000_000_000
MINUTE_MS = 60_000


@dataclass(eq=False)
class FakeTimer:
    action: Callable[[], None]
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


class FakeTimeline:
    """Stands still until it is advanced; then everything due happens in order, each in its time."""

    def __init__(self) -> None:
        self._now_ms = START_MS
        self._due: list[tuple[int, int, FakeTimer]] = []
        self._order = count()

    def now_ms(self) -> int:
        return self._now_ms

    def call_at(self, when_ms: int, action: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(action)
        heapq.heappush(self._due, (when_ms, next(self._order), timer))
        return timer

    def advance(self, duration_ms: int) -> None:
        end_ms = self._now_ms + duration_ms
        while self._due and self._due[0][0] <= end_ms:
            when_ms, _, timer = heapq.heappop(self._due)
            self._now_ms = max(self._now_ms, when_ms)
            if not timer.is_cancelled:
                timer.action()
        self._now_ms = end_ms

    def stall(self, duration_ms: int) -> None:
        """Time passes, but the process is too busy for anything that is due."""
        self._now_ms += duration_ms

    def count_waiting(self) -> int:
        """How many timers would still do something."""
        return sum(not timer.is_cancelled for _, _, timer in self._due)


@dataclass(eq=False)
class FakeConsumer:
    """A receiver with credit; keeps what it gets."""

    credit: int = 1000
    is_destructive: bool = False
    received: list[Message] = field(default_factory=list)
    tokens: list[UUID] = field(default_factory=list)
    session_id: str | None = None
    until_ms: int = 0
    lost: list[BrokerError] = field(default_factory=list)

    def can_take(self) -> bool:
        return self.credit > 0

    def deliver(self, message: Message, lock_token: UUID) -> None:
        self.credit -= 1
        self.received.append(message)
        self.tokens.append(lock_token)

    def session_granted(self, session_id: str, until_ms: int) -> None:
        self.session_id, self.until_ms = session_id, until_ms

    def session_lost(self, error: BrokerError) -> None:
        self.lost.append(error)

    @property
    def names(self) -> list[object]:
        return [message.message_id for message in self.received]


@dataclass(eq=False)
class Bench:
    """One queue with its clock, ready to be used."""

    timeline: FakeTimeline
    namespace: Namespace

    @property
    def entity(self) -> Entity:
        return self.namespace.find(QUEUE)

    @property
    def dead(self) -> Entity:
        return self.namespace.find(QUEUE + DEAD_LETTER_SUFFIX)

    def send(self, *names: str, **fields: object) -> list[int]:
        return self.entity.queue.send([make_message(name, **fields) for name in names])

    def receive(self, credit: int = 1000) -> FakeConsumer:
        """A receiver that has taken what was ready, from the queue itself."""
        return self._attach(self.entity, credit)

    def receive_dead(self) -> FakeConsumer:
        """A receiver that has taken one dead letter."""
        return self._attach(self.dead, 1)

    def hold(self, session_id: str, credit: int = 1000) -> FakeConsumer:
        """A receiver that holds a session and has taken what was ready in it."""
        consumer = FakeConsumer(credit)
        self.entity.sessions.accept(consumer, session_id)
        self.entity.sessions.pump(session_id)
        return consumer

    @staticmethod
    def _attach(entity: Entity, credit: int) -> FakeConsumer:
        consumer = FakeConsumer(credit)
        entity.consumers.attach(consumer)
        entity.consumers.pump()
        return consumer


def make_bench(store: Store | None = None, **properties: object) -> Bench:
    """A queue with these properties, by Azure's names."""
    timeline = FakeTimeline()
    config = single_queue(QUEUE, **properties)
    return Bench(timeline, Namespace(config, timeline, store or MemoryStore()))


def encode_message(
    name: str | None = None,
    *,
    session_id: str | None = None,
    ttl_ms: int | None = None,
    scheduled_ms: int | None = None,
    body: bytes = b"body",
) -> bytes:
    """An encoded message, as a client sends it."""
    raw = b""
    if ttl_ms is not None:
        raw += encode_section(HEADER, [True, None, UInt(ttl_ms)])
    if scheduled_ms is not None:
        due = {Symbol("x-opt-scheduled-enqueue-time"): Timestamp(scheduled_ms)}
        raw += encode_section(ANNOTATIONS, due)
    raw += encode_section(PROPERTIES, [name, *[None] * 9, session_id])
    return raw + encode_section(DATA, body)


def make_message(name: str | None = None, **fields: object) -> Message:
    """A message as the broker reads it."""
    return parse_message(encode_message(name, **fields))
