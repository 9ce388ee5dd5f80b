"""The gRPC edge: Microsoft's TaskHubSidecarService, for any durabletask SDK."""

# The methods bear the names of the contract.
# ruff: noqa: N802

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, NoReturn, Protocol

import grpc
import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal import orchestrator_service_pb2_grpc as stubs
from google.protobuf.empty_pb2 import Empty

from local.taskhub import instances, management, queries, rewind
from local.taskhub.consumers import Wants
from local.taskhub.entities import EntityRefusals
from local.taskhub.errors import HubFaultError, RefusalError
from local.taskhub.reader import Reader
from local.taskhub.writer import Writer

_LOGGER = logging.getLogger(__name__)

type _Context = grpc.aio.ServicerContext[Any, Any]

# Workers take a stream that is silent for 120 s for dead (durabletask GrpcWorkerResiliencyOptions).
_PING_S = 30.0

# What a gRPC client takes unless it was told to take more.
_USUAL_MESSAGE_LIMIT = 4 * 1024 * 1024


class HubCalls(Protocol):
    """What the gRPC edge asks of a hub; see :class:`local.taskhub.hub.Hub`."""

    writer: Writer
    reader: Reader

    def stream(self, wants: Wants, *, ping_s: float | None = None) -> AsyncIterator[pb.WorkItem]:
        """Work for one worker."""
        ...

    async def complete_turn(self, response: pb.OrchestratorResponse) -> None:
        """Commits what a turn decided."""
        ...

    async def complete_task(self, response: pb.ActivityResponse) -> None:
        """Commits an activity's result."""
        ...

    def abandon(self, token: str) -> None:
        """Takes a piece of work back."""
        ...

    async def wait_until(
        self,
        instance_id: str,
        is_reached: Callable[[pb.OrchestrationState], bool],
        *,
        with_payloads: bool,
    ) -> pb.GetInstanceResponse:
        """The instance's state as soon as it is as wanted."""
        ...


def add_service(hub: HubCalls, server: grpc.aio.Server) -> None:
    """Lets a gRPC server answer the contract's calls by a hub, which is started."""
    # The generated function has no types.
    add: Any = stubs.add_TaskHubSidecarServiceServicer_to_server
    add(_Service(hub), server)


