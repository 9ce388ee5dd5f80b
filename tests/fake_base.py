"""What all fakes are made of: a clock that moves when told, recorded calls, failures on demand."""

import copy
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.vaults import Provenance, Reading
from tests.samples import NOON


@dataclass(frozen=True)
class Call:
    """One call a fake received."""

    method: str
    arguments: tuple[Any, ...]


class FakeClock:
    """Time that moves only when told to; ``sleep`` moves it and remembers how far."""

    def __init__(self, start: datetime = NOON) -> None:
        self.time = start
        self.slept_s: list[float] = []

    def now(self) -> datetime:
        """The time now."""
        return self.time

    def advance(self, span: timedelta) -> None:
        """Moves time on."""
        self.time += span

    def monotonic(self) -> float:
        """Seconds on the same time line, for what measures spans."""
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        """Lets ``seconds`` pass at once."""
        self.slept_s.append(seconds)
        self.advance(timedelta(seconds=seconds))


class Fake:
    """What all fakes share: recorded calls and failures on demand."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.calls: list[Call] = []
        self._failures: defaultdict[str, deque[Exception]] = defaultdict(deque)
        self._lost_answers: defaultdict[str, deque[Exception]] = defaultdict(deque)

    def fail(self, method: str, *errors: Exception) -> None:
        """The next calls of ``method`` raise these errors, before any effect."""
        self._failures[method].extend(errors)

    def lose_answer(self, method: str, *errors: Exception) -> None:
        """The next calls of ``method`` take effect and then raise these errors."""
        self._lost_answers[method].extend(errors)

    def count(self, method: str) -> int:
        """How often ``method`` was called."""
        return sum(call.method == method for call in self.calls)

    def _enter(self, method: str, *arguments: object) -> None:
        self.calls.append(Call(method, arguments))
        if self._failures[method]:
            raise self._failures[method].popleft()

    def _leave[T](self, method: str, answer: T) -> T:
        if self._lost_answers[method]:
            raise self._lost_answers[method].popleft()
        return answer

    def provenance(self, source: str) -> Provenance:
        """Where a fake reading comes from: the call's number serves as request id."""
        return Provenance(
            source=source, request_id=f"request-{len(self.calls)}", read_at=self.clock.now()
        )

    def reading[T](self, source: str, value: T) -> Reading[T]:
        """A deep copy of ``value`` as a reading, so that nobody can change the fake's state."""
        return Reading(value=copy.deepcopy(value), provenance=self.provenance(source))
