"""The classic client against a server: what it sends, repeats, and never repeats."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from adapters.classic_api import ClassicApi
from domain.errors import (
    AccessDeniedError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)
from domain.upgrade import CheckOutcome
from tests.fakes import SUBSCRIPTION, FakeClock, classic_ref, classic_vault, vault_ref
from tests.http_server import Handler, Server, drop_connection, server_clients, serving
from tests.unit.adapters.test_classic_xml import NAMESPACES, RESOURCE

NIL_ERROR = f'<Error i:nil="true" {NAMESPACES}/>'
WARNING = (
    f"<Error {NAMESPACES}><Details><ErrorDetail><Code>B1</Code><Message>billing</Message>"
    "<Type>Warning</Type></ErrorDetail></Details></Error>"
)
PLAIN = f"<Error {NAMESPACES}><Code>Conflict</Code><Message>busy</Message></Error>"
START_ERROR = (
    '<Error xmlns="http://schemas.microsoft.com/wars"><ErrorCode>9</ErrorCode>'
    "<Message><Value>not started</Value></Message></Error>"
)
RECORD = (
    f"<ResourceUpgradeDetails {NAMESPACES}><OperationId>op-1</OperationId>"
    "<Status>InProgress</Status></ResourceUpgradeDetails>"
)
RUNNING = (
    f"<OperationInfo {NAMESPACES}><OperationResult>Invalid</OperationResult>"
    "<OperationStatus>InProgress</OperationStatus></OperationInfo>"
)


def _xml(body: str, status: int = 200) -> web.Response:
    headers = {"x-ms-request-id": "r-1"}
    return web.Response(text=body, status=status, content_type="application/xml", headers=headers)


def _busy(status: int = 503) -> web.Response:
    return web.Response(status=status, headers={"Retry-After": "0"})


def _listing(*names: str, region: str = "West US") -> web.Response:
    resources = "".join(
        RESOURCE.format(type="BackupVault", settings="").replace("v1", name) for name in names
    )
    return _xml(
        f"<CloudServices {NAMESPACES}><CloudService><Name>cs</Name><GeoRegion>{region}</GeoRegion>"
        f"<Resources>{resources}</Resources></CloudService></CloudServices>"
    )


@asynccontextmanager
async def _client(
    *answers: web.Response | Handler, clock: FakeClock | None = None
) -> AsyncIterator[tuple[Server, ClassicApi]]:
    clock = clock or FakeClock()
    async with serving(*answers) as server:
        api = ClassicApi(server_clients(server, clock), clock)
        try:
            yield server, api
        finally:
            await api.aclose()


async def _start(api: ClassicApi) -> Any:
    return await api.start_upgrade(classic_vault(), vault_ref(), "op-1")


async def _check(api: ClassicApi) -> Any:
    return await api.check_prerequisites(classic_vault(), vault_ref(), "check-1")


async def test_a_vault_is_found_whatever_its_spelling() -> None:
    """Name and region are compared without case, as the service does."""
    async with _client(_listing("Vault-Clean", "other", region="west us")) as (_, api):
        vault = await api.read_vault(classic_ref("vault-clean", "West US"))

    assert "Vault-Clean" == vault.ref.name


async def test_a_vault_elsewhere_is_not_found() -> None:
    """The same name in another region is another vault."""
    async with _client(_listing("vault-clean", region="East US")) as (_, api):
        with pytest.raises(NotFoundError) as caught:
            await api.read_vault(classic_ref("vault-clean", "West US"))

    assert "r-1" == caught.value.request_id


@pytest.mark.parametrize("listed", ["vault-clean", "vault-cleen"])
async def test_a_vault_that_is_not_found_is_looked_for_elsewhere(listed: str) -> None:
    """Region and name are easily mistaken: what resembles it is named with its region."""
    async with _client(_listing(listed, region="East US")) as (_, api):
        with pytest.raises(NotFoundError) as caught:
            await api.read_vault(classic_ref("vault-clean", "West US"))

    assert f"There is {listed} in East US." in (caught.value.what_to_do or "")


@pytest.mark.parametrize("status", [401, 403])
async def test_a_denied_call_names_the_classic_role(status: int) -> None:
    """An owner in Resource Manager is nobody here without being co-administrator."""
    denied = [_xml(f"<Error {NAMESPACES}><Code>F</Code></Error>", status) for _ in range(3)]

    async with _client(*denied) as (_, api):
        with pytest.raises(AccessDeniedError) as caught:
            await api.list_vaults(classic_ref().subscription_id)

    assert "co-administrator" in (caught.value.what_to_do or "")


async def test_every_part_of_a_url_is_escaped() -> None:
    """A name with a slash or a question mark stays one segment."""
    vault = classic_vault(classic_ref("a/b?c"), cloud_service="cs", resource_namespace="N S")
    async with _client(_xml(RUNNING)) as (server, api):
        await api.read_operation(vault)

    path = "/resources/N%20S/~/BackupVault/a%2Fb%3Fc/upgradeOperationResult"
    assert server.asked[0].path.endswith(f"/cloudservices/cs{path}")


async def test_tracking_names_each_call_anew() -> None:
    """Every read of the operation has a client request id of its own, of the usual form."""
    async with _client(_xml(RUNNING), _xml(RUNNING)) as (server, api):
        for _ in range(2):
            await api.read_operation(classic_vault())

    ids = [asked.headers["x-ms-client-request-id"] for asked in server.asked]
    assert 2 == len(set(ids))
    assert all(re.fullmatch(r"[0-9a-f-]{36}-2017-09-05 12:00:00Z-P", each) for each in ids)


@pytest.mark.parametrize("trouble", [_busy(503), _busy(429), _busy(500), drop_connection])
async def test_reads_are_repeated(trouble: web.Response | Handler) -> None:
    """A list that fails once is asked for again."""
    async with _client(trouble, _listing("v")) as (server, api):
        vaults = await api.list_vaults(classic_ref().subscription_id)

    assert (1, 2) == (len(vaults), len(server.asked))


@pytest.mark.parametrize("trouble", [_busy(503), _busy(429), _busy(502), drop_connection])
async def test_the_check_is_repeated_though_it_is_a_post(
    trouble: web.Response | Handler,
) -> None:
    """A check changes nothing, so it is sent again, with the same id."""
    async with _client(trouble, _xml(NIL_ERROR)) as (server, api):
        check = await _check(api)

    assert CheckOutcome.SUCCEEDED == check.outcome
    assert {"check-1"} == {asked.headers["x-ms-client-request-id"] for asked in server.asked}
    assert 2 == len(server.asked)


@pytest.mark.parametrize("status", [200, 400, 409, 500])
async def test_reasons_count_whatever_the_status(status: int) -> None:
    """The status that reasons come with is not known: the body decides."""
    answers = [_xml(WARNING, status) for _ in range(5)]
    async with _client(*answers) as (_, api):
        check = await _check(api)

    assert (CheckOutcome.WITH_WARNINGS, "billing") == (check.outcome, check.reasons[0].message)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_xml(PLAIN, 409), RefusedError),
        (_xml(PLAIN, 403), AccessDeniedError),
        (_xml(PLAIN, 404), NotFoundError),
        (_xml(PLAIN, 200), UnexpectedAnswerError),
        (_xml(NIL_ERROR, 400), RefusedError),
        (web.Response(text="<html>", status=400), RefusedError),
        (web.Response(text="all good"), UnexpectedAnswerError),
        (_xml(RECORD), UnexpectedAnswerError),
    ],
)
async def test_a_check_without_a_verdict_is_an_error(
    answer: web.Response, expected: type[ServiceError]
) -> None:
    """Neither a plain error nor nonsense is ever taken for a passed check."""
    async with _client(answer) as (_, api):
        with pytest.raises(expected):
            await _check(api)


async def test_a_start_gives_the_record() -> None:
    """A 200 with a record means that the upgrade runs under our id."""
    async with _client(_xml(RECORD)) as (server, api):
        record = await _start(api)

    assert "op-1" == record.operation_id
    assert "op-1" == server.asked[0].headers["x-ms-client-request-id"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (drop_connection, OutcomeUnknownError),
        (_busy(500), OutcomeUnknownError),
        (_busy(503), OutcomeUnknownError),
        (_xml(PLAIN, 500), OutcomeUnknownError),
        (web.Response(status=202), OutcomeUnknownError),
        (web.Response(text="fine"), OutcomeUnknownError),
        (_xml(START_ERROR, 500), RefusedError),
        (_xml(WARNING, 500), RefusedError),
        (_xml(PLAIN, 200), RefusedError),
        (_xml(PLAIN, 409), RefusedError),
        (web.Response(text="no", status=400), RefusedError),
        (_busy(429), ThrottledError),
        (_xml(PLAIN, 403), AccessDeniedError),
        (_xml(PLAIN, 404), NotFoundError),
    ],
)
async def test_a_start_is_sent_once_whatever_happens(
    answer: web.Response | Handler, expected: type[ServiceError]
) -> None:
    """Each bad end is told apart, carries the OperationId, and nothing is sent again."""
    async with _client(answer, _xml(RECORD)) as (server, api):
        with pytest.raises(expected) as caught:
            await _start(api)

    assert 1 == len(server.asked)
    assert "op-1" == caught.value.operation_id


async def test_a_start_with_a_stale_token_is_sent_with_a_fresh_one() -> None:
    """A 401 was turned away unread, so the same start, under the same id, is sent once more."""
    stale = web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
    async with _client(stale, _xml(RECORD)) as (server, api):
        await _start(api)

    assert ["op-1", "op-1"] == [a.headers["x-ms-client-request-id"] for a in server.asked]


async def test_a_start_that_stays_unauthorized_is_denied() -> None:
    """Two 401 in a row end the matter; nothing was started."""
    stale = [web.Response(status=401, headers={"WWW-Authenticate": "Bearer"}) for _ in range(3)]
    async with _client(*stale) as (server, api):
        with pytest.raises(AccessDeniedError):
            await _start(api)

    assert 2 == len(server.asked)


async def test_a_start_without_a_connection_was_not_sent() -> None:
    """Where no connection can be made, nothing has begun for sure."""
    clock = FakeClock()
    async with serving(_xml(RUNNING)) as server:
        api = ClassicApi(server_clients(server, clock), clock)
        # Gets the token while the server is there, so that only the start meets a closed door.
        await api.read_operation(classic_vault())
    try:
        with pytest.raises(UnavailableError):
            await _start(api)
    finally:
        await api.aclose()


async def test_a_reason_lists_its_codes() -> None:
    """A refused start names the codes of its reasons."""
    async with _client(_xml(WARNING, 400)) as (_, api):
        with pytest.raises(RefusedError, match="billing"):
            await _start(api)


async def test_a_listed_vault_tells_the_services_clock() -> None:
    """The age of a start is measured by it (DESIGN rule 1)."""
    answer = _listing("v1")
    answer.headers["Date"] = "Tue, 05 Sep 2017 12:00:07 GMT"
    async with _client(answer) as (_, api):
        (vault,) = await api.list_vaults(SUBSCRIPTION)

    assert datetime(2017, 9, 5, 12, 0, 7, tzinfo=UTC) == vault.answered_at


async def test_the_body_of_a_list_must_be_one() -> None:
    """A page of a proxy with status 200 is not an empty subscription."""
    async with _client(web.Response(text="<html></html>")) as (_, api):
        with pytest.raises(UnexpectedAnswerError):
            await api.list_vaults(classic_ref().subscription_id)


async def test_a_long_retry_after_is_handed_on() -> None:
    """Who is told to wait for an hour gets the error at once, with the time in it."""
    answer = web.Response(status=429, headers={"Retry-After": "3600"})
    async with _client(answer) as (server, api):
        with pytest.raises(ThrottledError) as caught:
            await api.list_vaults(classic_ref().subscription_id)

    assert (1, 3600) == (len(server.asked), caught.value.retry_after_s)
