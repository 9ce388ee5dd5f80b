"""Microsoft's in-memory test backend as an engine; for tests, since a restart loses everything.

Its limits are listed in durable-2x 3: one thread per pending timer, and a sub-orchestration of more
than 30 s never reports back. Its own ``start`` listens on every interface, so its servicer is
served from a server of ours, on loopback. It knows only the wall clock; with a clock that runs
faster, moments are translated on the way in and out, except those a client reads as an instance's
created and updated times.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import grpc
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal import orchestrator_service_pb2_grpc as stubs
from durabletask.testing import InMemoryOrchestrationBackend
from google.protobuf.timestamp_pb2 import Timestamp

from adapters.clock import ScaledClock

from .hub_client import HubClient

_log = logging.getLogger("Host.Engine")

# Each waiting client and the work item stream hold a thread of the server all the time.
_SERVER_THREADS = 64
_STOP_GRACE_S = 1.0
# The backend's own limit is made for unit tests and cuts longer workflows off.
_MAX_HISTORY = 1_000_000


class MemoryEngine:
    """Keeps orchestrations in memory.

    Args:
        clock: The clock that orchestrations and timers follow.
        port: The port of the gRPC service; 0 takes a free one.
    """

    def __init__(self, clock: ScaledClock, port: int = 0) -> None:
        self.address = ""
        self._clock = clock
        self._port = port
        self._backend = InMemoryOrchestrationBackend(max_history_size=_MAX_HISTORY)
        self._server = grpc.server(ThreadPoolExecutor(max_workers=_SERVER_THREADS))
        self._client: HubClient | None = None
        self._ready: asyncio.Queue[pb.WorkItem | None] = asyncio.Queue()
        """None: the stream has ended."""
        self._activities: dict[str, pb.WorkItem] = {}

    async def start(self) -> None:
        """Serves on 127.0.0.1."""
        # The generated code carries no types.
        stubs.add_TaskHubSidecarServiceServicer_to_server(  # type: ignore[no-untyped-call]
            self._backend, self._server
        )
        bound = self._server.add_insecure_port(f"127.0.0.1:{self._port}")
        self.address = f"127.0.0.1:{bound}"
        self._server.start()
        # Through its own gRPC service: the backend's methods block, and would block the loop.
        self._client = HubClient(self.address)

    async def stop(self) -> None:
        """Stops serving; everything is lost."""
        if self._client is not None:
            await self._client.close()
        # Ends the backend's blocking streams; the server itself is ours to stop.
        self._backend.stop()
        await asyncio.to_thread(self._server.stop(_STOP_GRACE_S).wait)

    async def work_items(
        self, *, max_orchestrations: int, max_activities: int
    ) -> AsyncIterator[pb.WorkItem]:
        """The backend's stream and what was abandoned; the backend itself knows no limits."""
        request = pb.GetWorkItemsRequest(
            maxConcurrentOrchestrationWorkItems=max_orchestrations,
            maxConcurrentActivityWorkItems=max_activities,
        )
        stream = self._connected().stream("GetWorkItems", request, pb.WorkItem)
        # A queue between, because abandoned work joins the backend's own stream there.
        reader = asyncio.create_task(self._read(stream))
        try:
            while (item := await self._ready.get()) is not None:
                yield item
        finally:
            reader.cancel()

    async def complete_orchestration(self, response: pb.OrchestratorResponse) -> None:
        """Hands a turn's actions to the backend."""
        # The backend waits on the wall clock, so due times are given to it in real time.
        for action in response.actions:
            if action.HasField("createTimer"):
                _replace(action.createTimer.fireAt, self._to_real)
        client = self._connected()
        await client.call("CompleteOrchestratorTask", response, pb.CompleteTaskResponse)

    async def complete_activity(self, response: pb.ActivityResponse) -> None:
        """Hands an activity's result to the backend."""
        self._activities.pop(response.completionToken, None)
        await self._connected().call("CompleteActivityTask", response, pb.CompleteTaskResponse)

    async def abandon(self, completion_token: str) -> None:
        """Gives work back. The backend forgets abandoned activities, so they are kept here."""
        activity = self._activities.get(completion_token)
        # Its token stays known until it is completed, so it may be abandoned again.
        if activity is not None:
            self._ready.put_nowait(activity)
            return
        await self._connected().call(
            "AbandonTaskOrchestratorWorkItem",
            pb.AbandonOrchestrationTaskRequest(completionToken=completion_token),
            pb.AbandonOrchestrationTaskResponse,
        )

    def _connected(self) -> HubClient:
        if self._client is None:
            raise RuntimeError("the engine is not started")
        return self._client

    async def _read(self, stream: AsyncIterator[pb.WorkItem]) -> None:
        try:
            async for item in stream:
                self._prepare(item)
                self._ready.put_nowait(item)
        except grpc.aio.AioRpcError as error:
            # stop() closed the channel, or the server is gone: no more work either way.
            _log.debug("work item stream ended: %s", error.details())
        finally:
            self._ready.put_nowait(None)

    def _prepare(self, item: pb.WorkItem) -> None:
        if item.HasField("activityRequest"):
            self._activities[item.completionToken] = item
        elif item.HasField("orchestratorRequest"):
            self._translate(item.orchestratorRequest.pastEvents)
            self._translate(item.orchestratorRequest.newEvents)

    def _translate(self, events: Iterable[pb.HistoryEvent]) -> None:
        for event in events:
            _replace(event.timestamp, self._to_virtual)
            if event.HasField("timerCreated"):
                _replace(event.timerCreated.fireAt, self._to_virtual)
            elif event.HasField("timerFired"):
                _replace(event.timerFired.fireAt, self._to_virtual)

    def _to_virtual(self, real_s: float) -> float:
        return self._clock.origin + (real_s - self._clock.origin) * self._clock.rate

    def _to_real(self, virtual_s: float) -> float:
        return self._clock.origin + (virtual_s - self._clock.origin) / self._clock.rate


def _replace(timestamp: Timestamp, convert: Callable[[float], float]) -> None:
    seconds = timestamp.seconds + timestamp.nanos / 1e9
    # Completions carry an empty timestamp; it must stay empty.
    if seconds:
        timestamp.FromDatetime(datetime.fromtimestamp(convert(seconds), UTC))
