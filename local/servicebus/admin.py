"""Looking into the broker and making it fail, over HTTP. For people and tests on this machine only.

====================  ==========================================================
``GET /health``       200 once the broker serves; number of connections
``GET /entities``     per queue: messages by state, locks, sessions, totals
``GET /faults``       faults still to come
``POST /faults``      plans more faults; 400 for what is none
``DELETE /faults``    cancels them
``POST /reset``       forgets every message, session, duplicate and fault
====================  ==========================================================
"""

from collections.abc import Callable

from aiohttp import web

from domain.errors import ConfigurationError
from local.servicebus.faults import Faults
from local.servicebus.namespace import Namespace


def make_admin_app(
    namespace: Namespace, faults: Faults, count_connections: Callable[[], int]
) -> web.Application:
    """The administration routes of one broker."""

    async def health(_request: web.Request) -> web.Response:
        return web.json_response({"status": "healthy", "connections": count_connections()})

    async def entities(_request: web.Request) -> web.Response:
        return web.json_response(namespace.describe())

    async def read_faults(_request: web.Request) -> web.Response:
        return web.json_response(faults.describe())

    async def add_faults(request: web.Request) -> web.Response:
        try:
            faults.add(await request.json())
        except (ConfigurationError, ValueError) as error:
            problem = {"error": {"code": "InvalidInput", "message": str(error)}}
            return web.json_response(problem, status=400)
        return web.json_response(faults.describe())

    async def cancel_faults(_request: web.Request) -> web.Response:
        faults.clear()
        return web.json_response(faults.describe())

    async def reset(_request: web.Request) -> web.Response:
        # Faults go as well: those still planned would strike whoever starts afresh.
        namespace.reset()
        faults.clear()
        return web.json_response(namespace.describe())

    # No authentication: the server listens on the loopback interface only.
    app = web.Application()
    app.router.add_get("/health", health)
    app.router.add_get("/entities", entities)
    app.router.add_get("/faults", read_faults)
    app.router.add_post("/faults", add_faults)
    app.router.add_delete("/faults", cancel_faults)
    app.router.add_post("/reset", reset)
    return app
