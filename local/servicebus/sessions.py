"""Sessions: one receiver at a time for all messages with one session id, in order.

A session's lock stands for the locks of all its messages. It ends in one of three ways, which
differ in what they say about the messages the receiver had not settled (service-bus 6.10):
released in order, they come back uncounted; expired, each counts one more delivery; cut off with
the connection, likewise, or a receiver that a message crashes would be handed it for ever.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

from local.servicebus.dispatch import Consumer, HandOver, ReadyList
from local.servicebus.errors import (
    BrokerError,
    not_allowed,
    session_held_elsewhere,
    session_lock_lost,
)
from local.servicebus.messages import Lock, Message
from local.servicebus.store import Store
from local.servicebus.timeline import Timeline, Timer


class SessionConsumer(Consumer, Protocol):
    """A receiver that holds or wants a session."""

    def session_granted(self, session_id: str, until_ms: int) -> None:
        """The receiver has the session from now on."""
        ...

    def session_lost(self, error: BrokerError) -> None:
        """The session's lock has expired; the receiver is finished."""
        ...


@dataclass(slots=True, eq=False)
class Session:
    """One session with anything to remember about it."""

    session_id: str
    ready: ReadyList = field(default_factory=ReadyList)
    holder: SessionConsumer | None = None
    until_ms: int = 0
    timer: Timer | None = None
    locked: dict[Message, Lock] = field(default_factory=dict)
    state: bytes | None = None
    updated_ms: int = 0
    """When the state last changed."""
    is_returning: bool = False
    """Whether its messages are just being taken back from a holder."""

    @property
    def has_work(self) -> bool:
        """Whether a message is ready in it."""
        return self.ready.peek() is not None


