"""The recorded exchanges of the original clients, replayed through ours."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
from aiohttp import web

from adapters.classic_api import ClassicApi
from adapters.classic_xml import build_upgrade_input
from adapters.loop_clients import loop_clients
from adapters.throttle import Throttle
from domain.upgrade import CheckOutcome, ClassicVault, UpgradeStatus, client_request_id
from domain.vaults import VaultRef
from tests.fakes import FakeClock
from tests.http_server import Asked, Server, serving

RECORDINGS = Path(__file__).parents[2].parent / "shared/data/upgrade-recordings"

OURS = {"User-Agent"}
"""Headers that are the product's own, as the fact sheet allows."""


@dataclass(frozen=True)
class Exchange:
    """One recorded request with its answer."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    answer: bytes
    answer_headers: dict[str, str]

    def response(self) -> web.Response:
        """The answer, with the body as it went over the wire: without white space between."""
        headers = {
            name: value
            for name, value in self.answer_headers.items()
            if name not in {"Content-Length", "Server", "Date"}
        }
        return web.Response(body=_unindented(self.answer), headers=headers)


def _unindented(body: bytes) -> bytes:
    # The recorder pretty-printed the answers; the real ones had no white space between elements.
    root = ET.fromstring(body)  # noqa: S314 - our own file
    for element in root.iter():
        if len(element):
            element.text = None
        element.tail = None
    return ET.tostring(root)


def _load(name: str) -> list[Exchange]:
    path = RECORDINGS / name
    if not path.exists():
        pytest.skip(f"the recording {name} is not on this machine")
    entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8-sig"))["Entries"]
    entries.sort(key=lambda entry: parsedate_to_datetime(entry["ResponseHeaders"]["Date"][0]))
    return [
        Exchange(
            method=entry["RequestMethod"],
            path=entry["RequestUri"],
            headers={name: values[0] for name, values in entry["RequestHeaders"].items()},
            body=entry["RequestBody"].encode(),
            answer=entry["ResponseBody"].encode(),
            answer_headers={name: v[0] for name, v in entry["ResponseHeaders"].items()},
        )
        for entry in entries
    ]


@pytest.fixture
async def session() -> AsyncIterator[tuple[list[Exchange], Server, ClassicApi]]:
    """The ten exchanges of the cmdlets in the order of time, and our client against them."""
    exchanges = _load("ps-VaultUpgradeTest.json")
    async with serving(*(exchange.response() for exchange in exchanges)) as server:
        api = ClassicApi(loop_clients(server.settings(), Throttle()), FakeClock())
        yield exchanges, server, api
        await api.aclose()


def _target(exchange: Exchange) -> VaultRef:
    """The target of a recorded request; its provider is a test stamp's, ours is the real one."""
    path = ET.fromstring(exchange.body)[0].text or ""  # noqa: S314
    return VaultRef.parse(path)


async def _replay(exchanges: list[Exchange], api: ClassicApi) -> list[Any]:
    results: list[Any] = []
    vault: ClassicVault | None = None
    for exchange in exchanges:
        action = exchange.path.partition("?")[0].rpartition("/")[2]
        client_request_id = exchange.headers.get("x-ms-client-request-id", "")
        if action == "cloudservices":
            listed = await api.list_vaults(exchange.path.split("/")[1])
            vault = next(v for v in listed if v.ref.name == "vault2")
            results.append(listed)
        elif vault is not None and action == "upgradeOperationResult":
            results.append(await api.read_operation(vault))
        elif vault is not None and action == "upgrade":
            target = _target(exchange)
            results.append(await api.start_upgrade(vault, target, client_request_id))
        elif vault is not None:
            target = _target(exchange)
            results.append(await api.check_prerequisites(vault, target, client_request_id))
    return results


def _comparable(headers: dict[str, str], *, chosen_by_client: bool) -> dict[str, str]:
    dropped = {name.lower() for name in OURS} | {"content-length"}
    if chosen_by_client:
        dropped.add("x-ms-client-request-id")
    return {name.lower(): v for name, v in headers.items() if name.lower() not in dropped}


def _sent(asked: Asked) -> dict[str, str]:
    # What HTTP itself and the sign-in add; neither is in the recordings.
    added = {"host", "authorization", "accept-encoding", "connection"}
    return {name: value for name, value in asked.headers.items() if name.lower() not in added}


