"""Classic vaults through Resource Manager: addresses, look-up, unregistering."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from adapters.classic_contents import ClassicContentsApi
from domain.errors import NotFoundError, OutcomeUnknownError, RefusedError, UnexpectedAnswerError
from tests.fakes import SUBSCRIPTION, FakeClock, classic_vault
from tests.http_server import Handler, Server, drop_connection, server_clients, serving

VAULT = classic_vault()
TYPE = "providers/Microsoft.Backup/BackupVault"
LIKELY = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{VAULT.cloud_service}/{TYPE}/vault-clean"
CONTAINER = f"{LIKELY}/backupContainers/7/UnRegisterContainer"


def _json(document: Any, status: int = 200) -> web.Response:
    return web.json_response(document, status=status, headers={"x-ms-request-id": "r-1"})


def _missing() -> web.Response:
    return _json({"error": {"code": "ResourceNotFound", "message": "no"}}, 404)


def _row(group: str, name: str = "vault-clean", location: str = "westus") -> dict[str, str]:
    vault_id = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/{TYPE}/{name}"
    return {"id": vault_id, "name": name, "location": location}


@asynccontextmanager
async def _client(
    *answers: web.Response | Handler,
) -> AsyncIterator[tuple[Server, ClassicContentsApi]]:
    clock = FakeClock()
    async with serving(*answers) as server:
        api = ClassicContentsApi(server_clients(server, clock), clock)
        try:
            yield server, api
        finally:
            await api.aclose()


async def test_a_vault_of_the_portal_is_found_at_once() -> None:
    """Its group is its cloud service: one call, no list."""
    async with _client(_json({"name": "vault-clean"})) as (server, api):
        found = await api.find_vault(VAULT)

    assert (LIKELY, [f"{LIKELY}?api-version=2015-03-15"]) == (
        found.value,
        [asked.path for asked in server.asked],
    )


async def test_a_vault_made_by_script_is_looked_for_by_name_and_region() -> None:
    """Whatever group it is in, and however the region is written."""
    rows = [_row("a", "vault-other"), _row("b", location="eastus"), _row("c", "VAULT-clean")]
    async with _client(_missing(), _json({"value": rows})) as (_, api):
        found = await api.find_vault(VAULT)

    assert rows[2]["id"] == found.value


@pytest.mark.parametrize("rows", [[], [_row("a"), _row("b")]])
async def test_none_and_several_are_not_found(rows: list[dict[str, str]]) -> None:
    """Nobody guesses whose machines those are."""
    async with _client(_missing(), _json({"value": rows})) as (_, api):
        with pytest.raises(NotFoundError, match=f"{len(rows)} classic vaults"):
            await api.find_vault(VAULT)


async def test_every_page_of_machines_is_read() -> None:
    """The link leads on as long as there is one."""

    async def first(request: web.Request) -> web.Response:
        link = f"{request.url.origin()}{LIKELY}/backupContainers?page=2"
        return _json({"value": [{"uniqueName": "a"}], "nextLink": link})

    last = _json({"value": [{"uniqueName": "b"}], "nextLink": None})
    async with _client(first, last) as (_, api):
        found = await api.list_machines(LIKELY)

    assert ["a", "b"] == [one["uniqueName"] for one in found.value]


async def test_a_link_to_another_host_is_not_followed() -> None:
    """The token would go along."""
    page = _json({"value": [], "nextLink": "https://elsewhere.example/next"})
    async with _client(page) as (server, api):
        with pytest.raises(UnexpectedAnswerError):
            await api.list_policies(LIKELY)

    assert 1 == len(server.asked)


async def test_storage_is_read_with_its_version() -> None:
    """One object, as it came."""
    async with _client(_json({"properties": {"storageType": "GeoRedundant"}})) as (server, api):
        found = await api.read_storage(LIKELY)

    path = f"{LIKELY}/storageconfig/vaultstorageconfig?api-version=2015-03-15"
    assert (path, "GeoRedundant") == (
        server.asked[0].path,
        found.value["properties"]["storageType"],
    )


async def test_a_machine_is_unregistered_by_one_call() -> None:
    """204 and nothing else."""
    async with _client(web.Response(status=204)) as (server, api):
        await api.unregister_machine(CONTAINER)

    assert [("DELETE", f"{CONTAINER}?api-version=2015-03-15")] == [
        (asked.method, asked.path) for asked in server.asked
    ]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (_missing, NotFoundError),
        (lambda: _json({"error": {"code": "Conflict", "message": "busy"}}, 409), RefusedError),
        (lambda: _json({}, 503), OutcomeUnknownError),
        (lambda: drop_connection, OutcomeUnknownError),
        (lambda: web.Response(text="<html>"), OutcomeUnknownError),
    ],
)
async def test_unregistering_is_never_repeated_by_itself(answer: Any, error: type) -> None:
    """Whoever reads the list first may do it again."""
    async with _client(answer()) as (server, api):
        with pytest.raises(error):
            await api.unregister_machine(CONTAINER)

    assert 1 == len(server.asked)