class Sessions:
    """The dispatcher of a queue with sessions."""

    _queue: HandOver

    def __init__(
        self, timeline: Timeline, store: Store, *, queue_name: str, lock_duration_ms: int
    ) -> None:
        self._timeline = timeline
        self._store = store
        self._queue_name = queue_name
        self._lock_duration_ms = lock_duration_ms
        self._sessions: dict[str, Session] = {}
        # Sessions that a receiver of any session may have, in the order in which they came up. A
        # dict, because one that is accepted by name must leave its place in the middle.
        self._line: dict[str, Session] = {}
        self._waiting: deque[SessionConsumer] = deque()

    def serve(self, queue: HandOver) -> None:
        """Starts working for a queue."""
        self._queue = queue

    def accept(self, consumer: SessionConsumer, session_id: str) -> None:
        """Grants one session, whether or not it has messages.

        Raises:
            BrokerError: Another receiver holds it.
        """
        session = self._live(session_id)
        # Refused at once, as the service does: only whoever takes any session may wait.
        if session.holder is not None:
            raise session_held_elsewhere(session_id)
        self._grant(session, consumer)

    def accept_next(self, consumer: SessionConsumer) -> None:
        """Grants the session that has waited longest with messages, as soon as there is one."""
        # Which session Azure gives first is not known; here it is the one offered first
        # (service-bus 7).
        self._waiting.append(consumer)
        self._match()

    def stop_waiting(self, consumer: SessionConsumer) -> bool:
        """Withdraws a receiver that got no session; whether it was still waiting."""
        if consumer not in self._waiting:
            return False
        self._waiting.remove(consumer)
        return True

    def pump(self, session_id: str) -> None:
        """Hands the session's holder what it has credit for."""
        session = self._live(session_id)
        holder = session.holder
        while holder is not None and holder.can_take() and (message := session.ready.pop()):
            self._queue.hand_over(message, holder)

    def release(self, consumer: SessionConsumer, session_id: str, *, counts: bool) -> None:
        """Takes a session back from its holder.

        Args:
            consumer: Who holds it; a receiver that has lost it meanwhile changes nothing.
            session_id: The session.
            counts: Whether what the holder left unsettled counts as delivered once more.
        """
        session = self._sessions.get(session_id)
        if session is None or session.holder is not consumer:
            return
        session.holder = None
        if session.timer is not None:
            session.timer.cancel()
        # Not offered until all its messages are back, or the next holder might see the second
        # before the first.
        session.is_returning = True
        for message, lock in list(session.locked.items()):
            self._queue.give_back(message, lock, counts=counts)
        session.is_returning = False
        self._offer(session)
        self._forget_if_idle(session)

    def renew_session(self, session_id: str) -> int:
        """Extends a session's lock and those of its messages; gives the new expiry (ms).

        Raises:
            BrokerError: Nobody holds the session.
        """
        session = self._held(session_id)
        session.until_ms = self._timeline.now_ms() + self._lock_duration_ms
        # Messages are held through the session, so what is said of their locks moves with it.
        for lock in session.locked.values():
            lock.until_ms = session.until_ms
        return session.until_ms

    def read_state(self, session_id: str) -> bytes | None:
        """The state kept with a held session.

        Raises:
            BrokerError: Nobody holds the session.
        """
        return self._held(session_id).state

    def write_state(self, session_id: str, state: bytes | None) -> None:
        """Keeps ``state`` with a held session; None clears it.

        Raises:
            BrokerError: Nobody holds the session.
        """
        session = self._held(session_id)
        session.state, session.updated_ms = state, self._timeline.now_ms()
        self._store.put_session_state(self._queue_name, session_id, state, session.updated_ms)

    def restore_state(self, session_id: str, state: bytes, updated_ms: int) -> None:
        """Takes over a state that an earlier run kept."""
        session = self._session(session_id)
        session.state, session.updated_ms = state, updated_ms

    def clear_states(self) -> None:
        """Forgets the state of every session; who holds one keeps it."""
        for session in list(self._sessions.values()):
            session.state, session.updated_ms = None, 0
            self._forget_if_idle(session)

    def list_active(self) -> list[str]:
        """The ids of sessions with messages or state, sorted."""
        return sorted(
            session.session_id
            for session in self._sessions.values()
            if session.state is not None or session.locked or session.has_work
        )

    def list_updated_since(self, moment_ms: int) -> list[str]:
        """The ids of sessions whose state changed after ``moment_ms``, sorted."""
        return sorted(
            session.session_id
            for session in self._sessions.values()
            if session.updated_ms > moment_ms
        )

    def count_held(self) -> int:
        """How many sessions have a holder."""
        return sum(session.holder is not None for session in self._sessions.values())

    def offer(self, message: Message) -> None:
        """A message is ready: for its session's holder, or for whoever takes the session."""
        session_id = str(message.session_id)
        # First into its line: whoever is granted the session by what follows must find it there.
        self._session(session_id).ready.push(message)
        session = self._live(session_id)
        if session.holder is None:
            self._offer(session)
        else:
            self.pump(session.session_id)

    def lock(self, message: Message) -> Lock:
        """A lock that lasts as long as the session's.

        Raises:
            BrokerError: Nobody holds the session.
        """
        session = self._sessions.get(str(message.session_id))
        # Whether the time is over was asked before the message was taken out of its line. The clock
        # may have moved since: a lock that is over already comes back with the session's others,
        # while a refusal here would leave the message in no line at all.
        if session is None or session.holder is None:
            raise session_lock_lost(str(message.session_id))
        lock = Lock(until_ms=session.until_ms)
        session.locked[message] = lock
        return lock

    def check_lock(self, message: Message, lock: Lock) -> None:
        """Makes sure that the session is still held."""
        del lock
        self._held(str(message.session_id))

    def unlock(self, message: Message, lock: Lock) -> None:
        """Takes the message off the session's locked ones."""
        del lock
        self._session(str(message.session_id)).locked.pop(message, None)

    def renew(self, lock: Lock) -> int:
        """Refuses: with sessions, only the session's lock is renewed."""
        del lock
        raise not_allowed("In a queue with sessions, renew the session's lock instead.")

    def _session(self, session_id: str) -> Session:
        session = self._sessions.get(session_id)
        if session is None:
            session = self._sessions[session_id] = Session(session_id)
        return session

    def _live(self, session_id: str) -> Session:
        # Asked of the clock and not of the timer, which may be late on a busy machine.
        session = self._sessions.get(session_id)
        if session is not None and session.holder is not None and self._is_over(session):
            self._expire(session, session.holder)
        # Asked anew: a session with nothing left to remember was forgotten with its holder.
        return self._session(session_id)

    def _is_over(self, session: Session) -> bool:
        return session.until_ms <= self._timeline.now_ms()

    def _held(self, session_id: str) -> Session:
        session = self._sessions.get(session_id)
        if session is None or session.holder is None or self._is_over(session):
            raise session_lock_lost(session_id)
        return session

    def _offer(self, session: Session) -> None:
        if session.has_work and not session.is_returning:
            self._line.setdefault(session.session_id, session)
        self._match()

    def _match(self) -> None:
        while self._waiting and self._line:
            session = self._line.pop(next(iter(self._line)))
            # Its messages may have expired while it stood in line.
            if session.has_work:
                self._grant(session, self._waiting.popleft())

    def _grant(self, session: Session, consumer: SessionConsumer) -> None:
        self._line.pop(session.session_id, None)
        session.holder = consumer
        session.until_ms = self._timeline.now_ms() + self._lock_duration_ms
        self._arm(session, consumer)
        consumer.session_granted(session.session_id, session.until_ms)
        # Credit may have come while the receiver was still waiting, and is not sent twice.
        self.pump(session.session_id)

    def _arm(self, session: Session, consumer: SessionConsumer) -> None:
        def expire() -> None:
            # Renewals move the moment only; one timer follows it, however many there are.
            if self._is_over(session):
                self._expire(session, consumer)
            else:
                self._arm(session, consumer)

        session.timer = self._timeline.call_at(session.until_ms, expire)

    def _expire(self, session: Session, consumer: SessionConsumer) -> None:
        self.release(consumer, session.session_id, counts=True)
        consumer.session_lost(session_lock_lost(session.session_id))

    def _forget_if_idle(self, session: Session) -> None:
        # There is one session per vault, for years; only those with something to remember stay.
        keeps = session.holder or session.locked or session.has_work
        if not keeps and session.state is None:
            self._sessions.pop(session.session_id, None)
            self._line.pop(session.session_id, None)
