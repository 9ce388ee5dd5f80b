"""A running broker: opens the port, gives the connection string, stops cleanly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from local.servicebus.admin import make_admin_app
from local.servicebus.authorization import AccessKey, Authorization
from local.servicebus.config import BrokerConfig
from local.servicebus.connection import Connection
from local.servicebus.errors import StoreFaultError
from local.servicebus.faults import Faults
from local.servicebus.liveness import ANNOUNCED_MS
from local.servicebus.namespace import Namespace
from local.servicebus.routing import ConnectionRouter
from local.servicebus.sqlite_store import SqliteStore
from local.servicebus.store import MemoryStore, Store
from local.servicebus.timeline import LoopTimeline

HOST = "127.0.0.1"
KEY_NAME = "RootManageSharedAccessKey"

ANY_KEY = "SAS_KEY_VALUE"
"""What the connection string says where no key is checked, as for the emulator."""


@dataclass(frozen=True, kw_only=True)
class Broker:
    """A broker that serves until its context ends."""

    port: int
    admin_port: int | None
    namespace: Namespace
    faults: Faults
    key: str
    broken: asyncio.Future[StoreFaultError]
    """Done once the database cannot be written any more; no client is served from then on."""

    @property
    def connection_string(self) -> str:
        """What azure-servicebus connects with; the flag makes it speak plain TCP to any port."""
        return (
            f"Endpoint=sb://{HOST}:{self.port};SharedAccessKeyName={KEY_NAME};"
            f"SharedAccessKey={self.key};UseDevelopmentEmulator=true;"
        )


@asynccontextmanager
async def running_broker(
    config: BrokerConfig,
    db: Path | None = None,
    *,
    port: int = 0,
    admin_port: int | None = None,
    key: str | None = None,
    idle_timeout_ms: int = ANNOUNCED_MS,
) -> AsyncIterator[Broker]:
    """A broker on the running event loop, on the loopback interface only.

    Args:
        config: Its queues.
        db: Where messages outlive the process; None keeps them in memory.
        port: Where clients connect; 0 for any free port.
        admin_port: Where HTTP administration listens; 0 for any free port, None for none.
        key: What clients must sign their tokens with; None takes any token.
        idle_timeout_ms: How much silence clients are told not to exceed.

    Raises:
        ConfigurationError: The database cannot be used or does not fit the configuration.
        OSError: A port is taken.
    """
    loop = asyncio.get_running_loop()
    timeline = LoopTimeline()
    # Everything lives on one loop: queues need no locks, and a turn is a transaction.
    broken: asyncio.Future[StoreFaultError] = loop.create_future()
    store = _open_store(db, loop, broken)
    faults = Faults()
    # Clients must sign with some key anyway; the emulator takes any, too.
    access_key = None if key is None else AccessKey(name=KEY_NAME, key=key)
    connections: set[Connection] = set()
    async with AsyncExitStack() as stack:
        # Last of all to go: connections that end may still have something to write.
        stack.callback(store.close)
        namespace = Namespace(config, timeline, store)

        def connect() -> Connection:
            authorization = Authorization(access_key, timeline)
            router = ConnectionRouter(namespace, authorization, faults)
            return Connection(
                router,
                store.commit,
                connections,
                timeline=timeline,
                idle_timeout_ms=idle_timeout_ms,
            )

        server = await loop.create_server(connect, HOST, port)
        stack.push_async_callback(_stop_serving, server, connections)
        app = make_admin_app(namespace, faults, lambda: len(connections))
        # Both sockets listen by now: whoever gets the connection string may use it at once.
        yield Broker(
            port=server.sockets[0].getsockname()[1],
            admin_port=None if admin_port is None else await _serve_http(stack, app, admin_port),
            namespace=namespace,
            faults=faults,
            key=key or ANY_KEY,
            broken=broken,
        )


def _open_store(
    db: Path | None, loop: asyncio.AbstractEventLoop, broken: asyncio.Future[StoreFaultError]
) -> Store:
    if db is None:
        return MemoryStore()
    return SqliteStore(str(db), loop.call_soon, broken.set_result)


# Aborted, not closed: a client that is told nothing must cope, as with a broker that dies.
async def _stop_serving(server: asyncio.Server, connections: set[Connection]) -> None:
    server.close()
    for connection in list(connections):
        connection.abort()
    await server.wait_closed()


async def _serve_http(stack: AsyncExitStack, app: web.Application, port: int) -> int:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, HOST, port)
    await site.start()
    return int(runner.addresses[0][1])
