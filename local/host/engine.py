"""What the host needs of a durable engine."""

from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

from durabletask.internal import orchestrator_service_pb2 as pb

from domain.errors import VaultliftError


class Engine(Protocol):
    """Keeps orchestrations and hands out their work; clients talk to it over gRPC."""

    address: str
    """``host:port`` of its TaskHubSidecarService on 127.0.0.1; known once started."""

    async def start(self) -> None:
        """Opens the store and starts serving.

        Raises:
            Exception: The store cannot be used; the message says what to do.
        """
        ...

    async def stop(self) -> None:
        """Stops serving; ends every ``work_items`` iteration; leaves the store consistent."""
        ...

    def work_items(
        self, *, max_orchestrations: int, max_activities: int
    ) -> AsyncIterator[pb.WorkItem]:
        """Work as GetWorkItems streams it, at most so many of each kind unfinished at a time."""
        ...

    async def complete_orchestration(self, response: pb.OrchestratorResponse) -> None:
        """Takes the result of an orchestrator turn; its completionToken names the work item."""
        ...

    async def complete_activity(self, response: pb.ActivityResponse) -> None:
        """Takes the result of an activity; its completionToken names the work item."""
        ...

    async def abandon(self, completion_token: str) -> None:
        """Gives a work item back unfinished, to be handed out again."""
        ...


@runtime_checkable
class BreakableEngine(Protocol):
    """An engine with a store that can fail while it runs."""

    async def until_broken(self) -> VaultliftError:
        """Waits until the engine cannot go on, and says why."""
        ...
