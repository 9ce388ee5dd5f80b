"""Duplicate detection: a message id counts once within the queue's window.

The history is of ids, not of messages: it survives completion, and a message that was refused for
another reason leaves no trace in it.
"""

from collections import deque
from collections.abc import Iterable
from typing import Protocol

from local.servicebus.timeline import Timeline


class DuplicateStore(Protocol):
    """The part of a store that remembers message ids."""

    def put_duplicate(self, queue: str, message_id: str, until_ms: int) -> None:
        """Remembers an id."""
        ...

    def delete_duplicates(self, queue: str, until_ms: int) -> None:
        """Forgets the ids whose window ended by ``until_ms``."""
        ...


class DuplicateHistory:
    """The message ids a queue has seen lately.

    Args:
        window_ms: How long an id counts as seen; 0 switches detection off.
    """

    def __init__(
        self, queue: str, window_ms: int, timeline: Timeline, store: DuplicateStore
    ) -> None:
        self._queue = queue
        self._window_ms = window_ms
        self._timeline = timeline
        self._store = store
        self._until_ms: dict[str, int] = {}
        # Beside the dict: it knows an id at once, this knows which ids to forget next.
        self._order: deque[tuple[int, str]] = deque()

    def is_duplicate(self, message_id: str) -> bool:
        """Whether the id was seen within the window; remembers it if not."""
        if not self._window_ms:
            return False
        self._forget_old()
        if message_id in self._until_ms:
            return True
        until_ms = self._timeline.now_ms() + self._window_ms
        self._remember(message_id, until_ms)
        self._store.put_duplicate(self._queue, message_id, until_ms)
        return False

    def restore(self, seen: Iterable[tuple[str, int]]) -> None:
        """Takes over what an earlier run had seen, oldest first."""
        for message_id, until_ms in seen:
            self._remember(message_id, until_ms)

    def clear(self) -> None:
        """Forgets everything."""
        self._until_ms.clear()
        self._order.clear()

    def _remember(self, message_id: str, until_ms: int) -> None:
        self._until_ms[message_id] = until_ms
        self._order.append((until_ms, message_id))

    def _forget_old(self) -> None:
        now_ms = self._timeline.now_ms()
        if not self._order or self._order[0][0] > now_ms:
            return
        # Every id has the same window, so the oldest end first.
        while self._order and self._order[0][0] <= now_ms:
            del self._until_ms[self._order.popleft()[1]]
        self._store.delete_duplicates(self._queue, now_ms)
