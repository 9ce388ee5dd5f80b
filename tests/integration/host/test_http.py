"""HTTP triggers, over real HTTP."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from tests.integration.host.running import RunningHost

BODY_LIMIT = 200_000


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    """The echo app, with a small limit for bodies."""
    settings = {"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": str(BODY_LIMIT)}
    folder = tmp_path_factory.mktemp("echo")
    with RunningHost("echo", folder, "--engine", "memory", settings=settings) as running:
        yield running


@pytest.fixture
async def http(host: RunningHost) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the host."""
    async with aiohttp.ClientSession(host.url) as session:
        yield session


async def test_a_function_sees_route_query_and_method(http: aiohttp.ClientSession):
    """Route parameters, query members and method arrive as sent."""
    async with http.get("/api/echo/vault%20one?a=1&b=x%26y") as answer:
        seen = await answer.json()

    assert (answer.status, seen["method"]) == (201, "GET")
    assert seen["route"] == {"name": "vault one"}
    assert seen["query"] == {"a": "1", "b": "x&y"}


async def test_repeated_headers_and_query_members_are_joined(http: aiohttp.ClientSession):
    """Values sent twice arrive joined with a comma, names in lower case, empty ones left out."""
    headers = [("X-Tag", "one"), ("X-Tag", "two"), ("X-Empty", "")]
    async with http.get("/api/echo/x?a=1&a=2&none=", headers=headers) as answer:
        seen = await answer.json()

    assert seen["headers"]["x-tag"] == "one,two"
    assert "x-empty" not in seen["headers"]
    assert seen["query"] == {"a": "1,2"}


async def test_route_templates_ignore_case(http: aiohttp.ClientSession):
    """Literal segments match in any case; values keep theirs."""
    async with http.get("/API/Echo/Name") as answer:
        seen = await answer.json()

    assert seen["route"] == {"name": "Name"}


async def test_binary_bodies_pass_unchanged(http: aiohttp.ClientSession):
    """Bytes of every value go in and come out as they were."""
    body = bytes(range(256)) * 50
    async with http.post("/api/bytes", data=body) as answer:
        returned = await answer.read()

    assert returned == body
    assert answer.headers["Content-Type"] == "application/octet-stream"


async def test_a_compressed_body_passes_unchanged(http: aiohttp.ClientSession):
    """The app is told by the header that it is compressed, so it must still be."""
    body = gzip.compress(b"text")
    headers = {"Content-Encoding": "gzip"}
    async with http.post("/api/bytes", data=body, headers=headers) as answer:
        assert body == await answer.read()


async def test_a_long_token_is_taken(http: aiohttp.ClientSession):
    """A header may be as long as in Azure, 32 KB."""
    headers = {"Authorization": "Bearer " + "x" * 30_000}
    async with http.get("/api/echo/a", headers=headers) as answer:
        seen = await answer.json()

    assert seen["headers"]["authorization"] == headers["Authorization"]


async def test_a_body_over_the_limit_is_refused(http: aiohttp.ClientSession):
    """A body larger than the configured limit is answered with 413 and not run."""
    async with http.post("/api/bytes", data=b"x" * (BODY_LIMIT + 1)) as answer:
        status = answer.status

    assert status == 413


