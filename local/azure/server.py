"""The HTTP server in front of simulated Azure: loopback only, one process, any free port."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from adapters.ports import Clock
from local.azure.estate import Estate
from local.azure.exchange import Answer, Request
from local.azure.routes import ROUTER
from local.azure.service import SimulatedAzure
from local.azure.state import State

HOST = "127.0.0.1"
MAX_BODY = 4 * 1024 * 1024
"""ARM's own limit for a request body."""


@dataclass(frozen=True, kw_only=True)
class RunningAzure:
    """A server that is up."""

    port: int
    service: SimulatedAzure

    @property
    def url(self) -> str:
        """Scheme, host and port; every API answers below it."""
        return f"http://{HOST}:{self.port}"

    @property
    def state(self) -> State:
        """The state as it is now; another one after a reset."""
        return self.service.state

    def describe(self) -> dict[str, str | int]:
        """What a client has to know, under the names of the ready line."""
        identity = self.service.state.identity
        return {
            "port": self.port,
            "classicEndpoint": self.url,
            "armEndpoint": self.url,
            "logsEndpoint": self.url,
            "tokenUrl": f"{self.url}/{identity.tenant_id}/oauth2/v2.0/token",
            "clientId": identity.client_id,
            "clientSecret": identity.client_secret,
        }


@asynccontextmanager
async def running_azure(
    estate: Estate, clock: Clock, *, port: int = 0, enforces_quotas: bool = False
) -> AsyncIterator[RunningAzure]:
    """Simulated Azure on a port of the loopback interface, for as long as the context lasts.

    Args:
        estate: Where the state comes from.
        clock: Virtual time; a MovableClock can be moved through ``/admin/clock``.
        port: 0 takes a free one.
        enforces_quotas: Whether empty rate-limit buckets are answered with 429.
    """
    service = SimulatedAzure(estate, clock, ROUTER, enforces_quotas=enforces_quotas)
    application = web.Application(client_max_size=MAX_BODY)
    # One route for everything: the service itself notes and refuses what it does not know.
    application.router.add_route("*", "/{path:.*}", _handler(service))
    # Access logs would repeat /admin/calls; a dropped connection must not hold up the end.
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        bound_port: int = runner.addresses[0][1]
        yield RunningAzure(port=bound_port, service=service)
    finally:
        await runner.cleanup()


def _handler(
    service: SimulatedAzure,
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(http: web.Request) -> web.StreamResponse:
        request = Request(
            method=http.method,
            raw_path=http.rel_url.raw_path,
            query=http.query,
            headers=http.headers,
            body=await http.read(),
            # Links lead back to the host the caller used; clients check that (recovery-services 0).
            base_url=f"{http.scheme}://{http.host}",
        )
        outcome = service.handle(request)
        # What was asked has happened by now; only the answer is late.
        if outcome.wait_s:
            await asyncio.sleep(outcome.wait_s)
        if outcome.is_dropped and http.transport is not None:
            http.transport.abort()
        return _response(outcome.answer)

    return handle


def _response(answer: Answer) -> web.Response:
    response = web.Response(status=answer.status, body=answer.body, headers=answer.headers)
    if answer.content_type:
        response.headers["Content-Type"] = answer.content_type
    return response
