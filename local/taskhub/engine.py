"""The durable engine as the local Functions host uses it: in its own process and event loop."""

from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

from durabletask.internal import orchestrator_service_pb2 as pb

from adapters.clock import ScaledClock
from local.taskhub.consumers import HeldExecutions, Wants
from local.taskhub.errors import HubFaultError
from local.taskhub.hub import Hub
from local.taskhub.server import HubServer
from local.taskhub.service import add_service


class SqliteEngine:
    """A hub and its gRPC server; an ``Engine`` of :mod:`local.host.engine`.

    Args:
        db_path: The hub's file; made if absent.
        clock: The clock that all processes share; :func:`local.taskhub.hubclock.resume_clock`
            gives the one a file goes on with.
        replay: Hand out the whole history with every turn, so that non-deterministic code is
            found at its first wrong step.
        port: Where to serve on 127.0.0.1; 0 takes a free port.
    """

    leaves_out_held_history = True
    """``work_items`` takes what its caller holds; what the host looks for before it holds any."""

    def __init__(
        self, db_path: Path, clock: ScaledClock, *, replay: bool = False, port: int = 0
    ) -> None:
        self.address = ""
        self._db_path = db_path
        self._clock = clock
        self._replay = replay
        self._port = port
        self._hub: Hub | None = None
        self._server: HubServer | None = None

    async def start(self) -> None:
        """Opens the file, goes on where it says and serves.

        Raises:
            ConfigurationError: The file or the port cannot be used; the message says what to do.
        """
        hub = Hub(self._db_path, self._clock)
        try:
            hub.start()
            server = HubServer(partial(add_service, hub), self._port)
            await server.start()
        # The lock on the file would stay with this process, and keep a corrected start out.
        except BaseException:
            await hub.stop()
            raise
        self.address = f"127.0.0.1:{server.port}"
        hub.store.lock.describe(self.address)
        self._hub, self._server = hub, server

    async def stop(self) -> None:
        """Stops serving, ends every iteration of work and closes the file."""
        hub, server = self._hub, self._server
        if hub is None or server is None:
            return
        self._hub = self._server = None
        # Streams first: the server would wait for them as long as its grace period lasts.
        hub.end_streams()
        await server.stop()
        await hub.stop()

    async def until_broken(self) -> HubFaultError:
        """Waits until the engine cannot go on, because its file cannot be written; says why."""
        return await self._running().until_broken()

    def work_items(
        self,
        *,
        max_orchestrations: int,
        max_activities: int,
        held: HeldExecutions | None = None,
    ) -> AsyncGenerator[pb.WorkItem]:
        """Work for the caller until the engine stops.

        Args:
            max_orchestrations: Turns handed out and not completed, at most.
            max_activities: Activities handed out and not completed, at most.
            held: The executions the caller keeps in memory, :class:`local.taskhub.hot.
                HotExecutions`. Their turns come without past events; an answer with
                ``requiresHistory`` brings the turn again with them.
        """
        wants = Wants(
            max_orchestrations=max_orchestrations,
            max_activities=max_activities,
            held=None if self._replay else held,
        )
        return self._running().stream(wants)

    async def complete_orchestration(self, response: pb.OrchestratorResponse) -> None:
        """Commits what a turn decided."""
        await self._running().complete_turn(response)

    async def complete_activity(self, response: pb.ActivityResponse) -> None:
        """Commits an activity's result."""
        await self._running().complete_task(response)

    async def abandon(self, completion_token: str) -> None:
        """Takes a piece of work back unfinished."""
        self._running().abandon(completion_token)

    def _running(self) -> Hub:
        if self._hub is None:
            raise RuntimeError("the engine is not running")
        return self._hub
