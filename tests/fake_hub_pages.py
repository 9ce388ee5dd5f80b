"""A task hub's answers to queries, from states that are kept in memory."""

from collections.abc import Callable, Iterable

import grpc
from durabletask.client import OrchestrationState
from durabletask.internal import orchestrator_service_pb2 as pb


class FakeHubPages:
    """The part of the durable client behind its queries: prefix, page size, continuation.

    Args:
        list_states: Gives every state, in the order of creation.
    """

    _data_converter = None
    _payload_store = None

    def __init__(self, list_states: Callable[[], Iterable[OrchestrationState]]) -> None:
        self._list_states = list_states
        self.read = 0
        """Instances that left the hub so far."""

    def _get_stub(self) -> "FakeHubPages":
        return self

    async def QueryInstances(  # noqa: N802 - the service's own name
        self, request: pb.QueryInstancesRequest
    ) -> pb.QueryInstancesResponse:
        """One page; the token is how many came before it."""
        query = request.query
        token = query.continuationToken.value or "0"
        if not token.isdecimal():
            raise _invalid(f"{token!r} is no token of this hub")
        prefix = query.instanceIdPrefix.value
        found = [one for one in self._list_states() if one.instance_id.startswith(prefix)]
        end = int(token) + query.maxInstanceCount
        page = found[int(token) : end]
        self.read += len(page)
        answer = pb.QueryInstancesResponse(orchestrationState=[_to_message(one) for one in page])
        if end < len(found):
            answer.continuationToken.value = str(end)
        return answer


def _to_message(state: OrchestrationState) -> pb.OrchestrationState:
    message = pb.OrchestrationState(
        instanceId=state.instance_id,
        name=state.name,
        orchestrationStatus=state.runtime_status.value,
    )
    message.createdTimestamp.FromDatetime(state.created_at)
    message.lastUpdatedTimestamp.FromDatetime(state.last_updated_at)
    payloads = {
        "input": state.serialized_input,
        "output": state.serialized_output,
        "customStatus": state.serialized_custom_status,
    }
    for name, text in payloads.items():
        if text is not None:
            getattr(message, name).value = text
    if state.failure_details is not None:
        message.failureDetails.errorType = state.failure_details.error_type
        message.failureDetails.errorMessage = state.failure_details.message
    return message


def _invalid(details: str) -> grpc.aio.AioRpcError:
    nothing = grpc.aio.Metadata()
    return grpc.aio.AioRpcError(grpc.StatusCode.INVALID_ARGUMENT, nothing, nothing, details=details)
