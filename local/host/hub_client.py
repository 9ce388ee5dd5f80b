"""Calls the engine's gRPC service, typed; the generated stub is not."""

from collections.abc import AsyncIterator

import grpc
from google.protobuf.message import Message

SERVICE = "/TaskHubSidecarService/"
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class HubClient:
    """A channel to a task hub.

    Args:
        address: ``host:port`` of the engine.
    """

    def __init__(self, address: str) -> None:
        # Without TLS: the engine is in this process, on the loopback address.
        self._channel = grpc.aio.insecure_channel(address, options=_UNLIMITED)

    async def call[A: Message](self, method: str, request: Message, answer: type[A]) -> A:
        """One request, one answer.

        Raises:
            grpc.aio.AioRpcError: The engine refused, or cannot be reached.
        """
        # By name instead of the generated stub, which has no types for a checker.
        rpc = self._channel.unary_unary(
            SERVICE + method,
            request_serializer=type(request).SerializeToString,
            response_deserializer=answer.FromString,
        )
        return await rpc(request)

    def stream[A: Message](self, method: str, request: Message, part: type[A]) -> AsyncIterator[A]:
        """One request, many answers; ends when the engine or the channel does.

        Raises:
            grpc.aio.AioRpcError: The engine refused, or went away.
        """
        rpc = self._channel.unary_stream(
            SERVICE + method,
            request_serializer=type(request).SerializeToString,
            response_deserializer=part.FromString,
        )
        return aiter(rpc(request))

    async def close(self) -> None:
        """Ends the channel and every call on it."""
        await self._channel.close()
