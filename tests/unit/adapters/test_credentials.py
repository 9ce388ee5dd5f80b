"""Tokens are fetched once, kept, renewed, and sent to the right place only."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from azure.core import AsyncPipelineClient
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.core.rest import HttpRequest
from azure.identity.aio import DefaultAzureCredential

from adapters.bearer import BearerPolicy
from adapters.clouds import Service
from adapters.credentials import ClientSecretTokens, make_credential
from adapters.settings import Settings
from adapters.transport import CarefulTransport
from domain.errors import ConfigurationError, UnexpectedAnswerError
from tests.http_server import Server, drop_connection, serving

SCOPE = "https://arm.example/.default"


def _token(text: str, life_s: int = 3600) -> web.Response:
    return web.json_response({"access_token": text, "expires_in": life_s})


def _tokens(server: Server, now: Callable[[], float] = lambda: 0.0) -> ClientSecretTokens:
    return ClientSecretTokens(f"{server.url}/t/oauth2", "client", "s&cret", now=now)


async def test_the_token_request_is_client_credentials() -> None:
    """The form has grant, client, secret and scope, escaped."""
    async with serving(_token("t1")) as server, _tokens(server) as tokens:
        token = await tokens.get_token(SCOPE)

    assert "t1" == token.token
    form = "grant_type=client_credentials&client_id=client&client_secret=s%26cret"
    assert f"{form}&scope=https%3A%2F%2Farm.example%2F.default" == server.asked[0].body.decode()


async def test_a_token_is_kept_while_it_is_good() -> None:
    """Until five minutes before its end the same token is given, without a request."""
    times = iter([0.0, 3299.0, 3300.0, 3300.0])
    async with (
        serving(_token("t1"), _token("t2")) as server,
        _tokens(server, lambda: next(times)) as tokens,
    ):
        got = [(await tokens.get_token(SCOPE)).token for _ in range(3)]

    assert ["t1", "t1", "t2"] == got


async def test_callers_at_once_share_a_request() -> None:
    """Ten activities that start together ask for one token."""
    async with serving(_token("t1")) as server, _tokens(server) as tokens:
        got = await asyncio.gather(*(tokens.get_token(SCOPE) for _ in range(10)))

    assert {"t1"} == {token.token for token in got}
    assert 1 == len(server.asked)


async def test_each_scope_has_its_own_token() -> None:
    """A token for one service is not used for another."""
    async with serving(_token("t1"), _token("t2")) as server, _tokens(server) as tokens:
        got = [(await tokens.get_token(scope)).token for scope in ("a", "b", "a")]

    assert ["t1", "t2", "t1"] == got


async def test_an_answer_that_is_no_json_is_no_token() -> None:
    """A sign-in page of some proxy is told as what it is."""
    page = web.Response(text="<html>Sign in</html>", content_type="text/html")
    async with serving(page) as server, _tokens(server) as tokens:
        with pytest.raises(ClientAuthenticationError, match="no token"):
            await tokens.get_token(SCOPE)


async def test_a_busy_token_service_is_asked_again() -> None:
    """One 503 does not fail the caller."""
    async with (
        serving(web.Response(status=503), _token("t1")) as server,
        _tokens(server) as tokens,
    ):
        assert "t1" == (await tokens.get_token(SCOPE)).token


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_token_service_refuses_nobody(status: int) -> None:
    """Whoever comes again gets a token; an hour is not slept through here."""
    busy = web.Response(status=status, headers={"Retry-After": "3600"})
    async with serving(busy) as server, _tokens(server) as tokens:
        with pytest.raises(ServiceRequestError, match="no token"):
            await tokens.get_token(SCOPE)


async def test_a_token_service_out_of_reach_refuses_nobody() -> None:
    """A lost answer says nothing about the client."""
    async with serving(*[drop_connection] * 9) as server, _tokens(server) as tokens:
        with pytest.raises(ServiceRequestError, match="no token"):
            await tokens.get_token(SCOPE)


@pytest.mark.parametrize(
    "answer",
    [
        web.json_response({"error": "invalid_client", "client_secret": "s&cret"}, status=401),
        web.json_response({"token": "elsewhere"}),
        web.json_response({"access_token": "t", "expires_in": "soon"}),
        web.Response(text='{"access_token": "t", "expires_in": Infinity}'),
        web.Response(text="[" * 100_000),
        web.Response(body=b"gateway \xff", status=400, content_type="text/html", charset="utf-8"),
    ],
    ids=["refused", "no token", "no life", "endless life", "too deep", "no text"],
)
async def test_a_refusal_says_why_without_the_secret(answer: web.Response) -> None:
    """Whatever the token service answers, the error carries no secret."""
    async with serving(answer) as server, _tokens(server) as tokens:
        with pytest.raises(ClientAuthenticationError, match="no token") as caught:
            await tokens.get_token(SCOPE)

    assert "s&cret" not in str(caught.value)


def test_a_secret_is_never_sent_unprotected() -> None:
    """A token URL on another machine must be https."""
    with pytest.raises(ConfigurationError):
        ClientSecretTokens("http://login.example.com/token", "client", "secret")


async def test_public_clouds_use_the_default_credential() -> None:
    """In Microsoft's clouds the identity comes from the platform."""
    settings = Settings.from_environment(
        {"VAULTLIFT_EVIDENCE": "folder:x", "ServiceBusConnection__fullyQualifiedNamespace": "n"}
    )

    credential = make_credential(settings)

    assert isinstance(credential, DefaultAzureCredential)
    await credential.close()


