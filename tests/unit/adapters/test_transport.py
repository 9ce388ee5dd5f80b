"""Nothing is sent twice, a lost answer is told from a request that never left, and answers end."""

import asyncio
import gzip
import socket
from pathlib import Path

import pytest
from aiohttp import web
from azure.core.exceptions import (
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.rest import HttpRequest

from adapters.transport import LARGEST_BODY, CarefulTransport
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


async def test_an_answer_that_never_ends_is_a_lost_one() -> None:
    """Bytes that come often enough to be no silence do not hold the caller for ever."""

    async def first_byte(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"<")
        await asyncio.Event().wait()
        return response

    async with serving(first_byte) as server, CarefulTransport(whole_timeout_s=0.05) as transport:
        with pytest.raises(ServiceResponseTimeoutError, match="had not ended"):
            await transport.send(HttpRequest("POST", f"{server.url}/x", content=b"b"))


GZIP = {"Content-Encoding": "gzip"}


async def test_a_compressed_body_is_unfolded_once() -> None:
    """Though two layers could do it."""
    answer = web.Response(body=gzip.compress(b"<x/>"), headers=GZIP)
    async with serving(answer) as server, CarefulTransport() as transport:
        response = await transport.send(HttpRequest("GET", server.url))

    assert b"<x/>" == response.content


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"not compressed", GZIP),
        (gzip.compress(bytes(LARGEST_BODY + 1)), GZIP),
        (bytes(LARGEST_BODY + 1), {}),
    ],
    ids=["not compressed", "unfolds without end", "without end"],
)
async def test_a_body_that_cannot_be_taken_is_an_error(
    body: bytes, headers: dict[str, str]
) -> None:
    """It is azure-core's own error, which the pipelines know; the memory is not filled."""
    answer = web.Response(body=body, headers=headers)
    async with serving(answer) as server, CarefulTransport() as transport:
        with pytest.raises(IncompleteReadError):
            await transport.send(HttpRequest("GET", server.url))


async def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole address goes to the proxy, as every other program sends it."""
    async with serving(web.Response()) as server, CarefulTransport() as transport:
        monkeypatch.setenv("http_proxy", server.url)
        monkeypatch.setenv("no_proxy", "")
        await transport.send(HttpRequest("GET", "http://arm.example/x"))

    assert "arm.example" == server.asked[0].headers["Host"]


async def test_loopback_takes_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent to this machine does not leave it: over plain http it may hold a token."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{_closed_port()}")
    monkeypatch.setenv("no_proxy", "")
    async with serving(web.Response()) as server, CarefulTransport() as transport:
        await transport.send(HttpRequest("GET", server.url))

    assert 1 == len(server.asked)


async def test_passwords_of_the_machine_stay_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An entry of netrc for any host neither contradicts a token nor is sent in its place."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password something\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    authorized = {"Authorization": "Bearer t"}
    async with serving(web.Response(), web.Response()) as server, CarefulTransport() as transport:
        await transport.send(HttpRequest("GET", server.url, headers=authorized))
        await transport.send(HttpRequest("GET", server.url))

    assert ["Bearer t", None] == [a.headers.get("Authorization") for a in server.asked]
