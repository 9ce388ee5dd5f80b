"""The ARM adapter against a server: requests as REST wants them, answers as they came."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from adapters.recovery_services import RecoveryServicesApi, job_filter
from adapters.throttle import LONGEST_WAIT_S
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
from tests.fakes import NOON, SUBSCRIPTION, FakeClock, vault_ref
from tests.http_server import Handler, Server, drop_connection, server_clients, serving

VAULT = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-backup-upgraded"
    "/providers/Microsoft.RecoveryServices/vaults/vault-clean"
)
VERSION = "api-version=2025-08-01"

type Read = Callable[[RecoveryServicesApi], Awaitable[Any]]


def _json(document: Any, status: int = 200, **headers: str) -> web.Response:
    named = {"x-ms-request-id": "r-1"} | {k.replace("_", "-"): v for k, v in headers.items()}
    return web.json_response(document, status=status, headers=named)


@asynccontextmanager
async def _client(
    *answers: web.Response | Handler, clock: FakeClock | None = None
) -> AsyncIterator[tuple[Server, RecoveryServicesApi]]:
    clock = clock or FakeClock()
    async with serving(*answers) as server:
        api = RecoveryServicesApi(server_clients(server, clock), clock)
        try:
            yield server, api
        finally:
            await api.aclose()


ONE = [
    (lambda api: api.read_vault(vault_ref()), VAULT),
    (lambda api: api.read_vault_config(vault_ref()), f"{VAULT}/backupconfig/vaultconfig"),
    (lambda api: api.read_policy(vault_ref(), "p 1"), f"{VAULT}/backupPolicies/p%201"),
    (
        lambda api: api.read_policy_operation(vault_ref(), "p1", "o1"),
        f"{VAULT}/backupPolicies/p1/operations/o1",
    ),
    (lambda api: api.read_job(vault_ref(), "j1"), f"{VAULT}/backupJobs/j1"),
]
MANY = [
    (
        lambda api: api.list_vaults(SUBSCRIPTION),
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.RecoveryServices/vaults",
    ),
    (lambda api: api.list_policies(vault_ref()), f"{VAULT}/backupPolicies"),
    (lambda api: api.list_agents(vault_ref()), f"{VAULT}/backupProtectionContainers"),
    (lambda api: api.list_engines(vault_ref()), f"{VAULT}/backupEngines"),
    (lambda api: api.list_items(vault_ref()), f"{VAULT}/backupProtectedItems"),
    (lambda api: api.list_protectable_vms(vault_ref()), f"{VAULT}/backupProtectableItems"),
    (lambda api: api.list_container_counts(vault_ref()), f"{VAULT}/backupUsageSummaries"),
    (lambda api: api.list_guard_proxies(vault_ref()), f"{VAULT}/backupResourceGuardProxies"),
    (
        lambda api: api.list_jobs(vault_ref(), NOON - timedelta(hours=1), NOON),
        f"{VAULT}/backupJobs",
    ),
]


@pytest.mark.parametrize(("read", "path"), ONE, ids=[path for _, path in ONE])
async def test_single_reads_give_the_raw_body(read: Read, path: str) -> None:
    """Members the SDK does not know and times as text come through, with their source."""
    body = {"name": "x", "properties": {"notInAnyModel": [1], "endTime": "0001-01-01T00:00:00"}}
    async with _client(_json(body)) as (server, api):
        reading = await read(api)

    assert body == reading.value
    assert f"{path}?{VERSION}" == server.asked[0].path
    assert (f"GET {path}", "r-1", NOON) == (
        reading.provenance.source,
        reading.provenance.request_id,
        reading.provenance.read_at,
    )


async def test_backup_servers_are_asked_for_their_versions() -> None:
    """Without it the service leaves builds and updates out."""
    async with _client(_json({"value": []})) as (server, api):
        await api.list_engines(vault_ref())

    assert ["expand eq 'extendedinfo'"] == parse_qs(urlsplit(server.asked[0].path).query)["$filter"]


async def test_backup_servers_are_listed_without_versions_where_those_are_refused() -> None:
    """A server of unknown version is worth more than none."""
    refused = _json({"error": {"code": "BMSUserErrorInvalidInput", "message": "no"}}, 400)
    async with _client(refused, _json({"value": [{"name": "dpm1"}]})) as (server, api):
        reading = await api.list_engines(vault_ref())

    assert ({"name": "dpm1"},) == reading.value
    assert "$filter" not in server.asked[1].path


@pytest.mark.parametrize(("read", "path"), MANY, ids=[path for _, path in MANY])
async def test_lists_follow_every_page(read: Read, path: str) -> None:
    """The elements of all pages come in order, raw, whatever their discriminator."""
    item = {"properties": {"protectedItemType": "Microsoft.Compute/virtualMachines", "x": 1}}

    async def first(request: web.Request) -> web.StreamResponse:
        link = f"http://{request.host}{path}?{VERSION}&$skipToken=abc%2Fd"
        return _json({"value": [item, {"n": 2}], "nextLink": link})

    async with _client(first, _json({"value": [{"n": 3}]})) as (server, api):
        reading = await read(api)

    assert (item, {"n": 2}, {"n": 3}) == reading.value
    assert [path, path] == [asked.path.partition("?")[0] for asked in server.asked]


async def test_an_empty_list_is_a_reading_too() -> None:
    """Nothing there is an answer with a source."""
    async with _client(_json({"value": []})) as (_, api):
        reading = await api.list_items(vault_ref())

    assert ((), "r-1") == (reading.value, reading.provenance.request_id)


async def test_agents_are_asked_for_by_type() -> None:
    """Without the filter the service refuses the list."""
    async with _client(_json({"value": []})) as (server, api):
        await api.list_agents(vault_ref())

    query = parse_qs(urlsplit(server.asked[0].path).query)
    assert ["backupManagementType eq 'MAB'"] == query["$filter"]


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-01-01T00:00:00+00:00", "2026-01-01 12:00:00 AM"),
        ("2026-01-01T12:00:05+00:00", "2026-01-01 12:00:05 PM"),
        ("2026-01-01T23:59:59+00:00", "2026-01-01 11:59:59 PM"),
        ("2026-01-01T01:00:00+02:00", "2025-12-31 11:00:00 PM"),
    ],
)
def test_job_times_are_utc_on_a_twelve_hour_clock(moment: str, expected: str) -> None:
    """Midnight and noon are twelve, and other zones are converted."""
    since = datetime.fromisoformat(moment)

    text = job_filter(since, since)

    assert text == (
        f"startTime eq '{expected}' and endTime eq '{expected}' and operation eq 'Backup'"
    )


@pytest.mark.parametrize("span", [timedelta(days=31), timedelta(seconds=-1)])
async def test_a_window_jobs_cannot_be_listed_for_is_refused(span: timedelta) -> None:
    """Too long and backward windows are mistakes of the caller; nothing is sent."""
    async with _client() as (server, api):
        with pytest.raises(ValueError, match="not a window"):
            await api.list_jobs(vault_ref(), NOON, NOON + span)

    assert [] == server.asked


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_json({}, 404), NotFoundError),
        (_json({"error": {"code": "ResourceNotFound", "message": "m"}}, 404), NotFoundError),
        (_json({"error": {"code": "AuthorizationFailed", "message": "m"}}, 403), AccessDeniedError),
        (_json({"error": {"code": "BMSUserErrorInvalidInput"}}, 400), RefusedError),
        (_json({}, 429, Retry_After="3600"), ThrottledError),
        (web.Response(status=204), UnexpectedAnswerError),
        (web.Response(status=302, headers={"Location": "/elsewhere"}), UnexpectedAnswerError),
    ],
)
async def test_reads_fail_with_the_error_that_fits(
    answer: web.Response, expected: type[ServiceError]
) -> None:
    """A body of ``{}``, an empty success and a redirect are all told apart."""
    async with _client(answer) as (server, api):
        with pytest.raises(expected) as caught:
            await api.read_policy(vault_ref(), "p1")

    assert 1 == len(server.asked)
    assert "policy p1 of vault-clean" in str(caught.value)


NO_TEXT = {"body": b"\xff gateway", "content_type": "text/html", "charset": "utf-8"}
"""Claims an encoding it is not written in."""
TOO_DEEP = {"text": "[" * 100_000, "content_type": "application/json"}


@pytest.mark.parametrize("body", [NO_TEXT, TOO_DEEP], ids=["no text", "too deep"])
@pytest.mark.parametrize(
    ("status", "of_read", "of_write"),
    [
        (403, AccessDeniedError, AccessDeniedError),
        (500, UnavailableError, OutcomeUnknownError),
    ],
)
async def test_a_body_that_cannot_be_read_hides_no_refusal(
    body: dict[str, Any], status: int, of_read: type[ServiceError], of_write: type[ServiceError]
) -> None:
    """Whatever a gateway writes, the status decides, and the error is one of ours."""
    async with _client(*(web.Response(status=status, **body) for _ in range(9))) as (_, api):
        with pytest.raises(of_read):
            await api.list_policies(vault_ref())
        with pytest.raises(of_write):
            await api.write_policy(vault_ref(), "p1", POLICY)
        with pytest.raises(of_write):
            await api.write_diagnostic_setting(vault_ref(), "s1", {})


@pytest.mark.parametrize("body", [NO_TEXT, TOO_DEEP], ids=["no text", "too deep"])
async def test_a_success_that_cannot_be_read_is_no_answer(body: dict[str, Any]) -> None:
    """A read has failed; a write is done all the same."""
    async with _client(*(web.Response(**body) for _ in range(9))) as (_, api):
        with pytest.raises(UnexpectedAnswerError):
            await api.list_policies(vault_ref())
        assert 200 == (await api.write_policy(vault_ref(), "p1", POLICY)).status


def _page_of_a_gateway() -> web.Response:
    return web.Response(text="<html>", status=200)


async def test_an_answer_that_is_not_the_service_s_is_asked_for_again() -> None:
    """A gateway's page looks like a success to the pipeline, and the next one usually is one."""
    answers = (_page_of_a_gateway(), _json([1, 2]), _json({"value": [{"name": "p1"}]}))
    async with _client(*answers) as (server, api):
        reading = await api.list_policies(vault_ref())

    assert (({"name": "p1"},), 3) == (reading.value, len(server.asked))


