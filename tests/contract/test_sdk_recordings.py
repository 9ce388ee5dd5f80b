"""The three recordings of the original SDK's own tests, replayed through our client."""

from typing import Any

import pytest

from adapters.classic_api import ClassicApi
from adapters.loop_clients import loop_clients
from adapters.throttle import Throttle
from domain.upgrade import CheckOutcome, ClassicVault, UpgradeRecord, UpgradeStatus
from domain.vaults import ClassicVaultRef, VaultType
from tests.contract.test_classic_recordings import Exchange, _comparable, _load, _sent, _target
from tests.fakes import FakeClock, classic_vault
from tests.http_server import Asked, serving

RECORDINGS = ("CheckPrereqsTests", "UpgradeResourceTests", "TrackResourceUpgradationTests")
STAMP, REAL = b"Microsoft.RecoveryServicesBVTD2", b"Microsoft.RecoveryServices"


def _vault(exchange: Exchange) -> ClassicVault:
    """The vault a recorded path names."""
    parts = exchange.path.strip("/").split("/")
    ref = ClassicVaultRef(
        subscription_id=parts[0],
        region="West US",
        name=parts[7],
        vault_type=VaultType(parts[6]),
    )
    return classic_vault(ref, cloud_service=parts[2], resource_namespace=parts[4])


async def _replay(name: str) -> tuple[Exchange, Asked, Any]:
    """What was recorded, what we sent, and what we made of the recorded answer."""
    (exchange,) = _load(f"sdk-VaultUpgrade_{name}.json")
    vault, request_id = _vault(exchange), exchange.headers["x-ms-client-request-id"]
    async with serving(exchange.response()) as server:
        api = ClassicApi(loop_clients(server.settings(), Throttle()), FakeClock())
        try:
            if exchange.method == "GET":
                answer: Any = await api.read_operation(vault)
            elif exchange.path.endswith("/upgrade"):
                answer = await api.start_upgrade(vault, _target(exchange), request_id)
            else:
                answer = await api.check_prerequisites(vault, _target(exchange), request_id)
        finally:
            await api.aclose()
    return exchange, server.asked[0], answer


@pytest.mark.parametrize("name", RECORDINGS)
async def test_the_request_is_the_recorded_one(name: str) -> None:
    """Method, path, every header but the user agent, and the body but for the test stamp."""
    exchange, asked, _ = await _replay(name)

    is_ours = exchange.method == "GET"
    assert (exchange.method, exchange.path) == (asked.method, asked.path)
    assert _comparable(exchange.headers, chosen_by_client=is_ours) == _comparable(
        _sent(asked), chosen_by_client=is_ours
    )
    assert exchange.body.replace(STAMP, REAL) == asked.body


@pytest.mark.parametrize("name", RECORDINGS[:2])
async def test_the_length_is_that_of_the_recorded_body(name: str) -> None:
    """White space and line ends are those of the original serialiser."""
    exchange, asked, _ = await _replay(name)

    saved = len(STAMP) - len(REAL)
    assert int(exchange.headers["Content-Length"]) - saved == int(asked.headers["Content-Length"])


async def test_the_recorded_check_found_nothing() -> None:
    """The nil error means that all is well."""
    _, _, check = await _replay("CheckPrereqsTests")

    assert (CheckOutcome.SUCCEEDED, ()) == (check.outcome, check.reasons)


async def test_the_recorded_start_runs_under_the_callers_request_id() -> None:
    """The id the SDK sent, a bare GUID here, is the OperationId."""
    exchange, _, record = await _replay("UpgradeResourceTests")

    assert isinstance(record, UpgradeRecord)
    assert (exchange.headers["x-ms-client-request-id"], UpgradeStatus.IN_PROGRESS) == (
        record.operation_id,
        record.status,
    )
    assert (None, None) == (record.ended_at, record.previous_resource_id)


async def test_the_recorded_operation_is_done() -> None:
    """Tracked nineteen minutes after its end."""
    _, _, operation = await _replay("TrackResourceUpgradationTests")

    assert (False, True) == (operation.is_running, operation.has_succeeded)
