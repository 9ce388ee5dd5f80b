"""Starts everything in order, and stops it so that work in flight is finished."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aiohttp import web

from adapters.clock import ScaledClock
from domain.errors import VaultliftError

from .admin import AdminApi
from .app_settings import AppSettings, load_local_settings
from .client_binding import ClientBinding
from .durable import DurableDispatcher, by_durable_name
from .engine import BreakableEngine, Engine
from .functions import ORCHESTRATION_TRIGGER, SERVICE_BUS_TRIGGER, Function
from .host_json import HostConfig, load_host_config
from .hot_turns import HotTurns, create_hot_turns
from .http_edge import HttpEdge
from .http_messages import DEFAULT_BODY_LIMIT
from .hub_client import HubClient
from .invoker import Invoker
from .keys import Keys
from .management import ManagementApi
from .runtime import Runtime, code_of, load_app, unload
from .support import warn_of_unsupported
from .timers import TimerListener, TimerStates

_log = logging.getLogger("Host.General")

BODY_LIMIT_SETTING = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"
_HEADER_LIMIT = 32_768
"""Bytes; what the real host's server (Kestrel) takes. Tokens of people in many groups need it."""
_LAST_GRACE_S = 1.0
"""For answers on their way when everything behind them has ended."""


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


class Listener(Protocol):
    """Brings work to functions."""

    def start(self) -> None:
        """Begins."""
        ...

    async def stop(self, timeout_s: float) -> None:
        """Takes no more work and waits for running work, at most so long."""
        ...


