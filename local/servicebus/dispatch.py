"""Who gets the next message: what a queue asks of its dispatcher, and the plain dispatcher.

A queue without sessions lets its receivers compete; with sessions
(:mod:`local.servicebus.sessions`) a message goes to whoever holds its session.
"""

import heapq
from collections import deque
from typing import Protocol
from uuid import UUID

from local.servicebus.errors import message_lock_lost
from local.servicebus.messages import Lock, Message
from local.servicebus.timeline import Timeline


class Consumer(Protocol):
    """A receiver as the queue sees it."""

    @property
    def is_destructive(self) -> bool:
        """Receive-and-delete: what is handed over is gone from the queue."""
        ...

    def can_take(self) -> bool:
        """Whether it has credit for one more message."""
        ...

    def deliver(self, message: Message, lock_token: UUID) -> None:
        """Takes a message; the token settles it later."""
        ...


class Dispatcher(Protocol):
    """Decides which receiver gets which message, and how long it may keep it."""

    def serve(self, queue: "HandOver") -> None:
        """Starts working for a queue; called once, by that queue."""
        ...

    def offer(self, message: Message) -> None:
        """A message is ready for a receiver."""
        ...

    def lock(self, message: Message) -> Lock:
        """Locks a message for whoever receives it now.

        Raises:
            BrokerError: The message's session is not held.
        """
        ...

    def check_lock(self, message: Message, lock: Lock) -> None:
        """Makes sure that a lock still holds.

        Raises:
            BrokerError: It has expired.
        """
        ...

    def unlock(self, message: Message, lock: Lock) -> None:
        """The lock is given up."""
        ...

    def renew(self, lock: Lock) -> int:
        """Extends a lock; gives its new expiry in milliseconds.

        Raises:
            BrokerError: Locks of this queue are not renewed one by one.
        """
        ...


class HandOver(Protocol):
    """What a dispatcher asks of its queue."""

    def hand_over(self, message: Message, consumer: Consumer) -> None:
        """Gives a message to a receiver: locked, or for good."""
        ...

    def give_back(self, message: Message, lock: Lock, *, counts: bool) -> None:
        """Takes a locked message back from a receiver.

        Args:
            message: The message.
            lock: The lock it was held with; nothing happens if it has another one or none.
            counts: Whether this counts as one more delivery.
        """
        ...


class ReadyList:
    """Ready messages by sequence number; entries that are not ready any more are skipped."""

    def __init__(self) -> None:
        # A heap and not a deque: what is given back goes in front of what came after it.
        self._heap: list[tuple[int, int, Message]] = []

    def push(self, message: Message) -> None:
        """Adds a message; one that was given back returns to its old place."""
        # The id breaks ties between a message and its stale entry: messages have no order.
        heapq.heappush(self._heap, (message.sequence_number, id(message), message))

    def peek(self) -> Message | None:
        """The first ready message, which stays."""
        heap = self._heap
        while heap and not heap[0][2].is_ready:
            heapq.heappop(heap)
        return heap[0][2] if heap else None

    def pop(self) -> Message | None:
        """The first ready message, taken off."""
        message = self.peek()
        if message is not None:
            heapq.heappop(self._heap)
        return message


class CompetingConsumers:
    """Receivers take turns; each delivery has its own lock."""

    _queue: HandOver

    def __init__(self, timeline: Timeline, lock_duration_ms: int) -> None:
        self._timeline = timeline
        self._lock_duration_ms = lock_duration_ms
        self._ready = ReadyList()
        self._consumers: deque[Consumer] = deque()

    def serve(self, queue: HandOver) -> None:
        """Starts working for a queue."""
        self._queue = queue

    def attach(self, consumer: Consumer) -> None:
        """A receiver joins."""
        self._consumers.append(consumer)

    def detach(self, consumer: Consumer) -> None:
        """A receiver leaves; what it has locked stays locked until it expires."""
        if consumer in self._consumers:
            self._consumers.remove(consumer)

    def offer(self, message: Message) -> None:
        """A message is ready."""
        self._ready.push(message)
        self.pump()

    def pump(self) -> None:
        """Hands out messages as long as there are any and someone wants them."""
        # Only with a message in hand is anybody asked: being asked costs a receiver its turn.
        while self._ready.peek() and (consumer := self._next_willing()):
            if message := self._ready.pop():
                self._queue.hand_over(message, consumer)

    def _next_willing(self) -> Consumer | None:
        # Once around: the turn passes on even over those who want nothing now.
        for _ in range(len(self._consumers)):
            consumer = self._consumers[0]
            self._consumers.rotate(-1)
            if consumer.can_take():
                return consumer
        return None

    def lock(self, message: Message) -> Lock:
        """A lock of its own, ended by a timer of its own."""
        lock = Lock(until_ms=self._timeline.now_ms() + self._lock_duration_ms)
        self._arm(message, lock)
        return lock

    def check_lock(self, message: Message, lock: Lock) -> None:
        """Makes sure that the lock has not expired."""
        del message
        # Asked of the clock and not of the timer, which may be late on a busy machine.
        if lock.until_ms <= self._timeline.now_ms():
            raise message_lock_lost()

    def unlock(self, message: Message, lock: Lock) -> None:
        """Stops the lock's timer."""
        del message
        if lock.timer is not None:
            lock.timer.cancel()

    def renew(self, lock: Lock) -> int:
        """A whole lock duration from now; the timer follows when it fires."""
        lock.until_ms = self._timeline.now_ms() + self._lock_duration_ms
        return lock.until_ms

    def _arm(self, message: Message, lock: Lock) -> None:
        def expire() -> None:
            # Renewals move the moment only; one timer follows it, however many there are.
            if lock.until_ms > self._timeline.now_ms():
                self._arm(message, lock)
            else:
                self._queue.give_back(message, lock, counts=True)

        lock.timer = self._timeline.call_at(lock.until_ms, expire)
