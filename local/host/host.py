"""Starts everything in order, and stops it so that work in flight is finished."""

import asyncio
import logging
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from adapters.clock import ScaledClock

from .app_settings import AppSettings, load_local_settings
from .client_binding import ClientBinding
from .durable import DurableDispatcher
from .engine import Engine
from .engines import create_engine
from .functions import Function
from .host_json import HostConfig, load_host_config
from .http_edge import HttpEdge
from .http_messages import DEFAULT_BODY_LIMIT
from .invoker import Invoker
from .keys import Keys
from .runtime import Runtime, load_app, unload

_log = logging.getLogger("Host.General")

BODY_LIMIT_SETTING = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a host is to run."""

    app: Path
    port: int
    """0: a free one."""
    database: Path
    """The engine's file; keys and timer states stand beside it."""
    clock: ScaledClock
    engine: str = "sqlite"
    is_replaying: bool = False
    is_auth_enforced: bool = False
    shutdown_timeout_s: float = 30.0


class Host:
    """A running app.

    Args:
        options: How to run.
        config: host.json.
        functions: What the app registered and is not switched off.
    """

    def __init__(self, options: Options, config: HostConfig, functions: list[Function]) -> None:
        self.options = options
        self.config = config
        self.functions = functions
        self.port = 0
        self._runtime = Runtime(functions, config.function_timeout)
        self._socket: socket.socket | None = None
        self._engine: Engine | None = None
        self._dispatcher: DurableDispatcher | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Binds the port, starts the engine, then everything that brings work.

        Raises:
            OSError: The port is taken.
        """
        self._socket = socket.create_server(("127.0.0.1", self.options.port))
        self.port = self._socket.getsockname()[1]
        engine = create_engine(
            self.options.engine,
            database=self.options.database,
            clock=self.options.clock,
            is_replaying=self.options.is_replaying,
        )
        await engine.start()
        self._engine = engine
        keys = Keys.load(self.options.database.with_suffix(".keys.json"))
        binding = ClientBinding(
            hub_name=self.config.hub_name,
            engine_address=engine.address,
            base_url=f"http://127.0.0.1:{self.port}",
            system_key=keys.system,
        )
        invoker = Invoker(self._runtime, binding.to_json)
        self._dispatcher = DurableDispatcher(
            engine,
            invoker,
            self.functions,
            max_orchestrations=self.config.max_orchestrations,
            max_activities=self.config.max_activities,
        )
        self._dispatcher.start()
        await self._serve_http(invoker, keys)

    async def stop(self) -> None:
        """Takes no more work, finishes what runs within the time-out, then stops the engine."""
        timeout_s = self.options.shutdown_timeout_s
        if self._runner is not None:
            for site in list(self._runner.sites):
                await site.stop()
        if self._dispatcher is not None:
            await self._dispatcher.stop(timeout_s)
        if self._runner is not None:
            await self._runner.cleanup()
        if self._engine is not None:
            await self._engine.stop()
        await asyncio.to_thread(unload)

    async def _serve_http(self, invoker: Invoker, keys: Keys) -> None:
        asked = keys if self.options.is_auth_enforced else None
        edge = HttpEdge(self.functions, invoker, self.config, asked)
        limit = int(os.environ.get(BODY_LIMIT_SETTING, DEFAULT_BODY_LIMIT))
        app = web.Application(client_max_size=limit)
        app.router.add_route("*", "/{path:.*}", edge.handle)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=self.options.shutdown_timeout_s
        )
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()


async def load_host(options: Options) -> Host:
    """Loads settings and app.

    Raises:
        AppLoadError: The folder cannot be run; the message says why.
    """
    os.chdir(options.app)
    settings = AppSettings()
    added = load_local_settings(options.app, os.environ)
    if added:
        _log.info("local.settings.json gave %s", ", ".join(sorted(added)))
    config = load_host_config(options.app, settings)
    functions = await load_app(options.app)
    return Host(options, config, _select(functions, config, settings))


def _select(functions: list[Function], config: HostConfig, settings: AppSettings) -> list[Function]:
    selected = []
    for function in functions:
        if config.only_functions is not None and function.name not in config.only_functions:
            continue
        if settings.is_disabled(function.name):
            _log.info("function %s is disabled by an app setting", function.name)
            continue
        selected.append(function)
    return selected
