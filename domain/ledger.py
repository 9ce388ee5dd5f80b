"""Who waits, who is in flight, who has ended: the counting of a campaign, without I/O.

A ledger lives inside one execution of the orchestrator and is rebuilt from :class:`CampaignState`.
It also drives the forecast of a dry run, so that the two cannot differ.
"""

import heapq
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from domain.campaigns import FAILED_MARKS, OPEN_MARKS, REDRIVABLE_MARKS, Mark

PLACE_LENGTH = 3
"""Characters per vault in ``places``: two for the subscription, one for the region."""


@dataclass(frozen=True)
class Place:
    """Where a vault is, as far as limits go."""

    subscription: str
    region: str


class _Line:
    """The vaults of one place, in the order of the plan; those at its front have been sent."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.positions: list[int] = []
        self._front = 0

    def reopen(self, position: int) -> None:
        """A vault waits again, perhaps before all the others."""
        self._front = min(self._front, bisect_left(self.positions, position))

    def waiting(self, marks: Sequence[Mark]) -> Iterator[int]:
        """The positions still to be started."""
        positions = self.positions
        # Those sent long ago are passed over once and not at every look: there are ten thousand.
        while self._front < len(positions) and marks[positions[self._front]] is not Mark.WAITING:
            self._front += 1
        for index in range(self._front, len(positions)):
            if marks[positions[index]] is Mark.WAITING:
                yield positions[index]


class Ledger:
    """The marks of all vaults, with every count that limits and thresholds ask for.

    Args:
        marks: One mark per vault, in the order of the plan.
        places: :data:`PLACE_LENGTH` characters per vault.

    Raises:
        ValueError: The two do not belong together.
    """

    def __init__(self, marks: str, places: str) -> None:
        if len(places) != PLACE_LENGTH * len(marks):
            raise ValueError(f"{len(places)} characters of places for {len(marks)} vaults")
        self._marks = [Mark(mark) for mark in marks]
        self._places = places
        self.counts: Counter[Mark] = Counter(self._marks)
        self.in_subscription: Counter[str] = Counter()
        self.in_region: Counter[str] = Counter()
        # Nothing waits before this position, so that a start need not go through ten thousand
        # marks.
        self._lines: dict[str, _Line] = {}
        for position, mark in enumerate(self._marks):
            line = self._line(position)
            line.positions.append(position)
            if mark is Mark.SENT:
                self._occupy(line.place, 1)

    def __len__(self) -> int:
        """How many vaults there are."""
        return len(self._marks)

    @property
    def marks(self) -> str:
        """One mark per vault, as a state carries them."""
        return "".join(self._marks)

    @property
    def is_finished(self) -> bool:
        """Whether the end of every vault is known."""
        return not any(self.counts[mark] for mark in OPEN_MARKS)

    @property
    def failures(self) -> int:
        """How many vaults count against the error threshold."""
        return sum(self.counts[mark] for mark in FAILED_MARKS)

    def mark(self, position: int) -> Mark:
        """Where one vault stands."""
        return self._marks[position]

    def place(self, position: int) -> Place:
        """Where one vault is."""
        return self._line(position).place

    def put(self, position: int, mark: Mark) -> None:
        """Gives a vault another mark."""
        earlier = self._marks[position]
        # Plus one, minus one or nothing: a vault takes its place with SENT and with no other mark.
        line = self._line(position)
        self._occupy(line.place, (mark is Mark.SENT) - (earlier is Mark.SENT))
        self.counts[earlier] -= 1
        self.counts[mark] += 1
        self._marks[position] = mark
        if mark is Mark.WAITING:
            line.reopen(position)

    def waiting(self) -> Iterator[int]:
        """The positions still to be started, in the order of the plan."""
        yield from heapq.merge(*(waiting for _, waiting in self.lines()))

    def lines(self) -> Iterator[tuple[Place, Iterator[int]]]:
        """The same place by place: whoever finds a place full need not look at its other vaults."""
        for line in self._lines.values():
            yield line.place, line.waiting(self._marks)

    def positions(self, *marks: Mark, start: int = 0) -> Iterator[int]:
        """The positions with one of some marks, from ``start`` on."""
        # Counted down, so that nobody looks through ten thousand vaults for none: this is asked for
        # the status at every turn, and at every turn of every replay.
        left = sum(self.counts[mark] for mark in set(marks))
        for position in range(start, len(self._marks)):
            if not left:
                return
            if self._marks[position] in marks:
                left -= 1
                yield position

    def cancel_waiting(self) -> int:
        """Gives up every vault that was not sent; gives their number."""
        given_up = list(self.waiting())
        for position in given_up:
            self.put(position, Mark.CANCELLED)
        return len(given_up)

    def redrive(self, allowed: Iterable[int] = ()) -> int:
        """Lets every vault that may be run again wait once more; gives their number.

        Args:
            allowed: Failed upgrades that Microsoft said may be started once more.
        """
        failed = [one for one in allowed if self._marks[one] is Mark.NEEDS_SUPPORT]
        again = [*self.positions(*REDRIVABLE_MARKS), *failed]
        for position in again:
            self.put(position, Mark.WAITING)
        return len(again)

    def _line(self, position: int) -> _Line:
        start = position * PLACE_LENGTH
        code = self._places[start : start + PLACE_LENGTH]
        if code not in self._lines:
            self._lines[code] = _Line(Place(code[:-1], code[-1]))
        return self._lines[code]

    def _occupy(self, place: Place, change: int) -> None:
        if change:
            self.in_subscription[place.subscription] += change
            self.in_region[place.region] += change
