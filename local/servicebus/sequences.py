"""Sequence numbers, which order the messages of a queue for ever."""

from typing import Protocol

SEQUENCE_BLOCK = 1000
"""Sequence numbers reserved at a time: one write per block, and gaps only after a restart."""


class SequenceStore(Protocol):
    """The part of a store that remembers how far was counted."""

    def reserve_sequence_numbers(self, queue: str, up_to: int) -> None:
        """Makes sure that after a crash counting goes on behind ``up_to``."""
        ...


class SequenceNumbers:
    """Counts the messages of a queue; never gives a number twice, even after a crash."""

    def __init__(self, queue: str, store: SequenceStore) -> None:
        self._queue = queue
        self._store = store
        self._last = 0
        self._reserved = 0

    def restore(self, last: int) -> None:
        """Goes on behind ``last``."""
        self._last = self._reserved = max(last, self._last)

    def next(self) -> int:
        """The next number, from 1."""
        if self._last == self._reserved:
            # Written down before the first is used: a crash may skip numbers, never repeat one.
            self._reserved += SEQUENCE_BLOCK
            self._store.reserve_sequence_numbers(self._queue, self._reserved)
        self._last += 1
        return self._last
