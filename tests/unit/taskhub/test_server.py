"""Where the hub may be served."""

import socket

import pytest

from domain.errors import ConfigurationError
from local.taskhub.server import HubServer


@pytest.mark.parametrize("port", [-1, 65_536, 99_999])
def test_what_is_no_port_is_refused(port):
    """Left to gRPC, 99999 would be another port."""
    with pytest.raises(ConfigurationError, match=f"{port} is not a port"):
        HubServer(lambda _server: None, port)


async def test_a_port_somebody_has_is_refused():
    """The error names it, and says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port} .* is taken"):
            HubServer(lambda _server: None, port)
