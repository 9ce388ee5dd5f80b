"""Exchanges with the classic API are kept for support: whole, and without secrets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from adapters.classic_api import ClassicApi
from adapters.exchange_log import LONGEST_BODY, TaskExchangeLog
from domain.errors import OutcomeUnknownError
from domain.exchanges import Exchange
from tests.fakes import SUBSCRIPTION, FakeClock, classic_vault, vault_ref
from tests.http_server import Handler, drop_connection, server_clients, serving
from tests.unit.adapters.test_classic_xml import NAMESPACES

RUNNING = (
    f"<ResourceUpgradeDetails {NAMESPACES}><OperationId>op-1</OperationId>"
    "<Status>InProgress</Status></ResourceUpgradeDetails>"
)


@asynccontextmanager
async def _api(*answers: web.Response | Handler) -> AsyncIterator[ClassicApi]:
    clock = FakeClock()
    async with serving(*answers) as server:
        api = ClassicApi(server_clients(server, clock), clock)
        try:
            yield api
        finally:
            await api.aclose()


def _xml(text: str, status: int = 200) -> web.Response:
    headers = {"x-ms-request-id": "r-1", "Set-Cookie": "hidden=1"}
    return web.Response(text=text, status=status, content_type="application/xml", headers=headers)


async def _start(api: ClassicApi) -> Exchange:
    with TaskExchangeLog().recording() as kept:
        await api.start_upgrade(classic_vault(), vault_ref(), "op-1")
    (exchange,) = kept
    return exchange


async def test_a_start_is_kept_whole() -> None:
    """What was sent, what came back, and both request ids."""
    async with _api(_xml(RUNNING)) as api:
        exchange = await _start(api)

    assert ("POST", 200, RUNNING) == (exchange.method, exchange.status, exchange.response_body)
    assert "NewResourcePath" in exchange.request_body
    assert "op-1" == exchange.request_headers["x-ms-client-request-id"]
    assert "r-1" == exchange.response_headers["x-ms-request-id"]


async def test_no_token_is_kept() -> None:
    """Neither Authorization nor cookies are on the list of what is kept."""
    async with _api(_xml(RUNNING)) as api:
        exchange = await _start(api)

    text = repr(exchange)
    assert (False, False, False) == (
        "uthorization" in text,
        "Bearer" in text,
        "hidden" in text,
    )


async def test_secrets_inside_a_body_are_starred() -> None:
    """Whatever a service puts into its messages."""
    said = RUNNING.replace("<Status>", "<Message>https://x?sig=abcdef</Message><Status>")

    async with _api(_xml(said)) as api:
        exchange = await _start(api)

    assert ("abcdef" in exchange.response_body, "sig=***" in exchange.response_body) == (
        False,
        True,
    )


async def test_a_lost_answer_leaves_what_was_sent() -> None:
    """That is what support will ask about."""
    async with _api(drop_connection) as api:
        with TaskExchangeLog().recording() as kept, pytest.raises(OutcomeUnknownError):
            await api.start_upgrade(classic_vault(), vault_ref(), "op-1")

    (exchange,) = kept
    assert (None, "op-1") == (exchange.status, exchange.request_headers["x-ms-client-request-id"])


async def test_a_long_answer_is_cut() -> None:
    """A list of hundreds of vaults does not belong into evidence twice."""
    long = f"<CloudServices {NAMESPACES}><!--{'x' * 2 * LONGEST_BODY}--></CloudServices>"

    async with _api(_xml(long)) as api:
        with TaskExchangeLog().recording() as kept:
            await api.list_vaults(SUBSCRIPTION)

    assert kept[0].response_body.endswith(" ... cut")


async def test_nothing_is_kept_where_nobody_records() -> None:
    """A poll every minute leaves no trace by itself."""
    async with _api(_xml(f"<CloudServices {NAMESPACES}/>")) as api:
        await api.list_vaults(SUBSCRIPTION)
        with TaskExchangeLog().recording() as kept:
            pass

    assert [] == kept


async def test_tasks_side_by_side_keep_their_own() -> None:
    """Activities of one process do not mix their exchanges."""

    async def record(api: ClassicApi, operation_id: str) -> list[str]:
        with TaskExchangeLog().recording() as kept:
            for _ in range(3):
                await api.start_upgrade(classic_vault(), vault_ref(), operation_id)
        return [one.request_headers["x-ms-client-request-id"] for one in kept]

    async with _api(*[_xml(RUNNING) for _ in range(6)]) as api:
        found = await asyncio.gather(record(api, "one"), record(api, "two"))

    assert [["one"] * 3, ["two"] * 3] == found
