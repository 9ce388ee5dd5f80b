"""The composition root gives working ports."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from adapters.bootstrap import build_ports, close_ports
from adapters.redaction import RedactingFilter
from tests.fakes import NOON, SUBSCRIPTION, vault_ref
from tests.http_server import serving
from tests.unit.adapters.test_classic_xml import NAMESPACES

QUIETENED = ("azure.core", "azure.identity", "azure.servicebus")


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Building ports redacts and quietens logging, which is the process's: it is put back."""
    handlers = logging.getLogger().handlers
    filters = [(handler, handler.filters[:]) for handler in handlers]
    loggers = [logging.getLogger(name) for name in QUIETENED]
    levels = [(logger, logger.level) for logger in loggers]
    yield
    for handler, before in filters:
        handler.filters[:] = before
    for logger, level in levels:
        logger.setLevel(level)


async def test_the_ports_share_one_token(tmp_path: Path) -> None:
    """Classic API and Resource Manager of one cloud are reached with the settings' identity."""
    answers = (
        web.Response(text=f"<CloudServices {NAMESPACES}/>"),
        web.json_response({"value": []}),
    )
    async with serving(*answers) as server:
        ports = build_ports(server.settings(tmp_path))
        classic = await ports.classic.list_vaults(SUBSCRIPTION)
        upgraded = await ports.recovery_services.list_vaults(SUBSCRIPTION)
        await close_ports(ports)

    assert ((), ()) == (classic, upgraded.value)
    assert 1 == server.token_requests


async def test_closed_ports_can_be_used_again(tmp_path: Path) -> None:
    """Closing gives connections back; the next call opens new ones."""
    async with serving(web.json_response({}), web.json_response({})) as server:
        ports = build_ports(server.settings(tmp_path))
        for _ in range(2):
            await ports.recovery_services.read_vault(vault_ref())
            await close_ports(ports)

    assert 2 == len(server.asked)


async def test_evidence_goes_to_the_folder_of_the_settings(tmp_path: Path) -> None:
    """A document is a file below the configured folder."""
    async with serving() as server:
        ports = build_ports(server.settings(tmp_path))
        await ports.evidence.create("a/b.json", {})

    assert (tmp_path / "a" / "b.json").is_file()


async def test_the_clock_follows_the_settings(tmp_path: Path) -> None:
    """Rate and origin of the settings make the clock of the ports."""
    origin = str(NOON.timestamp())
    async with serving() as server:
        settings = server.settings(
            tmp_path, VAULTLIFT_CLOCK_RATE="0.000001", VAULTLIFT_CLOCK_ORIGIN=origin
        )
        ports = build_ports(settings)

    assert NOON.date() == ports.clock.now().date()


async def test_building_makes_the_logs_safe(tmp_path: Path) -> None:
    """Handlers of the root logger redact from then on."""
    handler = logging.NullHandler()
    logging.getLogger().addHandler(handler)
    try:
        async with serving() as server:
            build_ports(server.settings(tmp_path))
    finally:
        logging.getLogger().removeHandler(handler)

    assert any(isinstance(each, RedactingFilter) for each in handler.filters)


async def test_machines_are_looked_for_in_the_settings_subscriptions(tmp_path: Path) -> None:
    """What a settlement inside an upgrade covers is what the installation covers."""
    async with serving() as server:
        settings = server.settings(tmp_path)
        ports = build_ports(settings.model_copy(update={"subscriptions": (SUBSCRIPTION,)}))
        await close_ports(ports)

    assert (SUBSCRIPTION,) == ports.scope
