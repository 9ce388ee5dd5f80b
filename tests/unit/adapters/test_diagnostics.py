"""Diagnostic settings over the wire: one read, one write that is never sent twice."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from adapters.recovery_services import RecoveryServicesApi
from domain.diagnostics import setting_body
from domain.errors import OutcomeUnknownError, RefusedError, ServiceError
from tests.fakes import FakeClock, vault_ref
from tests.http_server import Handler, Server, drop_connection, server_clients, serving

BODY = setting_body("/subscriptions/s/workspaces/w")


@asynccontextmanager
async def _client(
    *answers: web.Response | Handler,
) -> AsyncIterator[tuple[Server, RecoveryServicesApi]]:
    async with serving(*answers) as server:
        api = RecoveryServicesApi(server_clients(server, FakeClock()), FakeClock())
        try:
            yield server, api
        finally:
            await api.aclose()


def _json(document: Any, status: int = 200) -> web.Response:
    return web.json_response(document, status=status)


async def test_settings_are_read_below_the_vault() -> None:
    """By the extension's own path and version."""
    async with _client(_json({"value": [{"name": "one"}]})) as (server, api):
        reading = await api.list_diagnostic_settings(vault_ref())

    path = urlsplit(server.asked[0].path).path
    assert ("one", True) == (
        reading.value[0]["name"],
        path.endswith("/providers/Microsoft.Insights/diagnosticSettings"),
    )


async def test_a_gateway_s_page_is_asked_past() -> None:
    """It looks like a success to the pipeline."""
    page = web.Response(text="<html>", status=200)
    async with _client(page, _json({"value": []})) as (server, api):
        reading = await api.list_diagnostic_settings(vault_ref())

    assert ((), 2) == (reading.value, len(server.asked))


async def test_a_setting_is_sent_as_it_is() -> None:
    """Its name is part of the path, whatever characters it has."""
    async with _client(_json({})) as (server, api):
        await api.write_diagnostic_setting(vault_ref(), "my reports", BODY)

    (request,) = server.asked
    assert ("PUT", BODY, True) == (
        request.method,
        json.loads(request.body),
        urlsplit(request.path).path.endswith("/diagnosticSettings/my%20reports"),
    )


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (_json({"error": {"code": "Conflict", "message": "used"}}, 409), RefusedError),
        (_json({}, 500), OutcomeUnknownError),
        (drop_connection, OutcomeUnknownError),
    ],
    ids=["refused", "broke down", "lost"],
)
async def test_a_write_that_fails_is_sent_once_and_says_what_is_known(
    answer: Any, error: type[ServiceError]
) -> None:
    """Only a clear refusal means that nothing was made."""
    async with _client(answer, _json({})) as (server, api):
        with pytest.raises(error):
            await api.write_diagnostic_setting(vault_ref(), "reports", BODY)

    assert 1 == len(server.asked)
