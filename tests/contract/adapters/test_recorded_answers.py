"""Every recorded answer to a call of ours goes through our client, and through what reads it.

The bodies are other people's recordings beside the repository; without them nothing is tested here.
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from aiohttp import web

from adapters.recovery_services import RecoveryServicesApi
from adapters.throttle import bucket_key
from domain.agents import parse_agent, parse_engine
from domain.backup_servers import parse_server
from domain.codec import JsonObject
from domain.errors import (
    AccessDeniedError,
    NotFoundError,
    RefusedError,
    ServiceError,
    ThrottledError,
)
from domain.job_records import parse_item, parse_job
from domain.moments import parse_moment
from domain.protected_items import parse_protected_item
from domain.upgrade_details import parse_upgrade_details
from domain.vaults import VaultRef
from tests.contract.simulated_azure.recordings import arm_exchange, arm_names
from tests.fakes import NOON, FakeClock, vault_ref
from tests.http_server import server_clients, serving

type Call = Callable[[RecoveryServicesApi], Awaitable[Any]]

VAULT = vault_ref()
LIMITS = "x-ms-ratelimit-remaining-subscription-"
CALLS: dict[str, Call] = {
    r"GET .*/vaults": lambda api: api.list_vaults(VAULT.subscription_id),
    r"GET .*/vaults/[^/]+": lambda api: api.read_vault(VAULT),
    r"GET .*/backupconfig/vaultconfig": lambda api: api.read_vault_config(VAULT),
    r"GET .*/backupPolicies": lambda api: api.list_policies(VAULT),
    r"GET .*/backupPolicies/[^/]+": lambda api: api.read_policy(VAULT, "p"),
    r"GET .*/backupPolicies/[^/]+/operations/[^/]+": lambda api: api.read_policy_operation(
        VAULT, "p", "o"
    ),
    r"GET .*/backupJobs": lambda api: api.list_jobs(VAULT, NOON - timedelta(hours=1), NOON),
    r"GET .*/backupJobs/[^/]+": lambda api: api.read_job(VAULT, "j"),
    r"GET .*/backupProtectionContainers": lambda api: api.list_agents(VAULT),
    r"GET .*/backupEngines": lambda api: api.list_engines(VAULT),
    r"GET .*/backupProtectedItems": lambda api: api.list_items(VAULT),
    r"PUT .*/backupPolicies/[^/]+": lambda api: api.write_policy(VAULT, "p", {"properties": {}}),
}
"""Our calls, by method and path of a recorded one."""
SENT_ON = {"retry-after", "location", "azure-asyncoperation", "content-type"}
ERRORS: dict[int, type[ServiceError]] = {
    400: RefusedError,
    403: AccessDeniedError,
    404: NotFoundError,
    429: ThrottledError,
}


def _path(exchange: JsonObject) -> str:
    return urlsplit(str(exchange["request"]["url"])).path


def _call(exchange: JsonObject) -> Call | None:
    line = f"{exchange['request']['method']} {unquote(_path(exchange))}"
    found = (one for form, one in CALLS.items() if re.fullmatch(form, line, re.IGNORECASE))
    return next(found, None)


def _recorded() -> Iterator[tuple[str, JsonObject]]:
    for kind in ("recorded", "transcribed", "synthetic"):
        for name in arm_names(kind, ""):
            yield name, arm_exchange(name)


def _cases(wanted: Callable[[JsonObject], bool]) -> list[Any]:
    found = [pytest.param(one, id=name) for name, one in _recorded() if wanted(one)]
    reason = "the recorded exchanges are not beside this checkout"
    return found or [pytest.param({}, marks=pytest.mark.skip(reason=reason))]


def _is_answer(exchange: JsonObject) -> bool:
    return _call(exchange) is not None and exchange["response"]["status"] in {200, 202}


def _is_refusal(exchange: JsonObject) -> bool:
    return _call(exchange) is not None and exchange["response"]["status"] in ERRORS


async def _replay(exchange: JsonObject) -> Any:
    """What our client makes of a recorded answer."""
    told = exchange["response"]
    headers = {k: str(v) for k, v in (told.get("headers") or {}).items() if k.lower() in SENT_ON}
    call = _call(exchange)
    assert call is not None

    async def answer(_: web.Request) -> web.StreamResponse:
        if told["body"] is None:
            return web.Response(status=told["status"], headers=headers)
        headers.pop("content-type", None)
        return web.json_response(told["body"], status=told["status"], headers=headers)

    async with serving(*[answer] * 5) as server:
        clock = FakeClock()
        api = RecoveryServicesApi(server_clients(server, clock), clock)
        try:
            return await call(api)
        finally:
            await api.aclose()


@pytest.mark.parametrize("exchange", _cases(_is_answer))
async def test_a_recorded_answer_comes_through_as_it_was(exchange: JsonObject) -> None:
    """Nothing is lost or changed on the way, whatever year it is of."""
    result = await _replay(exchange)

    body = exchange["response"]["body"]
    if exchange["request"]["method"] == "PUT":
        assert exchange["response"]["status"] == result.status
    elif "value" in body:
        assert tuple(body["value"]) == result.value
    else:
        assert body == result.value


@pytest.mark.parametrize("exchange", _cases(_is_refusal))
async def test_a_recorded_refusal_is_told_with_its_code(exchange: JsonObject) -> None:
    """A missing policy has none: its body is empty."""
    with pytest.raises(ERRORS[exchange["response"]["status"]]) as caught:
        await _replay(exchange)

    assert exchange["response"]["body"].get("error", {}).get("code") == caught.value.code


def _rows(tail: str) -> list[Any]:
    """Every object in the recorded lists, and alone, whose path ends so."""
    found = []
    for name, exchange in _recorded():
        body = exchange["response"]["body"]
        is_told = exchange["response"]["status"] == 200 and isinstance(body, dict)
        if is_told and re.search(tail, unquote(_path(exchange)), re.IGNORECASE):
            rows = body.get("value", [body])
            found += [pytest.param(row, id=f"{name}-{no}") for no, row in enumerate(rows)]
    reason = "the recorded exchanges are not beside this checkout"
    return found or [pytest.param({}, marks=pytest.mark.skip(reason=reason))]


@pytest.mark.parametrize("row", _rows(r"/backupProtectedItems$|/protectedItems/[^/]+$"))
def test_recorded_items_are_read(row: JsonObject) -> None:
    """Name, holder, kind and state; a sentinel is no backup."""
    seen, item = parse_item(row), parse_protected_item(row)

    told = row["properties"]
    at = told.get("lastBackupTime")
    assert all((seen.name, item.name, item.holder, item.item_type, item.state))
    assert (told["backupManagementType"], told["protectionState"]) == (
        seen.management_type,
        seen.state,
    )
    assert (at is None or at.startswith("2001-01-01")) == (item.last_backup_at is None)
    assert seen.last_backup_at == item.last_backup_at


@pytest.mark.parametrize("row", _rows(r"/backupJobs(/[^/]+)?$"))
def test_recorded_jobs_are_read(row: JsonObject) -> None:
    """Backups have a start, a kind and a name; other jobs are passed over."""
    told, job = row["properties"], parse_job(row)

    assert told["operation"].startswith("Backup") == (job is not None)
    if job is not None:
        assert parse_moment(told["startTime"]) == job.started_at
        assert all((*job.name_key, job.holder or told["jobType"] == "AzureIaaSVMJob"))
        assert ("endTime" in told) == (job.ended_at is not None)


@pytest.mark.parametrize("row", _rows(r"/backupProtectionContainers$"))
def test_recorded_containers_are_read(row: JsonObject) -> None:
    """Of 2016 they have no version: unknown, never old."""
    agent = parse_agent(row)

    assert agent.name
    assert row["properties"].get("agentVersion") == agent.raw_version
    assert (agent.raw_version is None) == (agent.version is None)


@pytest.mark.parametrize("row", _rows(r"/backupEngines$"))
def test_recorded_servers_are_read(row: JsonObject) -> None:
    """Name and, where they are told, builds."""
    engine = parse_engine(row)
    server = parse_server(row, engine.name)

    assert row["properties"]["friendlyName"] == server.name
    assert row["properties"].get("dpmVersion") == server.raw_version


@pytest.mark.parametrize("row", _rows(r"/vaults(/[^/]+)?$"))
def test_recorded_vaults_are_read(row: JsonObject) -> None:
    """Their ids name them; the upgrade record is there where details tell of one."""
    details = row["properties"].get("upgradeDetails") or {}
    record = parse_upgrade_details(row)

    assert row["name"] == VaultRef.parse(row["id"]).name
    assert (details.get("status", "Unknown") == "Unknown") == (record is None)
    if record is not None:
        assert (details["operationId"], details["status"]) == (
            record.operation_id,
            str(record.status),
        )


def _is_counted(exchange: JsonObject) -> bool:
    # In 2016 the service had no bucket of its own yet; vaults themselves we only read.
    path = _path(exchange)
    is_old = "2016" in exchange["request"]["url"]
    is_ours = re.search(r"/vaults/[^/]+/", path) or exchange["request"]["method"] == "GET"
    names = exchange["response"].get("headers") or {}
    return bool(is_ours) and not is_old and any(name.startswith(LIMITS) for name in names)


@pytest.mark.parametrize("exchange", _cases(_is_counted))
def test_a_call_is_counted_where_the_service_counted_it(exchange: JsonObject) -> None:
    """The header of our bucket is the one that came with the recorded answer."""
    asked = exchange["request"]
    _, limit = bucket_key(asked["method"], f"https://management.azure.com{_path(exchange)}")

    assert limit.header in exchange["response"]["headers"]