class Host:
    """A running app.

    Args:
        options: How to run.
        config: host.json.
        functions: What the app registered and is not switched off.
        new_engine: Makes the engine of these options.
    """

    def __init__(
        self,
        options: Options,
        config: HostConfig,
        functions: list[Function],
        new_engine: Callable[[Options], Engine],
    ) -> None:
        self.options = options
        self.config = config
        self.functions = functions
        self.port = 0
        self._new_engine = new_engine
        self._runtime = Runtime(config.function_timeout)
        self._undo = AsyncExitStack()
        self._broken: asyncio.Task[VaultliftError] | None = None

    async def start(self) -> None:
        """Binds the port, starts the engine, then everything that brings work.

        What was begun is stopped again where this fails.

        Raises:
            OSError: The port is taken.
            AppLoadError: A trigger or a file of the host's own cannot be used.
        """
        async with AsyncExitStack() as undo:
            await self._start(undo)
            self._undo = undo.pop_all()

    async def stop(self) -> None:
        """Takes no more work, finishes what runs within the time-out, then stops the engine.

        Every part is stopped, whatever another part's stop raises; the last error is raised.
        """
        await self._undo.aclose()

    async def until_broken(self) -> VaultliftError:
        """Waits until the started host cannot go on, and says why; else for ever."""
        # An engine that keeps nothing, as the one for tests, has nothing that could break.
        while self._broken is None:
            await asyncio.Event().wait()
        return await self._broken

    async def _start(self, undo: AsyncExitStack) -> None:
        undo.callback(unload)
        # First: the client binding needs the port, and a taken one is told before anything starts.
        bound = undo.enter_context(socket.create_server(("127.0.0.1", self.options.port)))
        self.port = bound.getsockname()[1]
        keys = Keys.load(self.options.database.with_suffix(".keys.json"))
        engine = self._new_engine(self.options)
        await engine.start()
        if isinstance(engine, BreakableEngine):
            self._broken = asyncio.create_task(engine.until_broken())
            undo.callback(self._broken.cancel)
        # Stopped after everything below, because whatever that gives back goes into the engine.
        undo.push_async_callback(engine.stop)
        hub = HubClient(engine.address)
        undo.push_async_callback(hub.close)
        binding = ClientBinding(
            hub_name=self.config.hub_name,
            engine_address=engine.address,
            base_url=f"http://127.0.0.1:{self.port}",
            system_key=keys.system,
        )
        invoker = Invoker(self._runtime, binding.to_json)
        # Made before anything starts, so that a bad trigger is told before work begins.
        listeners = self._create_listeners(engine, invoker)
        asked = keys if self.options.is_auth_enforced else None
        # HTTP before the listeners: their functions may call the app's own URLs.
        runner = await self._serve_http(bound, self._routes(hub, invoker, binding, asked), undo)
        undo.push_async_callback(self._drain, runner, listeners)
        for listener in listeners:
            listener.start()

    async def _drain(self, runner: web.AppRunner, listeners: Sequence[Listener]) -> None:
        """Lets no new work in and waits for what runs."""
        timeout_s = self.options.shutdown_timeout_s
        # What the listeners take of it is not left for calls that still run after them.
        deadline = time.monotonic() + timeout_s
        # No new calls, while those that run may still use everything behind them.
        for site in list(runner.sites):
            await site.stop()
        stopped = await asyncio.gather(
            *(one.stop(timeout_s) for one in listeners), return_exceptions=True
        )
        await self._finish_calls(deadline)
        problems = [one for one in stopped if isinstance(one, Exception)]
        if problems:
            raise ExceptionGroup("listeners that did not stop", problems)

    async def _finish_calls(self, deadline: float) -> None:
        """Waits for HTTP calls and functions started by hand."""
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                await self._runtime.wait_idle()
        except TimeoutError:
            _log.warning("%d invocation(s) did not end in time", self._runtime.in_flight)

    def _create_hot_turns(self, engine: Engine) -> HotTurns | None:
        # --replay is there to find code that does not repeat itself, which only a replay can show.
        if self.options.is_replaying:
            return None
        orchestrators = by_durable_name(self.functions, ORCHESTRATION_TRIGGER, "orchestration")
        return create_hot_turns(engine, self._runtime, orchestrators, code_of)

    def _create_listeners(self, engine: Engine, invoker: Invoker) -> list[Listener]:
        settings = AppSettings()
        states = TimerStates(self.options.database.with_suffix(".timers.json"))
        listeners: list[Listener] = [
            DurableDispatcher(
                engine,
                invoker,
                self.functions,
                max_orchestrations=self.config.max_orchestrations,
                max_activities=self.config.max_activities,
                hot=self._create_hot_turns(engine),
            ),
            TimerListener(self.functions, invoker, self.options.clock, states, settings),
        ]
        if any(one.trigger_type == SERVICE_BUS_TRIGGER for one in self.functions):
            # The SDK takes most of a second to import, which only apps with queues should pay.
            from .service_bus import ServiceBusListener  # noqa: PLC0415

            listeners.append(
                ServiceBusListener(self.functions, invoker, self.config.service_bus, settings)
            )
        return listeners

    def _routes(
        self, hub: HubClient, invoker: Invoker, binding: ClientBinding, keys: Keys | None
    ) -> list[web.RouteDef]:
        names = set(by_durable_name(self.functions, ORCHESTRATION_TRIGGER, "orchestration"))
        edge = HttpEdge(self.functions, invoker, self.config, keys)
        admin = AdminApi(self.functions, invoker, hub, self.config.route_prefix, keys)
        return [
            *ManagementApi(hub, binding, names, keys).routes(),
            *admin.routes(),
            # After the host's own routes, which a function must not take over.
            web.route("*", "/{path:.*}", edge.handle),
        ]

    async def _serve_http(
        self, bound: socket.socket, routes: Sequence[web.RouteDef], undo: AsyncExitStack
    ) -> web.AppRunner:
        # The setting of the real host, so that an app's limits can be tried here.
        limit = int(os.environ.get(BODY_LIMIT_SETTING, DEFAULT_BODY_LIMIT))
        app = web.Application(client_max_size=limit)
        app.add_routes(routes)
        # Without an access log: every invocation has its own line already. A compressed body is
        # passed on as it came, as in Azure: its header says so, and the app reads it by that.
        runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=_LAST_GRACE_S,
            auto_decompress=False,
            max_field_size=_HEADER_LIMIT,
        )
        undo.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.SockSite(runner, bound).start()
        return runner


async def load_host(options: Options, new_engine: Callable[[Options], Engine]) -> Host:
    """Loads settings and app.

    Args:
        options: How to run.
        new_engine: Makes the engine of these options.

    Raises:
        AppLoadError: The folder cannot be run; the message says why.
    """
    if not options.app.is_dir():
        raise NotADirectoryError(f"{options.app} is not a folder")
    settings = AppSettings()
    added = load_local_settings(options.app, os.environ)
    if added:
        _log.info("local.settings.json gave %s", ", ".join(sorted(added)))
    config = load_host_config(options.app, settings)
    # Apps may rely on their own folder being the working directory, as in Azure.
    os.chdir(options.app)
    functions = _select(await load_app(options.app), config, settings)
    warn_of_unsupported(functions)
    return Host(options, config, functions, new_engine)


def _select(
    functions: Sequence[Function], config: HostConfig, settings: AppSettings
) -> list[Function]:
    selected = []
    for function in functions:
        if config.only_functions is not None and function.name not in config.only_functions:
            continue
        if settings.is_disabled(function.name):
            _log.info("function %s is disabled by an app setting", function.name)
            continue
        selected.append(function)
    return selected
