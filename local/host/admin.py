"""The host's admin API: functions, how the host is, and starting a function by hand."""

import asyncio
import json
import os
import platform
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.wrappers_pb2 import StringValue

from .functions import ENTITY_TRIGGER, HTTP_TRIGGER, ORCHESTRATION_TRIGGER, Function
from .http_edge import full_route, presented_key
from .hub_client import HubClient
from .invoker import Invoker
from .keys import Keys, Level
from .manual import manual_input
from .support import NO_ENTITIES

HOST_VERSION = "4.0"
"""Version of the Functions host whose behaviour is followed."""

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class AdminApi:
    """Serves ``/admin``.

    Args:
        functions: The app's functions.
        invoker: Runs them.
        hub: A client of the engine, for orchestrators.
        route_prefix: Of HTTP triggers, for their URLs.
        keys: Keys to ask for, or None: nothing is asked for.
    """

    def __init__(
        self,
        functions: Sequence[Function],
        invoker: Invoker,
        hub: HubClient,
        route_prefix: str,
        keys: Keys | None,
    ) -> None:
        # Function names are compared without case, as everywhere on the real host.
        self._functions = {one.name.lower(): one for one in functions}
        self._invoker = invoker
        self._hub = hub
        self._route_prefix = route_prefix
        self._keys = keys
        self._started = time.monotonic()
        self._runs: set[asyncio.Task[Any]] = set()

    def routes(self) -> list[web.RouteDef]:
        """The API's routes."""
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/admin/functions", self._list),
            ("GET", "/admin/functions/{name}", self._one),
            ("GET", "/admin/functions/{name}/status", self._function_status),
            ("POST", "/admin/functions/{name}", self._run),
            ("GET", "/admin/host/status", self._status),
        ]
        guarded = [
            web.route(method, path, self._guarded(handler)) for method, path, handler in table
        ]
        # Pings come from probes that have no key.
        return [*guarded, web.route("*", "/admin/host/ping", _ping)]

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if self._keys is not None and not self._keys.opens(Level.ADMIN, presented_key(request)):
                return web.Response(status=401)
            return await handler(request)

        return guarded

    async def _list(self, request: web.Request) -> web.StreamResponse:
        origin = str(request.url.origin())
        return web.json_response([self._describe(one, origin) for one in self._functions.values()])

    async def _one(self, request: web.Request) -> web.StreamResponse:
        function = self._named(request)
        if function is None:
            return web.Response(status=404)
        return web.json_response(self._describe(function, str(request.url.origin())))

    async def _function_status(self, request: web.Request) -> web.StreamResponse:
        # What cannot be indexed keeps the host from starting, so what is listed has no errors.
        return web.Response(status=404) if self._named(request) is None else web.json_response({})

    async def _run(self, request: web.Request) -> web.StreamResponse:
        function = self._named(request)
        if function is None:
            return web.Response(status=404)
        if function.trigger_type == HTTP_TRIGGER:
            route = full_route(function, self._route_prefix)
            # An HTTP function needs method, headers and route values, which this body cannot carry.
            return _refused(f"'{function.name}' is an HTTP function; call /{route}")
        # Its library takes batches only an engine with entities makes.
        if function.trigger_type == ENTITY_TRIGGER:
            return _refused(f"'{function.name}' is a durable entity; {NO_ENTITIES}")
        try:
            text = _input_of(await request.text())
        except ValueError as error:
            return _refused(f"the body must be JSON with a member 'input': {error}")
        if function.trigger_type == ORCHESTRATION_TRIGGER:
            await self._start_orchestration(function, text)
        else:
            self._spawn(function, text)
        return web.Response(status=202)

    async def _start_orchestration(self, function: Function, text: str) -> None:
        # Through the engine, as a client would: invoked directly it would have no history.
        create = pb.CreateInstanceRequest(
            name=str(function.trigger.get("orchestration") or function.name),
            input=StringValue(value=text) if text else None,
        )
        await self._hub.call("StartInstance", create, pb.CreateInstanceResponse)

    def _spawn(self, function: Function, text: str) -> None:
        given = manual_input(function, text)
        call = self._invoker.invoke(
            function, given.value, trigger_metadata=given.metadata, reason="started by hand"
        )
        run = asyncio.create_task(call)
        # The loop keeps only weak references to tasks; one that nobody holds may vanish.
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)

    async def _status(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {
                "id": platform.node(),
                "state": "Running",
                "version": HOST_VERSION,
                "versionDetails": f"local host on Python {platform.python_version()}",
                # Scripts written for the real host read this member; there is no platform to name.
                "platformVersion": "",
                "instanceId": str(os.getpid()),
                "computerName": platform.node(),
                "processUptime": int((time.monotonic() - self._started) * 1000),
                "functionCount": len(self._functions),
            }
        )

    def _named(self, request: web.Request) -> Function | None:
        return self._functions.get(request.match_info["name"].lower())

    def _describe(self, function: Function, origin: str) -> dict[str, Any]:
        described: dict[str, Any] = {
            "name": function.name,
            "script_href": function.script_file,
            "href": f"{origin}/admin/functions/{function.name}",
            "language": "python",
            "isDisabled": False,
            "config": {"bindings": list(function.bindings)},
        }
        if function.trigger_type == HTTP_TRIGGER:
            route = full_route(function, self._route_prefix)
            described["invoke_url_template"] = f"{origin}/{route}"
        return described


async def _ping(_request: web.Request) -> web.StreamResponse:
    return web.Response()


def _refused(message: str) -> web.Response:
    return web.json_response({"message": message}, status=400)


def _input_of(body: str) -> str:
    if not body.strip():
        return ""
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004, the caller's mistake, as the others
    given = document.get("input")
    if given is None:
        return ""
    # The real tools take "input" as text; JSON is accepted too and passed on as its text.
    return given if isinstance(given, str) else json.dumps(given)