async def test_a_body_that_says_it_is_too_large_is_not_waited_for(host: RunningHost):
    """The length in the header is enough to refuse it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", host.ready["port"])
    writer.write(b"POST /api/bytes HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
    async with asyncio.timeout(5):
        status = await reader.readline()
    writer.close()

    assert b" 413 " in status


async def test_an_unknown_route_is_not_found(http: aiohttp.ClientSession):
    """Nothing behind the path: 404, empty."""
    async with http.get("/api/nowhere") as answer:
        body = await answer.read()

    assert (answer.status, body) == (404, b"")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE"])
async def test_a_known_route_names_its_methods(http: aiohttp.ClientSession, method: str):
    """A method the route does not take is 405 with what it takes."""
    async with http.request(method, "/api/bytes") as answer:
        allow = answer.headers["Allow"]

    assert (answer.status, allow) == (405, "POST")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "OPTIONS"])
async def test_a_route_without_methods_takes_any(http: aiohttp.ClientSession, method: str):
    """A trigger that names no method is run for every one."""
    async with http.request(method, "/api/cookies") as answer:
        text = await answer.text()

    assert text == method


async def test_a_head_request_gets_no_body(http: aiohttp.ClientSession):
    """HEAD on a route that takes it runs the function and sends headers only."""
    async with http.head("/api/cookies") as answer:
        body = await answer.read()

    assert (answer.status, body) == (200, b"")


async def test_every_cookie_is_sent(http: aiohttp.ClientSession):
    """Two cookies of a function become two Set-Cookie headers with their attributes."""
    async with http.get("/api/cookies") as answer:
        cookies = answer.headers.getall("Set-Cookie")

    assert cookies == ["a=1; HttpOnly; Path=/; SameSite=Strict", "b=2; Max-Age=60; Secure"]


@pytest.mark.parametrize(("path", "status"), [("7", 200), ("seven", 404), ("7/8", 404)])
async def test_a_constraint_decides_the_route(http: aiohttp.ClientSession, path: str, status: int):
    """A segment that breaks its constraint does not match."""
    async with http.get(f"/api/numbers/{path}") as answer:
        actual = answer.status

    assert status == actual


@pytest.mark.parametrize(("path", "rest"), [("a/b.txt", "a/b.txt"), ("", "(none)")])
async def test_a_catch_all_takes_the_rest(http: aiohttp.ClientSession, path: str, rest: str):
    """A catch-all parameter holds the rest of the path, slashes included, or nothing."""
    async with http.get(f"/api/files/{path}") as answer:
        text = await answer.text()

    assert rest == text


async def test_a_string_is_a_text_answer(http: aiohttp.ClientSession):
    """A function may return a string."""
    async with http.get("/api/numbers/5") as answer:
        text = await answer.text()

    assert (text, answer.content_type) == ("number 5", "text/plain")


async def test_custom_headers_of_host_json_are_added(http: aiohttp.ClientSession):
    """``extensions.http.customHeaders`` go on every answer of a function."""
    async with http.get("/api/numbers/5") as answer:
        header = answer.headers["X-Content-Type-Options"]

    assert header == "nosniff"


async def test_a_failing_function_is_an_empty_500(host: RunningHost, http: aiohttp.ClientSession):
    """The cause is logged with a stack, and not told to the caller."""
    async with http.get("/api/fail") as answer:
        body = await answer.read()
    line = host.wait_logged(level="error", function="fail")[0]

    assert (answer.status, body) == (500, b"")
    assert "ValueError: failing on GET" in line["message"]
    assert "function_app.py" in line["exception"]


async def test_log_lines_of_a_coroutine_name_its_invocation(
    host: RunningHost, http: aiohttp.ClientSession
):
    """What an async function logs carries function, invocation id and category."""
    async with http.get("/api/echo/logged"):
        pass
    line = host.wait_logged(message="echoing logged")[0]

    assert (line["function"], line["category"]) == ("echo", "Function.echo.User")
    assert len(line["invocationId"]) == 36


async def test_prints_of_a_synchronous_function_become_log_lines(
    host: RunningHost, http: aiohttp.ClientSession
):
    """A print in a worker thread is a log line of the same invocation as its other lines."""
    before = host.logged(message="got 6 bytes")
    async with http.post("/api/bytes", data=b"own-it"):
        pass
    logged = host.wait_logged(len(before) + 1, message="got 6 bytes")[-1]
    own = {"message": "printed by the app", "invocationId": logged["invocationId"]}

    assert [line["function"] for line in host.wait_logged(**own)] == ["send_back"]


async def test_the_admin_api_lists_functions(http: aiohttp.ClientSession):
    """Every function with its bindings, HTTP ones with their URL."""
    async with http.get("/admin/functions") as answer:
        functions = {one["name"]: one for one in await answer.json()}

    assert functions["echo"]["invoke_url_template"].endswith("/api/echo/{name}")
    assert [one["type"] for one in functions["echo"]["config"]["bindings"]] == [
        "httpTrigger",
        "http",
    ]


@pytest.mark.parametrize(
    ("name", "status"), [("echo", 400), ("nobody", 404)], ids=["http function", "unknown"]
)
async def test_the_admin_api_does_not_start_http_functions(
    http: aiohttp.ClientSession, name: str, status: int
):
    """HTTP functions are called over HTTP; unknown ones are not found."""
    async with http.post(f"/admin/functions/{name}", json={"input": ""}) as answer:
        actual = answer.status

    assert status == actual


async def test_the_host_tells_its_state(http: aiohttp.ClientSession):
    """Status says running; a ping is answered."""
    async with http.get("/admin/host/status") as answer:
        status = await answer.json()
    async with http.get("/admin/host/ping") as ping:
        pass

    assert (status["state"], ping.status) == ("Running", 200)


def test_the_ready_line_names_port_and_functions(host: RunningHost):
    """What is printed once the host serves."""
    assert set(host.ready) == {"port", "functions"}
    assert "send_back" in host.ready["functions"]


def test_every_log_line_is_json(host: RunningHost):
    """Nothing but JSON lines goes to standard error."""
    assert host.logged(level="raw") == []
    assert json.dumps(host.lines)
