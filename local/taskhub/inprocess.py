"""A durabletask worker in the engine's own process: no gRPC, hot executions.

Takes the same orchestrators and activities as ``durabletask.worker.TaskHubGrpcWorker``; activities
may also be coroutine functions.
"""

import asyncio
import contextlib
import inspect
import logging
from collections.abc import Callable
from typing import Any

from durabletask import task
from durabletask.internal import helpers
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.serialization import DEFAULT_DATA_CONVERTER

from local.taskhub.engine import SqliteEngine
from local.taskhub.hot import HotExecutions, Orchestrator

_LOGGER = logging.getLogger(__name__)

type Activity = Callable[[task.ActivityContext, Any], Any]


class InProcessWorker:
    """Runs the work of an engine on its event loop.

    Args:
        engine: The engine, started.
        max_orchestrations: Turns at a time.
        max_activities: Activities at a time.
    """

    def __init__(
        self, engine: SqliteEngine, *, max_orchestrations: int = 200, max_activities: int = 200
    ) -> None:
        self._engine = engine
        self._limits = {
            "max_orchestrations": max_orchestrations,
            "max_activities": max_activities,
        }
        self._executions = HotExecutions()
        self._activities: dict[str, Activity] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._pump: asyncio.Task[None] | None = None

    def add_orchestrator(self, orchestrator: Orchestrator) -> None:
        """Registers an orchestrator under its function's name."""
        self._executions.add(task.get_name(orchestrator), orchestrator)

    def add_activity(self, activity: Activity) -> None:
        """Registers an activity under its function's name."""
        self._activities[task.get_name(activity)] = activity

    def start(self) -> None:
        """Starts taking work; call on the engine's event loop."""
        self._pump = asyncio.create_task(self._take_work())

    async def stop(self) -> None:
        """Stops taking work; what is unfinished goes back to the engine."""
        pending = [one for one in (self._pump, *self._running) if one is not None]
        # Cancelled, not awaited: unfinished work is in the file and comes again.
        for one in pending:
            one.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    async def _take_work(self) -> None:
        items = self._engine.work_items(**self._limits, held=self._executions)
        # Closed here when this is cancelled: left to the garbage collector, the stream would give
        # its work back at some later time.
        async with contextlib.aclosing(items):
            async for item in items:
                if item.HasField("orchestratorRequest"):
                    self._spawn(self._run_turn(item))
                elif item.HasField("activityRequest"):
                    self._spawn(self._run_activity(item))

    def _spawn(self, work: Any) -> None:
        running = asyncio.create_task(work)
        # The loop itself keeps only weak references to its tasks.
        self._running.add(running)
        running.add_done_callback(self._settle)

    def _settle(self, done: asyncio.Task[None]) -> None:
        self._running.discard(done)
        if not done.cancelled() and done.exception() is not None:
            _LOGGER.error("a piece of work could not be completed", exc_info=done.exception())

    async def _run_turn(self, item: pb.WorkItem) -> None:
        # On the loop: a turn takes a tenth of a millisecond, and a thread switch as much.
        response = self._executions.run(item.orchestratorRequest)
        response.completionToken = item.completionToken
        await self._engine.complete_orchestration(response)

    async def _run_activity(self, item: pb.WorkItem) -> None:
        request = item.activityRequest
        response = pb.ActivityResponse(
            instanceId=request.orchestrationInstance.instanceId,
            taskId=request.taskId,
            completionToken=item.completionToken,
        )
        try:
            result = await self._call_activity(request)
        except Exception as error:  # noqa: BLE001 (whatever it raises is the activity's failure)
            response.failureDetails.CopyFrom(helpers.new_failure_details(error))
        else:
            if result is not None:
                response.result.value = result
        await self._engine.complete_activity(response)

    async def _call_activity(self, request: pb.ActivityRequest) -> str | None:
        activity = self._activities.get(request.name)
        if activity is None:
            # The words of durabletask's own worker, so that a missing activity reads the same here.
            raise LookupError(f"Activity function named '{request.name}' was not registered!")
        instance_id = request.orchestrationInstance.instanceId
        context = task.ActivityContext(instance_id, request.taskId)
        payload = DEFAULT_DATA_CONVERTER.deserialize(request.input.value or None, None)
        if inspect.iscoroutinefunction(activity):
            result = await activity(context, payload)
        else:
            # A plain function may block, and the loop must go on handing out work.
            result = await asyncio.to_thread(activity, context, payload)
        return DEFAULT_DATA_CONVERTER.serialize(result)
