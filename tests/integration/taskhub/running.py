"""A task hub running inside a test, with the public durabletask client and a worker."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from durabletask.client import AsyncTaskHubGrpcClient, OrchestrationState
from durabletask.grpc_options import GrpcWorkerResiliencyOptions
from durabletask.worker import TaskHubGrpcWorker

from adapters.clock import ScaledClock
from local.taskhub.engine import SqliteEngine
from local.taskhub.inprocess import InProcessWorker

QUIET = logging.getLogger("quiet")
QUIET.setLevel(logging.CRITICAL)

RATE = 3600.0
"""Virtual seconds per second, so that a durable hour takes a second."""

WAIT_S = 15.0

Function = Callable[..., Any]


class RunningHub:
    """Starts and stops an engine on one file; ``mode`` says how its work is run.

    ``hot``: in process, executions kept; ``replay``: in process, everything replayed; ``grpc``:
    durabletask's own worker over gRPC.
    """

    def __init__(self, path: Path, mode: str = "hot", clock: ScaledClock | None = None) -> None:
        self.path = path
        self.mode = mode
        self.clock = clock or ScaledClock(RATE)
        self.engine = self._new_engine()
        self._workers: list[InProcessWorker | TaskHubGrpcWorker] = []
        self._clients: list[AsyncTaskHubGrpcClient] = []

    def _new_engine(self) -> SqliteEngine:
        return SqliteEngine(self.path, self.clock, replay=self.mode == "replay")

    async def start(self) -> None:
        await self.engine.start()
        self._clients.append(AsyncTaskHubGrpcClient(host_address=self.engine.address, logger=QUIET))

    @property
    def client(self) -> AsyncTaskHubGrpcClient:
        return self._clients[-1]

    async def stop(self) -> None:
        await self.stop_workers()
        for client in self._clients:
            await client.close()
        self._clients.clear()
        await self.engine.stop()

    async def restart(self) -> None:
        await self.stop()
        self.engine = self._new_engine()
        await self.start()

    def work(self, *functions: Function, activities: Iterable[Function] = ()) -> None:
        """Starts a worker that runs these orchestrators and activities."""
        worker: Any = self._new_worker()
        for orchestrator in functions:
            worker.add_orchestrator(orchestrator)
        for activity in activities:
            worker.add_activity(activity)
        worker.start()
        self._workers.append(worker)

    def _new_worker(self) -> InProcessWorker | TaskHubGrpcWorker:
        if self.mode != "grpc":
            return InProcessWorker(self.engine)
        return TaskHubGrpcWorker(
            host_address=self.engine.address,
            logger=QUIET,
            resiliency_options=GrpcWorkerResiliencyOptions(
                reconnect_backoff_base_seconds=0.05, reconnect_backoff_cap_seconds=0.2
            ),
        )

    async def stop_workers(self) -> None:
        for worker in self._workers:
            if isinstance(worker, InProcessWorker):
                await worker.stop()
            else:
                # Its threads take a second to notice; nothing here depends on when they do.
                threading.Thread(target=worker.stop).start()
        self._workers.clear()

    async def run(self, orchestrator: str | Function, **start: Any) -> OrchestrationState:
        """Starts an instance and gives its state when it has ended."""
        instance_id = await self.client.schedule_new_orchestration(orchestrator, **start)
        return await self.ended(instance_id)

    async def ended(self, instance_id: str) -> OrchestrationState:
        state = await self.client.wait_for_orchestration_completion(instance_id, timeout=WAIT_S)
        assert state is not None
        return state

    async def state(self, instance_id: str) -> OrchestrationState:
        state = await self.client.get_orchestration_state(instance_id)
        assert state is not None
        return state

    async def until(self, instance_id: str, is_reached: Callable[[OrchestrationState], bool]):
        """The instance's state as soon as it is as wanted."""
        async with asyncio.timeout(WAIT_S):
            while True:
                state = await self.state(instance_id)
                if is_reached(state):
                    return state
                await asyncio.sleep(0.01)

    async def event_kinds(self, instance_id: str) -> list[str]:
        """The kinds of the events in an instance's history."""
        history = await self.client.get_orchestration_history(instance_id)
        return [type(event).__name__.removesuffix("Event") for event in history]