async def test_an_answer_that_never_makes_sense_is_a_failure() -> None:
    """After three of them nobody waits for a fourth."""
    async with _client(*(_page_of_a_gateway() for _ in range(4))) as (server, api):
        with pytest.raises(UnexpectedAnswerError, match="policy p1 of vault-clean"):
            await api.read_policy(vault_ref(), "p1")

    assert 3 == len(server.asked)


@pytest.mark.parametrize(
    "page", [{"value": None}, {"value": {}}, {"value": [1]}, {"values": []}], ids=str
)
async def test_a_page_must_hold_a_list(page: dict[str, Any]) -> None:
    """A page without a list of objects is not an empty list."""
    async with _client(_json(page)) as (_, api):
        with pytest.raises(UnexpectedAnswerError):
            await api.list_policies(vault_ref())


@pytest.mark.parametrize("link", [5, True, ["x"], {"a": 1}], ids=str)
async def test_a_link_must_be_text(link: Any) -> None:
    """Anything else is no page's link, and no reason to fail in a way that nobody knows."""
    async with _client(_json({"value": [], "nextLink": link})) as (_, api):
        with pytest.raises(UnexpectedAnswerError, match="link is no text"):
            await api.list_policies(vault_ref())


async def test_pages_that_go_in_circles_are_stopped() -> None:
    """A link back to a page read before does not hang the caller."""

    async def circle(request: web.Request) -> web.StreamResponse:
        return _json({"value": [], "nextLink": f"http://{request.host}/x?{VERSION}"})

    async with _client(circle, circle, circle, circle) as (server, api):
        with pytest.raises(UnexpectedAnswerError, match="links to a page read before"):
            await api.list_policies(vault_ref())

    assert 3 == len(server.asked)


