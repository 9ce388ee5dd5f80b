"""The HTTP trigger: finds the function of a request, invokes it, writes its answer."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from .functions import HTTP_TRIGGER, AppLoadError, Function, InvocationResult
from .host_json import HostConfig
from .http_messages import body_of, to_response, to_rpc_request
from .invoker import Invoker
from .keys import Keys, Level
from .messages import TypedData
from .routes import Route, RouteTable, compile_template

_log = logging.getLogger("Host.Http")

_AUTH_LEVELS: Mapping[str, Level] = {
    "anonymous": Level.ANONYMOUS,
    "function": Level.FUNCTION,
    "admin": Level.ADMIN,
}


class HttpEdge:
    """Serves an app's HTTP triggers.

    Args:
        functions: The app's functions.
        invoker: Runs them.
        config: Route prefix, custom headers and the limit of concurrent requests.
        keys: Keys to ask for, or None: nothing is asked for.
    """

    def __init__(
        self, functions: Sequence[Function], invoker: Invoker, config: HostConfig, keys: Keys | None
    ) -> None:
        # Built once: templates are compiled, and a wrong one keeps the host from starting.
        self.table = build_table(functions, config.route_prefix)
        self._invoker = invoker
        self._custom_headers = config.custom_headers
        self._keys = keys
        self._slots: contextlib.AbstractAsyncContextManager[Any] = contextlib.nullcontext()
        if config.max_concurrent_requests is not None:
            self._slots = asyncio.Semaphore(config.max_concurrent_requests)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers any request that no part of the host itself claims."""
        # path_safe keeps %2F apart from a slash, which the routes would otherwise split at.
        found = self.table.find(request.method, request.rel_url.path_safe)
        if found.target is None:
            return _not_found(found.allowed)
        function = found.target
        # Before the body is read: who may not call must not make the host take in 100 MB.
        if not self._is_authorized(function, request):
            return web.Response(status=401)
        # %2F stays encoded in a route value, as ASP.NET leaves it; everything else is decoded.
        parameters = {name: value.replace("%25", "%") for name, value in found.parameters.items()}
        # Outside the slots: a slow sender must not hold one.
        body = await body_of(request)
        async with self._slots:
            result = await self._invoker.invoke(
                function,
                TypedData(http=to_rpc_request(request, parameters, body)),
                reason=f"{request.method} {request.path}",
            )
        response = _answer(function, result)
        response.headers.update(self._custom_headers)
        return response

    def _is_authorized(self, function: Function, request: web.Request) -> bool:
        if self._keys is None:
            return True
        # Function is the decorators' own default, so leaving it out must not open the route.
        name = str(function.trigger.get("authLevel") or "function").lower()
        # An unknown level fails closed.
        level = _AUTH_LEVELS.get(name, Level.ADMIN)
        return self._keys.opens(level, presented_key(request), function.name)


def presented_key(request: web.Request) -> str | None:
    """The key of a request: the ``x-functions-key`` header, else ``?code=``."""
    return request.headers.get("x-functions-key") or request.query.get("code")


def build_table(functions: Sequence[Function], route_prefix: str) -> RouteTable[Function]:
    """The routes of every HTTP trigger; a trigger without a route is reached by its name.

    Raises:
        AppLoadError: A route template is not understood, taken already, or the host's own.
    """
    routes: list[Route[Function]] = []
    for function in functions:
        if function.trigger_type == HTTP_TRIGGER:
            _refuse_own_route(function)
            methods = function.trigger.get("methods") or ()
            route = Route(
                template=compile_template(full_route(function, route_prefix)),
                methods=frozenset(str(method).upper() for method in methods),
                target=function,
            )
            _refuse_taken_route(route, routes)
            routes.append(route)
    return RouteTable(routes)


def full_route(function: Function, route_prefix: str) -> str:
    """A function's route template with the prefix, without outer slashes."""
    return f"{route_prefix}/{_own_route(function)}".strip("/")


def _own_route(function: Function) -> str:
    route = str(function.trigger.get("route") or "").strip()
    # An empty route is none, so such a function is reached by its name in Azure, too.
    return route.strip("/") if route else function.name


def _refuse_own_route(function: Function) -> None:
    # Whatever the prefix is: Azure leaves such a function out, and its path is 404 there.
    if _own_route(function).lower().startswith("admin"):
        raise AppLoadError(
            f"the route of {function.name} begins with 'admin', which the host keeps for itself"
        )


def _refuse_taken_route(route: Route[Function], earlier: Sequence[Route[Function]]) -> None:
    for other in earlier:
        is_same = route.template.text.lower() == other.template.text.lower()
        # No methods are all methods.
        is_shared = not (route.methods and other.methods) or route.methods & other.methods
        if is_same and is_shared:
            raise AppLoadError(
                f"the route of {route.target.name} is that of {other.target.name}; "
                "give it another route or other methods"
            )


def _not_found(allowed: frozenset[str]) -> web.Response:
    if not allowed:
        return web.Response(status=404)
    return web.Response(status=405, headers={"Allow": ", ".join(sorted(allowed))})


def _answer(function: Function, result: InvocationResult) -> web.Response:
    if result.failure is not None:
        # Like the real host: the cause is in the log, not in the answer.
        return web.Response(status=500)
    value = result.return_value
    for binding in function.bindings_of("http"):
        # Answers come as the return value or through an Out parameter, never both.
        value = value or result.outputs.get(str(binding["name"]))
    return to_response(value)
