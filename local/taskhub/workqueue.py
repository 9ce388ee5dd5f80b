"""Work that waits for a worker, oldest first, found by name and version without a search."""

from collections import deque
from collections.abc import Callable
from itertools import count

type Kind = tuple[str, str]
"""Name and version of an orchestrator or activity; the version may be empty."""


class WorkQueue[T]:
    """A queue that can be asked for the oldest item of the kinds a worker takes."""

    def __init__(self) -> None:
        self._lanes: dict[Kind, deque[tuple[int, T]]] = {}
        self._order = count()

    def put(self, kind: Kind, item: T) -> None:
        """Adds an item behind all others."""
        self._lanes.setdefault(kind, deque()).append((next(self._order), item))

    def take(self, accepts: Callable[[Kind], bool]) -> T | None:
        """Removes and gives the oldest item of an accepted kind, or None."""
        best: Kind | None = None
        # Over the kinds, of which there are few, never over the items.
        for kind, lane in self._lanes.items():
            if accepts(kind) and (best is None or lane[0][0] < self._lanes[best][0][0]):
                best = kind
        if best is None:
            return None
        lane = self._lanes[best]
        _, item = lane.popleft()
        # Empty lanes go, so that the number of kinds ever seen does not slow down a take.
        if not lane:
            del self._lanes[best]
        return item

    def discard(self, is_unwanted: Callable[[T], bool]) -> None:
        """Removes every item for which ``is_unwanted`` holds."""
        for kind in list(self._lanes):
            kept = deque(entry for entry in self._lanes[kind] if not is_unwanted(entry[1]))
            if kept:
                self._lanes[kind] = kept
            else:
                del self._lanes[kind]

    def __len__(self) -> int:
        """How many items wait."""
        return sum(map(len, self._lanes.values()))