@pytest.fixture
async def two_servers() -> AsyncIterator[tuple[Server, Server]]:
    """The configured service, and somebody else's."""
    async with serving() as ours, serving() as theirs:
        yield ours, theirs


async def _get(url: str, ours: Server) -> int:
    async with ClientSecretTokens(f"{ours.url}/token", "client", "secret") as tokens:
        policy = BearerPolicy(tokens, Service(endpoint=ours.url, scope=SCOPE))
        client: AsyncPipelineClient[HttpRequest, web.Response] = AsyncPipelineClient(
            "", policies=[policy], transport=CarefulTransport()
        )
        async with client:
            response = await client.send_request(HttpRequest("GET", url))
            return int(response.status_code)


async def test_the_configured_service_gets_the_token(two_servers: tuple[Server, Server]) -> None:
    """Over loopback http the token is sent to the configured endpoint."""
    ours, _ = two_servers
    ours.answers.append(web.Response())

    assert 200 == await _get(f"{ours.url}/x", ours)
    assert "Bearer token-of-the-test" == ours.asked[0].headers["Authorization"]


async def test_another_host_gets_nothing(two_servers: tuple[Server, Server]) -> None:
    """A link to another host is not followed, with or without a token."""
    ours, theirs = two_servers

    with pytest.raises(UnexpectedAnswerError, match="no token was sent"):
        await _get(f"{theirs.url}/x", ours)

    assert ([], 0) == (theirs.asked, ours.token_requests)


@pytest.mark.parametrize(
    "url", ["https://other/x?sig=top", "https://other?sig=top", "https://me:top@other#top"]
)
async def test_of_a_foreign_link_the_host_alone_is_told(
    url: str, two_servers: tuple[Server, Server]
) -> None:
    """What stands around it may be a password or a signature, and errors end up in evidence."""
    with pytest.raises(UnexpectedAnswerError, match="leads to other; no token") as refused:
        await _get(url, two_servers[0])

    assert "top" not in str(refused.value)


@pytest.mark.parametrize("url", ["ftp://h/x", "http://h:abc/x", "http://[::1", "http://u@{}/x"])
async def test_what_is_no_address_gets_nothing(
    url: str, two_servers: tuple[Server, Server]
) -> None:
    """Neither a token nor an error that nobody knows."""
    ours, _ = two_servers

    with pytest.raises(UnexpectedAnswerError, match="no token was sent"):
        await _get(url.format(ours.url.removeprefix("http://")), ours)

    assert ([], 0) == (ours.asked, ours.token_requests)


@pytest.mark.parametrize(
    "challenge",
    ['error="ExpiredAuthenticationToken"', 'error="insufficient_claims", claims="A"'],
    ids=["expired", "unreadable claims"],
)
async def test_a_token_the_service_rejects_is_renewed_once(challenge: str) -> None:
    """A 401 makes the policy fetch a new token and try once more."""
    refusal = {"WWW-Authenticate": f"Bearer {challenge}"}
    answers = (web.Response(status=401, headers=refusal), web.Response())
    async with serving(*answers) as server:
        status = await _get(f"{server.url}/x", server)

    assert (200, 2, 2) == (status, len(server.asked), server.token_requests)


async def test_a_second_rejection_is_final() -> None:
    """Two tokens refused in a row are not followed by a third."""
    refusal = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    answers = [web.Response(status=401, headers=refusal) for _ in range(3)]
    async with serving(*answers) as server:
        status = await _get(f"{server.url}/x", server)

    assert (401, 2) == (status, len(server.asked))
