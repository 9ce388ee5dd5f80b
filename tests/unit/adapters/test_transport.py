"""Nothing is sent twice, and a lost answer is told from a request that never left."""

import asyncio
import socket

import pytest
from aiohttp import web
from azure.core.exceptions import (
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.rest import HttpRequest

from adapters.transport import CarefulTransport
from tests.http_server import drop_connection, serving


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_no_connection_means_nothing_was_sent() -> None:
    """A port nobody listens on is a request error."""
    url = f"http://127.0.0.1:{_closed_port()}/x"

    async with CarefulTransport() as transport:
        with pytest.raises(ServiceRequestError):
            await transport.send(HttpRequest("PUT", url))


async def test_an_unknown_host_means_nothing_was_sent() -> None:
    """A name that does not resolve is a request error."""
    async with CarefulTransport() as transport:
        with pytest.raises(ServiceRequestError):
            await transport.send(HttpRequest("GET", "http://nowhere.invalid/"))


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
@pytest.mark.parametrize("reuse", [True, False])
async def test_a_broken_connection_is_a_lost_answer(method: str, *, reuse: bool) -> None:
    """A connection that ends before the answer is a response error, and nothing is re-sent."""
    async with (
        serving(drop_connection, web.Response(text="second")) as server,
        CarefulTransport(reuse_connections=reuse) as transport,
    ):
        with pytest.raises(ServiceResponseError):
            await transport.send(HttpRequest(method, f"{server.url}/x"))

    assert 1 == len(server.asked)


async def test_a_broken_connection_used_before_is_a_lost_answer() -> None:
    """Also on a connection that was kept from an earlier call nothing is re-sent."""
    async with (
        serving(web.Response(), drop_connection, web.Response()) as server,
        CarefulTransport() as transport,
    ):
        await transport.send(HttpRequest("GET", f"{server.url}/1"))
        with pytest.raises(ServiceResponseError):
            await transport.send(HttpRequest("PUT", f"{server.url}/2", content=b"body"))

    assert 2 == len(server.asked)


async def test_an_answer_cut_short_is_an_error() -> None:
    """A body that ends before its length is reached is not taken for the whole."""

    async def cut_short(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"<half")
        return await drop_connection(request)

    async with serving(cut_short) as server, CarefulTransport() as transport:
        with pytest.raises((IncompleteReadError, ServiceResponseError)):
            await transport.send(HttpRequest("GET", f"{server.url}/x"))


async def test_a_slow_answer_is_a_lost_one() -> None:
    """Who waits too long for an answer does not know whether the request took effect."""

    async def never(request: web.Request) -> web.StreamResponse:
        await request.content.readany()
        await asyncio.Event().wait()
        return web.Response()

    async with serving(never) as server, CarefulTransport(read_timeout_s=0.05) as transport:
        with pytest.raises(ServiceResponseTimeoutError):
            await transport.send(HttpRequest("POST", f"{server.url}/x", content=b"b"))


async def test_empty_headers_are_sent() -> None:
    """A header without a value goes over the wire, as the classic API wants one."""
    async with serving(web.Response()) as server, CarefulTransport() as transport:
        await transport.send(HttpRequest("GET", server.url, headers={"Agent-Authentication": ""}))

    assert "" == server.asked[0].headers["Agent-Authentication"]
