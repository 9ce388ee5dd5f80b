"""Points at which something may go wrong: before and after every call of a port, one by one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from adapters.ports import Ports
from domain.errors import EvidenceError, OutcomeUnknownError, ServiceError, UnavailableError
from tests.kill_points import Killed

WRITES = frozenset({"start_upgrade", "write_policy"})
"""Calls whose lost answer leaves the outcome unknown."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One point: the call it belongs to, and on which side of the effect it lies."""

    number: int
    method: str
    is_after: bool
    """The call has taken effect and its answer is on its way."""


class Blow(Protocol):
    """What strikes at a point; may raise, and may do something to the world."""

    def strike(self, point: Point) -> None:
        """Strikes, if this is the point."""
        ...


class Nothing:
    """An undisturbed run."""

    def strike(self, point: Point) -> None:
        """Lets every point pass."""


@dataclass(frozen=True)
class Kill:
    """The process dies; the engine delivers the activity again."""

    at: int

    def strike(self, point: Point) -> None:
        """Dies there."""
        if point.number == self.at:
            raise Killed


@dataclass(frozen=True)
class Break:
    """The call fails: before its effect, or after it by losing the answer."""

    at: int

    def strike(self, point: Point) -> None:
        """Raises what the adapter of the port would raise."""
        if point.number == self.at:
            raise _failure_at(point)


def _failure_at(point: Point) -> ServiceError | EvidenceError:
    if point.method in {"create", "read", "list_keys"}:
        return EvidenceError("the store is away")
    if point.is_after and point.method in WRITES:
        return OutcomeUnknownError("connection lost")
    return UnavailableError("no route")


@dataclass(frozen=True)
class Meanwhile:
    """Somebody else acts between two instructions of ours."""

    at: int
    act: Callable[[], None]

    def strike(self, point: Point) -> None:
        """Lets them act."""
        if point.number == self.at:
            self.act()


@dataclass
class Watch:
    """Counts the points that are passed and lets a blow fall on them."""

    blow: Blow = field(default_factory=Nothing)
    points: list[Point] = field(default_factory=list)

    def pass_point(self, method: str, *, is_after: bool) -> None:
        """One more point."""
        point = Point(number=len(self.points) + 1, method=method, is_after=is_after)
        self.points.append(point)
        self.blow.strike(point)


class Watched:
    """A port whose every call passes two points."""

    def __init__(self, port: Any, watch: Watch) -> None:
        self._port = port
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            self._watch.pass_point(name, is_after=False)
            answer = await method(*arguments, **named)
            self._watch.pass_point(name, is_after=True)
            return answer

        return call


NO_CALLS = frozenset({"clock", "exchanges", "scope"})
"""Ports that reach nothing outside of the process."""


def watched(ports: Ports, watch: Watch) -> Ports:
    """The same ports, every call of which is watched; the clock is no call."""
    members = {
        name: port if name in NO_CALLS else Watched(port, watch)
        for name, port in vars(ports).items()
    }
    return Ports(**members)
