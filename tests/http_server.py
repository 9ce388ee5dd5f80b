"""A loopback HTTP server that answers as a test says and remembers what it was asked."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from adapters.clients import Clients
from adapters.loop_clients import loop_clients
from adapters.loop_local import LoopLocal
from adapters.settings import Settings
from adapters.throttle import Throttle
from tests.fakes import FakeClock

TOKEN = "token-of-the-test"


@dataclass(frozen=True)
class Asked:
    """One request as it came over the wire."""

    method: str
    path: str
    """Path and query, still escaped."""
    headers: dict[str, str]
    body: bytes


type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Server:
    """Where the server is and what it was asked, token requests apart."""

    url: str
    answers: list[web.Response | Handler]
    asked: list[Asked] = field(default_factory=list)
    token_requests: int = 0

    def settings(self, evidence: Path | None = None, **changes: str) -> Settings:
        """Settings of a custom cloud whose every endpoint is this server."""
        environment = {
            "VAULTLIFT_CLOUD": "custom",
            "VAULTLIFT_CLASSIC_ENDPOINT": self.url,
            "VAULTLIFT_ARM_ENDPOINT": self.url,
            "VAULTLIFT_LOGS_ENDPOINT": self.url,
            "VAULTLIFT_TOKEN_URL": f"{self.url}/token",
            "VAULTLIFT_CLIENT_ID": "test-client",
            "VAULTLIFT_CLIENT_SECRET": "test-secret",
            "VAULTLIFT_EVIDENCE": f"folder:{evidence or 'unused'}",
            "ServiceBusConnection": "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=k;"
            "SharedAccessKey=k;UseDevelopmentEmulator=true",
        }
        return Settings.from_environment(environment | changes)

    async def _token(self, _: web.Request) -> web.Response:
        self.token_requests += 1
        return web.json_response({"access_token": TOKEN, "expires_in": 3600})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(
            Asked(request.method, request.raw_path, dict(request.headers), await request.read())
        )
        if not self.answers:
            return web.Response(status=418, text="the test has no answer for this")
        answer = self.answers.pop(0)
        return answer if isinstance(answer, web.Response) else await answer(request)


@asynccontextmanager
async def serving(*answers: web.Response | Handler) -> AsyncIterator[Server]:
    """A server that gives these answers, in order."""
    server = Server(url="", answers=list(answers))
    app = web.Application()
    app.router.add_post("/token", server._token)
    app.router.add_route("*", "/{rest:.*}", server._answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()


def server_clients(server: Server, clock: FakeClock) -> LoopLocal[Clients]:
    """Clients for the server; what they would wait for passes at once on the clock."""
    throttle = Throttle(monotonic=clock.monotonic, sleep=clock.sleep)
    return loop_clients(server.settings(), throttle)


async def drop_connection(request: web.Request) -> web.StreamResponse:
    """A handler that breaks the connection instead of answering."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()