async def test_every_request_has_the_recorded_address(
    session: tuple[list[Exchange], Server, ClassicApi],
) -> None:
    """Method, path and query of all ten requests are those of the cmdlets."""
    exchanges, server, api = session

    await _replay(exchanges, api)

    assert [(e.method, e.path) for e in exchanges] == [(a.method, a.path) for a in server.asked]


async def test_every_request_has_exactly_the_recorded_headers(
    session: tuple[list[Exchange], Server, ClassicApi],
) -> None:
    """No header of the cmdlets is missing or differs, and none is added but the user agent."""
    exchanges, server, api = session

    await _replay(exchanges, api)

    for exchange, asked in zip(exchanges, server.asked, strict=True):
        is_ours = exchange.path.endswith("upgradeOperationResult")
        expected = _comparable(exchange.headers, chosen_by_client=is_ours)
        assert expected == _comparable(_sent(asked), chosen_by_client=is_ours)


async def test_request_bodies_are_identical_but_for_the_stamp(
    session: tuple[list[Exchange], Server, ClassicApi],
) -> None:
    """Check and start send the recorded bytes; only the provider of the test stamp differs."""
    exchanges, server, api = session

    await _replay(exchanges, api)

    stamp, real = b"Microsoft.RecoveryServicesBVTD2", b"Microsoft.RecoveryServices"
    assert [e.body.replace(stamp, real) for e in exchanges] == [a.body for a in server.asked]


async def test_recorded_answers_tell_the_whole_story(
    session: tuple[list[Exchange], Server, ClassicApi],
) -> None:
    """Two good checks, a start, a vault in progress, an operation that runs and then is done."""
    exchanges, _, api = session

    _, first, _, second, _, record, during, running, _, done = await _replay(exchanges, api)

    assert [CheckOutcome.SUCCEEDED] * 2 == [first.outcome, second.outcome]
    assert (True, True) == (running.is_running, done.has_succeeded)
    listed = next(v for v in during if v.ref.name == "vault2").record
    assert record == listed
    assert (UpgradeStatus.IN_PROGRESS, None) == (record.status, record.ended_at)
    assert exchanges[5].headers["x-ms-client-request-id"] == record.operation_id
    assert datetime(2017, 3, 28, 10, 3, 17, 991535, tzinfo=UTC) == record.started_at


async def test_the_list_shows_finished_upgrades(
    session: tuple[list[Exchange], Server, ClassicApi],
) -> None:
    """Of the four recorded vaults, three were upgraded before and one never."""
    exchanges, _, api = session

    listed = (await _replay(exchanges, api))[0]

    statuses = {v.ref.name: v.record.status if v.record else None for v in listed}
    upgraded = UpgradeStatus.UPGRADED
    assert statuses == {
        "TestVault1": upgraded,
        "TestVault2": upgraded,
        "vault1": upgraded,
        "vault2": None,
    }
    assert all((vault.resource_id or "").isdecimal() for vault in listed)


@pytest.mark.parametrize(
    "name",
    ["sdk-VaultUpgrade_CheckPrereqsTests.json", "sdk-VaultUpgrade_UpgradeResourceTests.json"],
)
def test_bodies_match_the_recorded_bytes(name: str) -> None:
    """Given the recorded resource path, our body has the recorded bytes and length."""
    exchange = _load(name)[0]
    path = ET.fromstring(exchange.body)[0].text or ""  # noqa: S314

    body = build_upgrade_input(path)

    assert exchange.body == body
    assert exchange.headers["Content-Length"] == str(len(body))


def test_client_request_ids_have_the_recorded_form() -> None:
    """From GUID and time of the recorded start we make the recorded id."""
    exchange = next(e for e in _load("ps-VaultUpgradeTest.json") if e.path.endswith("/upgrade"))
    recorded = exchange.headers["x-ms-client-request-id"]
    guid, moment = recorded[:36], recorded[37:-2]
    sent_at = datetime.fromisoformat(moment)

    assert recorded == client_request_id(UUID(guid), sent_at)


def test_client_request_ids_are_in_utc() -> None:
    """The time in an id is UTC whatever zone the given time has."""
    guid = UUID("0f0e1d2c-3b4a-4596-8778-695a4b3c2d1e")
    elsewhere = datetime.fromisoformat("2017-03-28T15:33:15+05:30")

    assert f"{guid}-2017-03-28 10:03:15Z-P" == client_request_id(guid, elsewhere)
