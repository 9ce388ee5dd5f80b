"""A gRPC server on 127.0.0.1, and only there, with the manners a task hub needs."""

from collections.abc import Callable

import grpc.aio

from domain.errors import ConfigurationError
from local.ports import LAST_PORT

# A worker that is stopped (a debugger, SIGSTOP) keeps its connection and its work. One that does
# not answer these pings is taken for gone, and others get what it held.
_KEEPALIVE_MS = 20_000

_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.http2.max_pings_without_data", 0),
    # Workers may ping as often as they like: gRPC would hang up on them for it.
    ("grpc.http2.max_ping_strikes", 0),
    # Two hubs on one port must not share its callers.
    ("grpc.so_reuseport", 0),
)


class HubServer:
    """Serves on 127.0.0.1.

    Args:
        add: Adds what is served, such as :func:`local.taskhub.service.add_service` of a hub.
        port: The port; 0 takes a free one.
        keepalive_ms: Silence after which a caller is pinged, and how long it has to answer.
    """

    def __init__(
        self,
        add: Callable[[grpc.aio.Server], None],
        port: int = 0,
        *,
        keepalive_ms: int = _KEEPALIVE_MS,
    ) -> None:
        # gRPC takes 99999 for another port, modulo 65536.
        if not 0 <= port <= LAST_PORT:
            raise ConfigurationError(
                f"{port} is not a port.", subject="--port", what_to_do="Give 0 for a free one."
            )
        pings = [
            ("grpc.keepalive_time_ms", keepalive_ms),
            ("grpc.keepalive_timeout_ms", keepalive_ms),
            # Else gRPC waits a minute for the answer, whatever the line above says.
            ("grpc.http2.ping_timeout_ms", keepalive_ms),
        ]
        self._server = grpc.aio.server(options=[*_OPTIONS, *pings])
        add(self._server)
        try:
            self.port: int = self._server.add_insecure_port(f"127.0.0.1:{port}")
        except RuntimeError as error:
            raise ConfigurationError(
                f"port {port} of 127.0.0.1 is taken.",
                subject="--port",
                what_to_do="Give another port, or 0 for a free one.",
            ) from error

    async def start(self) -> None:
        """Starts answering."""
        await self._server.start()

    async def stop(self) -> None:
        """Stops answering; calls under way get a moment to finish."""
        await self._server.stop(1.0)
