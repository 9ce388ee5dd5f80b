"""The subscriptions adapter against a server: addresses, versions, pages, refusals."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from adapters.subscriptions import SubscriptionsApi
from domain.errors import (
    AccessDeniedError,
    NotFoundError,
    UnavailableError,
    UnexpectedAnswerError,
)
from tests.fakes import SUBSCRIPTION, FakeClock
from tests.http_server import Handler, Server, server_clients, serving

BASE = f"/subscriptions/{SUBSCRIPTION}"
NAMESPACE = "Microsoft.RecoveryServices"
FEATURES = f"{BASE}/providers/Microsoft.Features/providers/{NAMESPACE}/features"

type Read = Callable[[SubscriptionsApi], Awaitable[Any]]


def _json(document: Any, status: int = 200) -> web.Response:
    return web.json_response(document, status=status, headers={"x-ms-request-id": "r-1"})


@asynccontextmanager
async def _client(
    *answers: web.Response | Handler,
) -> AsyncIterator[tuple[Server, SubscriptionsApi]]:
    clock = FakeClock()
    async with serving(*answers) as server:
        api = SubscriptionsApi(server_clients(server, clock), clock)
        try:
            yield server, api
        finally:
            await api.aclose()


READS: list[tuple[Read, str, str]] = [
    (lambda api: api.read_subscription(SUBSCRIPTION), "GET", f"{BASE}?api-version=2022-12-01"),
    (
        lambda api: api.read_provider(SUBSCRIPTION, NAMESPACE),
        "GET",
        f"{BASE}/providers/{NAMESPACE}?api-version=2021-04-01",
    ),
    (
        lambda api: api.register_provider(SUBSCRIPTION, NAMESPACE),
        "POST",
        f"{BASE}/providers/{NAMESPACE}/register?api-version=2021-04-01",
    ),
    (
        lambda api: api.read_feature(SUBSCRIPTION, NAMESPACE, "VaultUpgrade"),
        "GET",
        f"{FEATURES}/VaultUpgrade?api-version=2021-07-01",
    ),
    (
        lambda api: api.list_groups(SUBSCRIPTION),
        "GET",
        f"{BASE}/resourcegroups?api-version=2021-04-01",
    ),
]


@pytest.mark.parametrize(("read", "method", "address"), READS)
async def test_each_call_has_its_address(read: Read, method: str, address: str) -> None:
    """Method, path and version, as REST wants them."""
    async with _client(_json({"value": []})) as (server, api):
        await read(api)

    assert [(method, address)] == [(one.method, one.path) for one in server.asked]


@pytest.mark.parametrize(("read", "_method", "_address"), READS)
async def test_a_reading_names_its_source(read: Read, _method: str, _address: str) -> None:
    """With the service's request id."""
    async with _client(_json({"value": []})) as (_, api):
        reading = await read(api)

    assert ("r-1", True) == (
        reading.provenance.request_id,
        BASE in reading.provenance.source,
    )


async def test_every_page_of_groups_is_read() -> None:
    """Links are followed to their end."""
    seen: list[str] = []

    async def first(request: web.Request) -> web.Response:
        link = f"http://{request.host}{BASE}/resourcegroups?api-version=x&$skiptoken=2"
        return _json({"value": [{"name": "a"}], "nextLink": link})

    async def second(request: web.Request) -> web.Response:
        seen.append(request.query.get("$skiptoken", ""))
        return _json({"value": [{"name": "b"}]})

    async with _client(first, second) as (_, api):
        reading = await api.list_groups(SUBSCRIPTION)

    assert (["a", "b"], ["2"]) == ([row["name"] for row in reading.value], seen)


async def test_a_link_to_another_host_is_not_followed() -> None:
    """The token would go along."""
    page = {"value": [], "nextLink": "https://elsewhere.example/groups"}

    async with _client(_json(page)) as (_, api):
        with pytest.raises(UnexpectedAnswerError):
            await api.list_groups(SUBSCRIPTION)


@pytest.mark.parametrize(
    ("status", "error"), [(404, NotFoundError), (403, AccessDeniedError), (409, Exception)]
)
async def test_refusals_are_told_apart(status: int, error: type[Exception]) -> None:
    """A feature nobody knows is not a feature nobody may see."""
    body = {"error": {"code": "Code", "message": "text"}}

    async with _client(_json(body, status)) as (_, api):
        with pytest.raises(error):
            await api.read_feature(SUBSCRIPTION, NAMESPACE, "VaultUpgrade")


@pytest.mark.parametrize(
    "answer",
    [web.Response(text="<html/>"), web.json_response([1]), web.Response(text="[" * 100_000)],
    ids=["page", "list", "too deep"],
)
async def test_an_answer_that_is_no_object_is_not_taken_for_one(answer: web.Response) -> None:
    """A proxy's page is no subscription."""
    async with _client(answer) as (_, api):
        with pytest.raises(UnexpectedAnswerError):
            await api.read_subscription(SUBSCRIPTION)


@pytest.mark.parametrize("rows", [None, {}, "text", [1]])
async def test_a_list_that_is_none_is_not_taken_for_an_empty_one(rows: Any) -> None:
    """No groups would mean that every group is missing."""
    async with _client(_json({"value": rows})) as (_, api):
        with pytest.raises(UnexpectedAnswerError):
            await api.list_groups(SUBSCRIPTION)


async def test_a_busy_service_is_asked_again() -> None:
    """Registering may be repeated as well as reading."""
    async with _client(_json({}, 503), _json({"registrationState": "Registering"})) as (
        server,
        api,
    ):
        reading = await api.register_provider(SUBSCRIPTION, NAMESPACE)

    assert ("Registering", 2) == (reading.value["registrationState"], len(server.asked))


async def test_a_service_that_stays_away_is_unavailable() -> None:
    """After a few attempts, with the address."""
    async with _client(*[_json({}, 503) for _ in range(9)]) as (_, api):
        with pytest.raises(UnavailableError) as caught:
            await api.read_subscription(SUBSCRIPTION)

    assert BASE == caught.value.subject
