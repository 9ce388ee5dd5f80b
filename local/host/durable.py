"""Runs durable work items: engine → runtime → engine.

Orchestrator turns and activities have a limit each, from host.json. What cannot be finished is
given back to the engine rather than failed: an engine repeats it, at least once.
"""

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Mapping

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf import wrappers_pb2

from .engine import Engine
from .failures import to_failure_details
from .functions import ACTIVITY_TRIGGER, ORCHESTRATION_TRIGGER, Failure, Function, InvocationResult
from .hot_turns import HotTurns, started_name
from .invoker import Invoker
from .messages import TypedData

_log = logging.getLogger("Host.DurableTask")

_RETRY_AFTER_ABANDON_S = 1.0
"""Work that cannot be completed would otherwise be repeated without a pause."""


class DurableDispatcher:
    """Pulls work items until stopped.

    Args:
        engine: Where work comes from.
        invoker: Runs the functions.
        functions: The app's functions; those with durable triggers are used.
        max_orchestrations: Orchestrator turns at a time.
        max_activities: Activities at a time.
        hot: Runs turns without replay; None: the app's function runs every turn.
    """

    def __init__(
        self,
        engine: Engine,
        invoker: Invoker,
        functions: list[Function],
        *,
        max_orchestrations: int,
        max_activities: int,
        hot: HotTurns | None = None,
    ) -> None:
        self._engine = engine
        self._hot = hot
        self._invoker = invoker
        # Looked up without case, as the real host resolves the names of functions.
        self._orchestrators = by_durable_name(functions, ORCHESTRATION_TRIGGER, "orchestration")
        self._activities = by_durable_name(functions, ACTIVITY_TRIGGER, "activity")
        self._limits = {
            "orchestratorRequest": max_orchestrations,
            "activityRequest": max_activities,
        }
        # Kept here too: an engine may hand out more than it was asked for.
        self._slots = {kind: asyncio.Semaphore(limit) for kind, limit in self._limits.items()}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_stopping = False
        self._pump: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to pull work."""
        self._pump = asyncio.create_task(self._pull(), name="durable work items")

    async def stop(self, timeout_s: float) -> None:
        """Pulls no more, waits for running work up to ``timeout_s``, gives the rest back."""
        self._is_stopping = True
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        if not self._tasks:
            return
        _, unfinished = await asyncio.wait(self._tasks, timeout=timeout_s)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    async def _pull(self) -> None:
        while not self._is_stopping:
            try:
                await self._pull_stream()
            except Exception:  # noqa: BLE001, whatever an engine raises, work must go on
                _log.exception("the engine stopped handing out work; asking again")
            await asyncio.sleep(_RETRY_AFTER_ABANDON_S)

    async def _pull_stream(self) -> None:
        source = self._hot or self._engine
        items: AsyncIterator[pb.WorkItem] = source.work_items(
            max_orchestrations=self._limits["orchestratorRequest"],
            max_activities=self._limits["activityRequest"],
        )
        # Not awaited: a slow activity must not keep turns from being pulled.
        async for item in items:
            task = asyncio.create_task(self._handle(item))
            # The loop keeps only weak references to its tasks, and stop() waits for these.
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _handle(self, item: pb.WorkItem) -> None:
        kind = item.WhichOneof("request")
        if kind not in self._slots:
            # Not given back: it would be handed out again, and to nobody but this host.
            _log.error("the engine sent a work item of a kind this host does not run: %s", kind)
            return
        is_done = False
        try:
            async with self._slots[kind]:
                if not self._is_stopping:
                    is_done = await self._run(kind, item)
        finally:
            if not is_done:
                await self._engine.abandon(item.completionToken)

    async def _run(self, kind: str, item: pb.WorkItem) -> bool:
        try:
            if kind == "orchestratorRequest":
                return await self._run_turn(item)
            return await self._run_activity(item)
        except Exception:  # noqa: BLE001, whatever an engine raises
            # It refused or went away; the work is given back and will be repeated.
            _log.exception("a durable work item could not be completed")
            # It would be handed out again at once, and fail the same way as long as this lasts.
            await asyncio.sleep(_RETRY_AFTER_ABANDON_S)
            return False

    async def _run_turn(self, item: pb.WorkItem) -> bool:
        request = item.orchestratorRequest
        response = None if self._hot is None else await self._hot.run(request)
        if response is not None:
            response.completionToken = item.completionToken
            await self._engine.complete_orchestration(response)
            return True
        return await self._run_function(item)

    async def _run_function(self, item: pb.WorkItem) -> bool:
        """Runs a turn the official way: the app's function replays it from its history."""
        request = item.orchestratorRequest
        name = orchestration_name(request)
        function = self._orchestrators.get(name.lower())
        if function is None:
            details = _not_registered("orchestrator", name, sorted(self._orchestrators))
            refused = _failed_turn(item, details, is_retriable=False)
            await self._engine.complete_orchestration(refused)
            return True
        # As in Azure: the binding carries text, and the library decodes it (durable-2x 1).
        body = base64.b64encode(request.SerializeToString()).decode()
        result = await self._invoker.invoke(
            function, TypedData(string=body), instance_id=request.instanceId
        )
        if self._is_cut_short(result):
            return False
        # Too slow may be quicker next time, so the real extension repeats the turn.
        if result.has_timed_out:
            await asyncio.sleep(_RETRY_AFTER_ABANDON_S)
            return False
        await self._engine.complete_orchestration(_answer(item, name, result))
        return True

    async def _run_activity(self, item: pb.WorkItem) -> bool:
        request = item.activityRequest
        response = pb.ActivityResponse(
            instanceId=request.orchestrationInstance.instanceId,
            taskId=request.taskId,
            completionToken=item.completionToken,
        )
        function = self._activities.get(request.name.lower())
        if function is None:
            details = _not_registered("activity", request.name, sorted(self._activities))
            # No retry policy can make the function appear; only another deployment can.
            response.failureDetails.CopyFrom(to_failure_details(details, is_retriable=False))
        else:
            result = await self._invoker.invoke(
                function, TypedData(json=_activity_input(request)), instance_id=response.instanceId
            )
            if self._is_cut_short(result):
                return False
            _fill(response, result)
        await self._engine.complete_activity(response)
        return True

    def _is_cut_short(self, result: InvocationResult) -> bool:
        """Whether a failure may be the shutdown's doing: as in Azure, that is repeated instead."""
        # One Ctrl-C stops everything a terminal runs, and with it what an activity is calling.
        return self._is_stopping and result.failure is not None


