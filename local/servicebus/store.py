"""Where messages are kept between runs, as the broker core sees it.

The core tells the store about every change at once; nothing may leave the process before
:meth:`Store.commit`, so that whatever a client was told is still true after a crash.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from local.servicebus.duplicates import DuplicateStore
from local.servicebus.messages import Message
from local.servicebus.sequences import SequenceStore


@dataclass(frozen=True, kw_only=True)
class StoredState:
    """What a store remembers of one queue."""

    messages: tuple[Message, ...] = ()
    """By sequence number, without locks."""
    duplicates: tuple[tuple[str, int], ...] = ()
    """Message ids with the moment (ms) until which they count as seen, oldest first."""
    session_states: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    """Session id to state and time of its last change (ms)."""
    last_sequence_number: int = 0
    """No number up to this one may be given out again."""


class Store(DuplicateStore, SequenceStore, Protocol):
    """Keeps what the queues tell it."""

    def read_queue_names(self) -> Iterable[str]:
        """Every queue that something is kept of."""
        ...

    def read_state(self, queue: str) -> StoredState:
        """What is kept of a queue."""
        ...

    def put_message(self, queue: str, message: Message) -> None:
        """Keeps a message, or its new form."""
        ...

    def delete_message(self, queue: str, message: Message) -> None:
        """Forgets a message."""
        ...

    def put_session_state(
        self, queue: str, session_id: str, state: bytes | None, updated_ms: int
    ) -> None:
        """Keeps a session's state; None forgets it."""
        ...

    def clear(self) -> None:
        """Forgets everything but the sequence numbers."""
        ...

    def commit(self) -> None:
        """Makes everything told so far permanent.

        Raises:
            StoreFaultError: It cannot be: clients must not be told of it.
        """
        ...

    def close(self) -> None:
        """Commits and lets go of the medium."""
        ...


# A store like any other, so that the queues need not ask whether there is one.
class MemoryStore:
    """Keeps nothing: the queues live as long as the process."""

    def read_queue_names(self) -> Iterable[str]:
        """None."""
        return ()

    def read_state(self, queue: str) -> StoredState:
        """Nothing."""
        del queue
        return StoredState()

    def put_message(self, queue: str, message: Message) -> None:
        """Does nothing."""

    def delete_message(self, queue: str, message: Message) -> None:
        """Does nothing."""

    def put_duplicate(self, queue: str, message_id: str, until_ms: int) -> None:
        """Does nothing."""

    def delete_duplicates(self, queue: str, until_ms: int) -> None:
        """Does nothing."""

    def put_session_state(
        self, queue: str, session_id: str, state: bytes | None, updated_ms: int
    ) -> None:
        """Does nothing."""

    def reserve_sequence_numbers(self, queue: str, up_to: int) -> None:
        """Does nothing."""

    def clear(self) -> None:
        """Does nothing."""

    def commit(self) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Does nothing."""
