"""Puts connections and clients together, for whatever event loop asks for them."""

from adapters.clients import Clients
from adapters.credentials import make_credential
from adapters.loop_local import LoopLocal
from adapters.pipelines import Connections
from adapters.settings import Settings
from adapters.throttle import Throttle
from adapters.transport import WRITE_TIMEOUT_S, CarefulTransport


def open_connections(settings: Settings, throttle: Throttle) -> Connections:
    """Fresh connections for the running loop."""
    return Connections(
        cloud=settings.cloud,
        credential=make_credential(settings),
        throttle=throttle,
        reading=CarefulTransport(sleep=throttle.sleep),
        # A fresh connection each: a stale one would break after sending, and nobody could tell.
        writing=CarefulTransport(reuse_connections=False, read_timeout_s=WRITE_TIMEOUT_S),
    )


def loop_clients(settings: Settings, throttle: Throttle) -> LoopLocal[Clients]:
    """Clients for whatever loop asks for them."""
    return LoopLocal(lambda: Clients(open_connections(settings, throttle)), Clients.aclose)