async def test_a_page_elsewhere_is_not_fetched() -> None:
    """A link to another host gets neither a token nor a request."""
    async with serving() as theirs:
        page = _json({"value": [], "nextLink": f"{theirs.url}/x"})
        async with _client(page) as (_, api):
            with pytest.raises(UnexpectedAnswerError, match="no token was sent"):
                await api.list_policies(vault_ref())

    assert [] == theirs.asked


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_reads_are_repeated(status: int) -> None:
    """A read that fails once is sent again."""
    trouble = web.Response(status=status, headers={"Retry-After": "0"})
    async with _client(trouble, _json({"name": "v"})) as (server, api):
        await api.read_vault(vault_ref())

    assert 2 == len(server.asked)


async def test_a_read_without_end_gives_up() -> None:
    """A service that stays down is unavailable, not waited for."""
    answers = [web.Response(status=503, headers={"Retry-After": "0"}) for _ in range(9)]
    async with _client(*answers) as (server, api):
        with pytest.raises(UnavailableError):
            await api.read_vault(vault_ref())

    assert 5 > len(server.asked)


async def test_no_provider_is_registered() -> None:
    """A read never turns into a write, even where the SDK would register the provider."""
    body = {"error": {"code": "MissingSubscriptionRegistration", "message": "register first"}}
    async with _client(_json(body, 409)) as (server, api):
        with pytest.raises(RefusedError, match="register first"):
            await api.list_vaults(SUBSCRIPTION)

    assert ["GET"] == [asked.method for asked in server.asked]


