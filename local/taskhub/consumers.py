"""A worker's end of the hub: what it takes, how much at once, and what it holds."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub.transaction import TaskScheduled
from local.taskhub.work import Turn
from local.taskhub.workqueue import Kind

# What a worker that states no limit may hold.
_DEFAULT_LIMIT = 100

type Work = Turn | TaskScheduled

type _Names = dict[str, frozenset[str]]


class HeldExecutions(Protocol):
    """The executions a worker in this process keeps in memory; see :mod:`local.taskhub.hot`."""

    def holds(self, instance_id: str, execution_id: str) -> bool:
        """Whether it has this execution, up to its last committed turn."""
        ...

    def forget(self, instance_id: str) -> None:
        """Lets an instance's execution go."""
        ...


@dataclass(frozen=True, kw_only=True)
class Wants:
    """What a worker asks for in GetWorkItems."""

    max_orchestrations: int = _DEFAULT_LIMIT
    max_activities: int = _DEFAULT_LIMIT
    orchestrations: _Names | None = None
    """Names it runs and their versions (none: any); None: everything."""
    activities: _Names | None = None
    streams_history: bool = False
    """It can fetch a long history itself, instead of getting it with the work."""
    held: HeldExecutions | None = None
    """The executions it has in memory; their turns come without past events."""

    @classmethod
    def of(cls, request: pb.GetWorkItemsRequest) -> "Wants":
        """Reads a worker's request; a limit of 0 means that it states none."""
        filters = request.workItemFilters if request.HasField("workItemFilters") else None
        return cls(
            max_orchestrations=request.maxConcurrentOrchestrationWorkItems or _DEFAULT_LIMIT,
            max_activities=request.maxConcurrentActivityWorkItems or _DEFAULT_LIMIT,
            orchestrations=None if filters is None else _names(filters.orchestrations),
            activities=None if filters is None else _names(filters.activities),
            streams_history=pb.WORKER_CAPABILITY_HISTORY_STREAMING in request.capabilities,
        )


def _names(filters: Iterable[pb.OrchestrationFilter | pb.ActivityFilter]) -> _Names:
    names: _Names = {}
    for one in filters:
        versions = frozenset(one.versions)
        known = names.get(one.name, versions)
        # A name listed without versions takes all of them, whatever else is listed.
        names[one.name] = known | versions if known and versions else frozenset()
    return names


def _accepts(names: _Names | None, kind: Kind) -> bool:
    if names is None:
        return True
    name, version = kind
    versions = names.get(name)
    return versions is not None and (not versions or version in versions)


# By identity: two workers that want the same are still two.
@dataclass(eq=False)
class Consumer:
    """One worker's stream of work."""

    wants: Wants
    turns: dict[str, Turn] = field(default_factory=dict)
    tasks: dict[str, TaskScheduled] = field(default_factory=dict)
    is_closed: bool = False
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def has_room_for_turn(self) -> bool:
        """Whether it may hold one more turn."""
        return len(self.turns) < self.wants.max_orchestrations

    @property
    def has_room_for_task(self) -> bool:
        """Whether it may hold one more activity."""
        return len(self.tasks) < self.wants.max_activities

    def accepts_turn(self, kind: Kind) -> bool:
        """Whether it runs orchestrations of this name and version."""
        return _accepts(self.wants.orchestrations, kind)

    def accepts_task(self, kind: Kind) -> bool:
        """Whether it runs activities of this name and version."""
        return _accepts(self.wants.activities, kind)

    def wake(self) -> None:
        """There may be work or room."""
        self._woken.set()

    def close(self) -> None:
        """Ends the stream."""
        self.is_closed = True
        self._woken.set()

    async def next(self, take: Callable[["Consumer"], Work | None]) -> Work | None:
        """The next piece of work, as soon as there is one; None when the stream is over."""
        while not self.is_closed:
            # Cleared before the look, or work that comes during the look would be slept through.
            self._woken.clear()
            item = take(self)
            if item is not None:
                return item
            await self._woken.wait()
        return None