class _Service(EntityRefusals):
    """One method per call of the contract; the names are the contract's."""

    def __init__(self, hub: HubCalls) -> None:
        self._hub = hub

    async def Hello(self, _request: Empty, _context: _Context) -> Empty:
        # Workers call this before they ask for work, only to learn that somebody is there.
        return Empty()

    async def StartInstance(
        self, request: pb.CreateInstanceRequest, context: _Context
    ) -> pb.CreateInstanceResponse:
        instance_id = await self._write(
            context, partial(management.start_instance, request=request)
        )
        return pb.CreateInstanceResponse(instanceId=instance_id)

    async def GetInstance(
        self, request: pb.GetInstanceRequest, _context: _Context
    ) -> pb.GetInstanceResponse:
        # An unknown instance is no refusal: the answer has a member for it, and clients give their
        # callers None.
        return await self._hub.reader.run(
            partial(
                queries.get_instance,
                instance_id=request.instanceId,
                with_payloads=request.getInputsAndOutputs,
            )
        )

    async def WaitForInstanceStart(
        self, request: pb.GetInstanceRequest, _context: _Context
    ) -> pb.GetInstanceResponse:
        return await self._hub.wait_until(
            request.instanceId,
            # Anything but pending: one that was quick may have ended before anybody looked.
            lambda state: state.orchestrationStatus != pb.ORCHESTRATION_STATUS_PENDING,
            with_payloads=request.getInputsAndOutputs,
        )

    async def WaitForInstanceCompletion(
        self, request: pb.GetInstanceRequest, _context: _Context
    ) -> pb.GetInstanceResponse:
        return await self._hub.wait_until(
            request.instanceId,
            lambda state: state.orchestrationStatus in instances.TERMINAL,
            with_payloads=request.getInputsAndOutputs,
        )

    async def RaiseEvent(
        self, request: pb.RaiseEventRequest, context: _Context
    ) -> pb.RaiseEventResponse:
        payload = request.input.value if request.HasField("input") else None
        await self._write(
            context,
            partial(
                management.raise_event,
                instance_id=request.instanceId,
                name=request.name,
                payload=payload,
            ),
        )
        return pb.RaiseEventResponse()

    async def TerminateInstance(
        self, request: pb.TerminateRequest, context: _Context
    ) -> pb.TerminateResponse:
        await self._write(
            context,
            partial(
                management.terminate,
                instance_id=request.instanceId,
                output=request.output.value if request.HasField("output") else None,
                recursive=request.recursive,
            ),
        )
        return pb.TerminateResponse()

    async def SuspendInstance(
        self, request: pb.SuspendRequest, context: _Context
    ) -> pb.SuspendResponse:
        reason = request.reason.value if request.HasField("reason") else None
        await self._write(
            context,
            partial(management.suspend, instance_id=request.instanceId, reason=reason),
        )
        return pb.SuspendResponse()

    async def ResumeInstance(
        self, request: pb.ResumeRequest, context: _Context
    ) -> pb.ResumeResponse:
        reason = request.reason.value if request.HasField("reason") else None
        await self._write(
            context, partial(management.resume, instance_id=request.instanceId, reason=reason)
        )
        return pb.ResumeResponse()

    async def RestartInstance(
        self, request: pb.RestartInstanceRequest, context: _Context
    ) -> pb.RestartInstanceResponse:
        instance_id = await self._write(
            context,
            partial(
                management.restart,
                instance_id=request.instanceId,
                new_id=request.restartWithNewInstanceId,
            ),
        )
        return pb.RestartInstanceResponse(instanceId=instance_id)

    async def RewindInstance(
        self, request: pb.RewindInstanceRequest, context: _Context
    ) -> pb.RewindInstanceResponse:
        reason = request.reason.value if request.HasField("reason") else None
        await self._write(
            context,
            partial(rewind.request_rewind, instance_id=request.instanceId, reason=reason),
        )
        return pb.RewindInstanceResponse()

    async def PurgeInstances(
        self, request: pb.PurgeInstancesRequest, context: _Context
    ) -> pb.PurgeInstancesResponse:
        recursive = request.recursive
        is_complete = True
        if request.HasField("purgeInstanceFilter"):
            removed, is_complete = await self._purge_by(
                context, request.purgeInstanceFilter, recursive=recursive
            )
        else:
            removed = 0
            # A command for each: all of them in one transaction would hold up every other commit.
            for instance_id in list(request.instanceBatch.instanceIds) or [request.instanceId]:
                removed += await self._write(
                    context,
                    partial(management.purge, instance_id=instance_id, recursive=recursive),
                )
        response = pb.PurgeInstancesResponse(deletedInstanceCount=removed)
        response.isComplete.value = is_complete
        return response

    async def _purge_by(
        self, context: _Context, chosen: pb.PurgeInstanceFilter, *, recursive: bool
    ) -> tuple[int, bool]:
        # Batch by batch, so that other commands get their turn between two of them.
        deadline = management.deadline_of(chosen)
        removed, may_be_more = 0, True
        while may_be_more:
            if deadline is not None and time.monotonic() >= deadline:
                return removed, False
            count, may_be_more = await self._write(
                context, partial(management.purge_batch, chosen=chosen, recursive=recursive)
            )
            removed += count
        return removed, True

    async def QueryInstances(
        self, request: pb.QueryInstancesRequest, context: _Context
    ) -> pb.QueryInstancesResponse:
        return await self._read(context, partial(queries.query_instances, query=request.query))

    async def ListInstanceIds(
        self, request: pb.ListInstanceIdsRequest, context: _Context
    ) -> pb.ListInstanceIdsResponse:
        return await self._read(context, partial(queries.list_instance_ids, request=request))

    async def StreamInstanceHistory(
        self, request: pb.StreamInstanceHistoryRequest, context: _Context
    ) -> AsyncIterator[pb.HistoryChunk]:
        history = await self._read(
            context, partial(queries.existing_history, instance_id=request.instanceId)
        )
        for chunk in queries.chunked(history):
            yield chunk

    async def GetWorkItems(
        self, request: pb.GetWorkItemsRequest, context: _Context
    ) -> AsyncIterator[pb.WorkItem]:
        try:
            async for item in self._hub.stream(Wants.of(request), ping_s=_PING_S):
                _warn_if_large(item)
                yield item
        except HubFaultError as fault:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(fault))

    async def CompleteOrchestratorTask(
        self, request: pb.OrchestratorResponse, context: _Context
    ) -> pb.CompleteTaskResponse:
        await _answer(context, self._hub.complete_turn(request))
        return pb.CompleteTaskResponse()

    async def CompleteActivityTask(
        self, request: pb.ActivityResponse, context: _Context
    ) -> pb.CompleteTaskResponse:
        await _answer(context, self._hub.complete_task(request))
        return pb.CompleteTaskResponse()

    async def AbandonTaskOrchestratorWorkItem(
        self, request: pb.AbandonOrchestrationTaskRequest, _context: _Context
    ) -> pb.AbandonOrchestrationTaskResponse:
        self._hub.abandon(request.completionToken)
        return pb.AbandonOrchestrationTaskResponse()

    async def AbandonTaskActivityWorkItem(
        self, request: pb.AbandonActivityTaskRequest, _context: _Context
    ) -> pb.AbandonActivityTaskResponse:
        self._hub.abandon(request.completionToken)
        return pb.AbandonActivityTaskResponse()

    async def CreateTaskHub(
        self, request: pb.CreateTaskHubRequest, context: _Context
    ) -> pb.CreateTaskHubResponse:
        # The hub is there as soon as anybody can ask for it. Making it anew would empty it, and
        # with it lose every upgrade that is under way.
        if request.recreateIfExists:
            await _refuse_to_empty(context)
        return pb.CreateTaskHubResponse()

    async def DeleteTaskHub(
        self, _request: pb.DeleteTaskHubRequest, context: _Context
    ) -> pb.DeleteTaskHubResponse:
        await _refuse_to_empty(context)

    async def SkipGracefulOrchestrationTerminations(
        self, request: pb.SkipGracefulOrchestrationTerminationsRequest, _context: _Context
    ) -> pb.SkipGracefulOrchestrationTerminationsResponse:
        # Terminations never wait for the orchestrator here, so there is nothing to skip.
        return pb.SkipGracefulOrchestrationTerminationsResponse(
            unterminatedInstanceIds=request.instanceBatch.instanceIds
        )

    async def _write[T](self, context: _Context, command: Callable[[Any], T]) -> T:
        async def submit() -> T:
            return await self._hub.writer.submit(command)

        return await _answer(context, submit())

    async def _read[T](self, context: _Context, query: Callable[[Any], T]) -> T:
        return await _answer(context, self._hub.reader.run(query))


async def _answer[T](context: _Context, work: Awaitable[T]) -> T:
    try:
        return await work
    except RefusalError as refusal:
        await context.abort(refusal.code, str(refusal))
        raise
    except HubFaultError as fault:
        # The code on which workers and clients try again: the next process may have room.
        await context.abort(grpc.StatusCode.UNAVAILABLE, str(fault))
        raise


def _warn_if_large(item: pb.WorkItem) -> None:
    size = item.ByteSize()
    if size > _USUAL_MESSAGE_LIMIT:
        _LOGGER.warning(
            "work of %d bytes for instance %s: a worker whose max_receive_message_length is less"
            " (%d unless set) loses its stream over it, again and again",
            size,
            item.orchestratorRequest.instanceId
            or item.activityRequest.orchestrationInstance.instanceId,
            _USUAL_MESSAGE_LIMIT,
        )


async def _refuse_to_empty(context: _Context) -> NoReturn:
    await context.abort(
        grpc.StatusCode.FAILED_PRECONDITION,
        "This task hub is never emptied by a call. Stop it and move its file away instead.",
    )
