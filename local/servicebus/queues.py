"""A queue: what happens to a message from arrival to removal.

::

    send ──> scheduled ──> ready ──> locked ──> completed
      │                     ↑ │        │ │
      └─────────────────────┘ │        │ └────> deferred ──> locked ...
                    expired <─┘        └─ given back ──> ready, or dead-lettered
                                                         once it was delivered too often

The rules are those of service-bus 3 and 4. The queue does no I/O: it tells its store, its
dispatcher and its timeline what happened and what shall happen.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

from local.servicebus.config import QueueOptions
from local.servicebus.dispatch import Consumer, Dispatcher
from local.servicebus.duplicates import DuplicateHistory
from local.servicebus.errors import message_lock_lost, not_allowed
from local.servicebus.messages import Lock, Message, MessageState
from local.servicebus.parsing import add_application_properties, stamp_message_id
from local.servicebus.sequences import SequenceNumbers
from local.servicebus.settlement import Settlement, Verdict
from local.servicebus.store import Store
from local.servicebus.timeline import Timeline

DEAD_LETTER_SUFFIX = "/$deadletterqueue"


class Queue:
    """One queue, or the dead-letter queue below one.

    Args:
        name: Its path in the namespace.
        options: Its configuration.
        timeline: Clock and scheduler.
        store: Where it keeps its messages.
        dispatcher: What decides who receives: competing receivers, or sessions.
        dead_letters: Where its hopeless messages go; None makes this a dead-letter queue.
    """

    def __init__(
        self,
        name: str,
        options: QueueOptions,
        *,
        timeline: Timeline,
        store: Store,
        dispatcher: Dispatcher,
        dead_letters: "Queue | None" = None,
    ) -> None:
        self.name = name
        self.options = options
        self.dead_letters = dead_letters
        self.dispatcher = dispatcher
        dispatcher.serve(self)
        self.counters: Counter[str] = Counter()
        self.messages: dict[int, Message] = {}
        self.sequence_numbers = SequenceNumbers(name, store)
        self.locks: dict[UUID, Message] = {}
        # A dead-letter queue must take whatever it is given; its ids were all seen before.
        window_ms = options.duplicate_window_ms if dead_letters else 0
        self.history = DuplicateHistory(name, window_ms, timeline, store)
        self._timeline = timeline
        self._store = store

    @property
    def has_sessions(self) -> bool:
        """Whether messages are received by session; never so in a dead-letter queue."""
        return self.options.requires_session and self.dead_letters is not None

    def send(self, messages: Sequence[Message]) -> list[int]:
        """Takes messages, all or none; gives their sequence numbers.

        A duplicate is accepted and dropped, as the service does: its sender cannot tell.

        Raises:
            BrokerError: One of them does not belong here.
        """
        # First all checks, then all effects: half a batch would be nobody's intention.
        for message in messages:
            self._check_acceptable(message)
        return [self._admit(message) for message in messages]

    def _check_acceptable(self, message: Message) -> None:
        if self.dead_letters is None:
            raise not_allowed("Nobody sends to a dead-letter queue.")
        # Refused on arrival: without a session nobody could ever receive it.
        if self.has_sessions and message.session_id is None:
            raise not_allowed("This queue requires sessions; the message has no session id.")

    def _admit(self, message: Message) -> int:
        # A duplicate uses up a number too: scheduling one must still answer with some number.
        message.sequence_number = self.sequence_numbers.next()
        if message.message_id is None:
            stamp_message_id(message)
        # Only ids that the sender chose can repeat.
        elif self.history.is_duplicate(str(message.message_id)):
            self.counters["duplicates"] += 1
            return message.sequence_number
        self.counters["sent"] += 1
        message.enqueued_ms = self._timeline.now_ms()
        if message.scheduled_ms is not None and message.scheduled_ms > message.enqueued_ms:
            self._schedule(message)
        else:
            self._enter(message)
        return message.sequence_number

    def _schedule(self, message: Message) -> None:
        message.state = MessageState.SCHEDULED
        self._keep(message)
        due_ms = message.scheduled_ms or 0
        message.timer = self._timeline.call_at(due_ms, lambda: self._activate(message))

    def _activate(self, message: Message) -> None:
        # A scheduled message gets its place in the queue, and its number, when it is due.
        del self.messages[message.sequence_number]
        self._store.delete_message(self.name, message)
        # The old number was the receipt for cancelling; it names nothing from now on.
        message.sequence_number = self.sequence_numbers.next()
        message.enqueued_ms = self._timeline.now_ms()
        message.state = MessageState.ACTIVE
        self._enter(message)

    def _enter(self, message: Message) -> None:
        # Here and not on arrival: what was scheduled before a restart is read back as its sender
        # wrote it, and must not outlive the limit for that.
        limit_ms = self.options.default_ttl_ms
        if limit_ms is not None:
            # 0 is not a time to live but the absence of one.
            message.ttl_ms = min(message.ttl_ms or limit_ms, limit_ms)
        if message.ttl_ms:
            message.expires_ms = message.enqueued_ms + message.ttl_ms
            self._watch_expiry(message)
        self._keep(message)
        self.dispatcher.offer(message)

    def _watch_expiry(self, message: Message) -> None:
        if message.expires_ms is not None:
            expire = self._expire_if_free
            message.timer = self._timeline.call_at(message.expires_ms, lambda: expire(message))

    def _keep(self, message: Message) -> None:
        self.messages[message.sequence_number] = message
        self._store.put_message(self.name, message)

    def restore(self, message: Message) -> None:
        """Takes a message over from an earlier run; whoever had it locked then has lost it."""
        self.messages[message.sequence_number] = message
        if message.state is MessageState.SCHEDULED:
            self._schedule(message)
            return
        self._watch_expiry(message)
        if message.state is MessageState.ACTIVE:
            self.dispatcher.offer(message)

    def _expire_if_free(self, message: Message) -> None:
        # A locked message outlives its time; its receiver may still complete it.
        if message.lock is None and not message.is_gone:
            self._expire(message)

    def _expire(self, message: Message) -> None:
        self.counters["expired"] += 1
        if self.options.dead_lettering_on_message_expiration:
            self.dead_letter(message, "TTLExpiredException", "The message's time to live ended.")
        else:
            self.remove(message)

    def hand_over(self, message: Message, consumer: Consumer) -> None:
        """Gives a message to a receiver: locked, or for good."""
        # The timer may be late on a busy machine; what is past its time is not delivered.
        if self._is_overdue(message):
            self._expire(message)
        elif consumer.is_destructive:
            # Out before it leaves: what a break of the connection loses is what this mode risks.
            self.take_out(message)
            consumer.deliver(message, uuid4())
        else:
            consumer.deliver(message, self.lock(message).token)

    def take_out(self, message: Message) -> None:
        """Hands a message over for good."""
        self.counters["completed"] += 1
        self.remove(message)

    def lock(self, message: Message) -> Lock:
        """Locks a message for whoever receives it now.

        Raises:
            BrokerError: Its session is not held.
        """
        lock = message.lock = self.dispatcher.lock(message)
        self.locks[lock.token] = message
        return lock

    def find_locked(self, token: UUID) -> tuple[Message, Lock]:
        """The message a lock token stands for.

        Raises:
            BrokerError: The lock is not held any more.
        """
        message = self.locks.get(token)
        if message is None or message.lock is None:
            raise message_lock_lost()
        self.dispatcher.check_lock(message, message.lock)
        return message, message.lock

    def unlock(self, message: Message, lock: Lock) -> None:
        """Ends a lock, without saying what becomes of the message."""
        self.locks.pop(lock.token, None)
        self.dispatcher.unlock(message, lock)
        message.lock = None

    def give_back(self, message: Message, lock: Lock, *, counts: bool) -> None:
        """Takes a locked message back, or dead-letters it when that was one delivery too many."""
        # A timer or a lost connection may be late: the message is somebody else's by then.
        if message.lock is not lock:
            return
        self.unlock(message, lock)
        if counts:
            self.counters["failedDeliveries"] += 1
            message.delivery_count += 1
            if self.dead_letters and message.delivery_count >= self.options.max_delivery_count:
                tries = message.delivery_count
                text = f"The message could not be consumed in {tries} deliveries."
                self.dead_letter(message, "MaxDeliveryCountExceeded", text)
                return
            self._store.put_message(self.name, message)
        if self._is_overdue(message):
            self._expire(message)
        # A deferred message that comes back is deferred still.
        elif message.state is MessageState.ACTIVE:
            self.dispatcher.offer(message)

    def _is_overdue(self, message: Message) -> bool:
        # Asked whenever a lock ends: the timer may have run while it was held, and comes only once.
        return message.expires_ms is not None and message.expires_ms <= self._timeline.now_ms()

    def settle(self, token: UUID, settlement: Settlement) -> None:
        """Does with a locked message what its receiver said.

        Raises:
            BrokerError: The lock is not held any more; nothing was done.
        """
        message, lock = self.find_locked(token)
        # Before the verdict: an abandoned message comes back with what its receiver noted on it.
        if settlement.properties:
            add_application_properties(message, dict(settlement.properties))
        verdict = settlement.verdict
        # Clients release what they have prefetched when they close; that this does not count was
        # not checked against Azure (service-bus 2, 7).
        if verdict in {Verdict.ABANDON, Verdict.RELEASE}:
            self.give_back(message, lock, counts=verdict is Verdict.ABANDON)
            return
        self.unlock(message, lock)
        if verdict is Verdict.COMPLETE:
            self.counters["completed"] += 1
            self.remove(message)
        elif verdict is Verdict.DEFER:
            self._defer(message)
        else:
            self.dead_letter(message, settlement.reason, settlement.description)

    def _defer(self, message: Message) -> None:
        message.state = MessageState.DEFERRED
        # Deferring is an unsuccessful delivery as far as the count goes.
        message.delivery_count += 1
        if self._is_overdue(message):
            self._expire(message)
        else:
            self._store.put_message(self.name, message)

    def dead_letter(self, message: Message, reason: str | None, description: str | None) -> None:
        """Moves a message to the dead-letter queue; in there it merely returns to its place."""
        self.remove(message)
        # A new object: waiting lists of this queue may still hold the old one, and must see that it
        # is gone. No time to live: dead letters stay until somebody looks at them.
        dead = replace(message, is_gone=False, expires_ms=None, state=MessageState.ACTIVE)
        details = {"DeadLetterReason": reason, "DeadLetterErrorDescription": description}
        add_application_properties(dead, {k: v for k, v in details.items() if v})
        self.counters["deadLettered"] += 1
        (self.dead_letters or self).take_dead(dead)

    # That number and count are kept was not checked against Azure (service-bus 7).
    def take_dead(self, message: Message) -> None:
        """Receives a message that was dead-lettered; it keeps its number and count."""
        self._keep(message)
        self.dispatcher.offer(message)

    def remove(self, message: Message) -> None:
        """Takes a message out of the queue for good."""
        del self.messages[message.sequence_number]
        message.is_gone = True
        if message.timer is not None:
            message.timer.cancel()
            message.timer = None
        self._store.delete_message(self.name, message)