POLICY = {
    "id": "x",
    "name": "p1",
    "type": "t",
    "tags": {"a": "b"},
    "properties": {"timeZone": "UTC", "unknown": {"deep": [None]}},
}


async def test_a_written_policy_is_the_whole_document() -> None:
    """Everything but what the service owns is sent, unknown members too."""
    async with _client(_json(POLICY)) as (server, api):
        answer = await api.write_policy(vault_ref(), "p1", POLICY)

    sent = server.asked[0]
    assert ("PUT", f"{VAULT}/backupPolicies/p1?{VERSION}") == (sent.method, sent.path)
    assert {k: POLICY[k] for k in ("tags", "properties")} == json.loads(sent.body)
    assert (200, None, "r-1") == (answer.status, answer.operation_id, answer.request_id)


@pytest.mark.parametrize("header", ["Azure_AsyncOperation", "Location"])
async def test_an_accepted_write_names_its_operation(header: str) -> None:
    """The operation is the last segment of the path, without the signature behind it."""
    url = f"https://management.azure.com{VAULT}/backupPolicies/p1/operations/op-7?t=1&s=" + "x" * 99
    accepted = web.Response(
        status=202, headers={header.replace("_", "-"): url, "Retry-After": "60"}
    )
    async with _client(accepted) as (_, api):
        answer = await api.write_policy(vault_ref(), "p1", POLICY)

    assert (202, "op-7", 60) == (answer.status, answer.operation_id, answer.retry_after_s)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_json({}, 500), OutcomeUnknownError),
        (_json({}, 503, Retry_After="0"), OutcomeUnknownError),
        (drop_connection, OutcomeUnknownError),
        (_json({}, 302), OutcomeUnknownError),
        (web.Response(status=204), OutcomeUnknownError),
        (_json({"error": {"code": "BMSUserErrorInvalidPolicyInput"}}, 400), RefusedError),
        (_json({}, 429, Retry_After="0"), ThrottledError),
        (_json({}, 403), AccessDeniedError),
        (_json({}, 404), NotFoundError),
    ],
)
async def test_a_write_is_sent_once_whatever_happens(
    answer: web.Response | Handler, expected: type[ServiceError]
) -> None:
    """Neither the SDK nor the layers below send a policy a second time."""
    async with _client(answer, _json(POLICY)) as (server, api):
        with pytest.raises(expected):
            await api.write_policy(vault_ref(), "p1", POLICY)

    assert 1 == len(server.asked)


async def test_a_write_that_was_done_is_done_whatever_the_body() -> None:
    """A 200 with an unreadable body still says that the policy was replaced."""
    async with _client(web.Response(text="<html>")) as (_, api):
        answer = await api.write_policy(vault_ref(), "p1", POLICY)

    assert 200 == answer.status


async def test_retry_after_is_waited_for_in_real_seconds() -> None:
    """Between two attempts exactly the time the service asked for passes."""
    clock = FakeClock()
    trouble = web.Response(status=503, headers={"Retry-After": "7"})
    async with _client(trouble, _json({"name": "v"}), clock=clock) as (_, api):
        await api.read_vault(vault_ref())

    assert [7] == clock.slept_s


@pytest.mark.parametrize("name", ["Retry-After", "retry-after-ms", "x-ms-retry-after-ms"])
@pytest.mark.parametrize("text", ["soon", "inf", "nan", "3600000"])
async def test_no_wish_to_wait_holds_a_worker(name: str, text: str) -> None:
    """Neither words, nor endless numbers, nor headers of other services: the error comes."""
    clock = FakeClock()
    answers = [web.Response(status=503, headers={name: text}) for _ in range(9)]
    async with _client(*answers, clock=clock) as (_, api):
        with pytest.raises(UnavailableError):
            await api.read_vault(vault_ref())

    assert LONGEST_WAIT_S > sum(clock.slept_s)


async def test_a_date_to_wait_for_is_counted_by_the_services_clock() -> None:
    """Seven seconds are seven seconds, though the service's clock is an hour ahead of ours."""
    clock = FakeClock()
    theirs = datetime.now(UTC) + timedelta(hours=1)
    headers = {
        "Date": format_datetime(theirs, usegmt=True),
        "Retry-After": format_datetime(theirs + timedelta(seconds=7), usegmt=True),
    }
    trouble = web.Response(status=503, headers=headers)
    async with _client(trouble, _json({"name": "v"}), clock=clock) as (_, api):
        await api.read_vault(vault_ref())

    assert [7] == clock.slept_s
