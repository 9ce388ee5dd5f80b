"""Durable entities: not served by this hub, and said so instead of left hanging."""

# The methods bear the names of the contract.
# ruff: noqa: N802

from typing import Any, NoReturn

import grpc
import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal import orchestrator_service_pb2_grpc as stubs

type _Context = grpc.aio.ServicerContext[Any, Any]

_NO_ENTITIES = "Durable entities are not supported by this task hub; use orchestrations."


class EntityRefusals(stubs.TaskHubSidecarServiceServicer):
    """Answers every entity call of the contract with UNIMPLEMENTED."""

    async def SignalEntity(self, _request: pb.SignalEntityRequest, context: _Context) -> NoReturn:
        """Refuses to signal an entity."""
        await _refuse_entities(context)

    async def GetEntity(self, _request: pb.GetEntityRequest, context: _Context) -> NoReturn:
        """Refuses to read an entity."""
        await _refuse_entities(context)

    async def QueryEntities(self, _request: pb.QueryEntitiesRequest, context: _Context) -> NoReturn:
        """Refuses to list entities."""
        await _refuse_entities(context)

    async def CleanEntityStorage(
        self, _request: pb.CleanEntityStorageRequest, context: _Context
    ) -> NoReturn:
        """Refuses to clean what is not there."""
        await _refuse_entities(context)

    async def CompleteEntityTask(
        self, _request: pb.EntityBatchResult, context: _Context
    ) -> NoReturn:
        """Refuses a result nobody asked for."""
        await _refuse_entities(context)

    async def AbandonTaskEntityWorkItem(
        self, _request: pb.AbandonEntityTaskRequest, context: _Context
    ) -> NoReturn:
        """Refuses work nobody handed out."""
        await _refuse_entities(context)


async def _refuse_entities(context: _Context) -> NoReturn:
    await context.abort(grpc.StatusCode.UNIMPLEMENTED, _NO_ENTITIES)