def by_durable_name(
    functions: list[Function], trigger_type: str, name_member: str
) -> Mapping[str, Function]:
    """Functions of one durable trigger by the lower-case name orchestrators call them.

    That is the name given in the decorator, else the function's own.
    """
    return {
        str(one.trigger.get(name_member) or one.name).lower(): one
        for one in functions
        if one.trigger_type == trigger_type
    }


def orchestration_name(request: pb.OrchestratorRequest) -> str:
    """The orchestrator's name, from the event that started the execution."""
    name = started_name(request)
    if name is None:
        raise ValueError(f"the turn of {request.instanceId} has no ExecutionStarted event")
    return name


def _activity_input(request: pb.ActivityRequest) -> str:
    # The library reads None from JSON null; an absent input is the same to a function.
    return request.input.value if request.HasField("input") else "null"


def _fill(response: pb.ActivityResponse, result: InvocationResult) -> None:
    if result.failure is not None:
        response.failureDetails.CopyFrom(to_failure_details(result.failure))
    elif result.return_value is not None and result.return_value.kind is not None:
        response.result.CopyFrom(wrappers_pb2.StringValue(value=str(result.return_value.value)))


def _not_registered(kind: str, name: str, known: list[str]) -> Failure:
    message = f"no {kind} function is named '{name}'; the app has {', '.join(known) or 'none'}"
    _log.error("%s", message)
    return Failure(error_type=f"{kind.capitalize()}NotRegistered", message=message, stack_trace="")


def _answer(item: pb.WorkItem, name: str, result: InvocationResult) -> pb.OrchestratorResponse:
    """The turn's answer; the end of the instance where the function gave none.

    What an orchestrator raises comes back in its answer. A failure of the function around it ends
    the instance too, as the extension does it: repeated, it would fail the same way for ever.
    """
    value = result.return_value
    if result.failure is None and value is not None and value.kind is not None:
        response = pb.OrchestratorResponse.FromString(base64.b64decode(value.value))
        response.completionToken = item.completionToken
        return response
    cause = result.failure or "it returned nothing"
    failure = Failure(
        error_type="OrchestratorFunctionFailed",
        message=f"function '{name}' failed with an unhandled exception: {cause}",
        stack_trace=result.failure.stack_trace if result.failure else "",
    )
    return _failed_turn(item, failure, is_retriable=True)


def _failed_turn(
    item: pb.WorkItem, failure: Failure, *, is_retriable: bool
) -> pb.OrchestratorResponse:
    complete = pb.CompleteOrchestrationAction(
        orchestrationStatus=pb.ORCHESTRATION_STATUS_FAILED,
        failureDetails=to_failure_details(failure, is_retriable=is_retriable),
    )
    return pb.OrchestratorResponse(
        instanceId=item.orchestratorRequest.instanceId,
        completionToken=item.completionToken,
        actions=[pb.OrchestratorAction(id=-1, completeOrchestration=complete)],
    )
