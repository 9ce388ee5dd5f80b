"""An upgrade of ninety minutes over the wire: tokens end meanwhile, and none leaves the process."""

import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain.upgrade import RunState
from local.azure.faults import FaultKind, FaultRule
from tests.disasters.playing import engine, run_to_end
from tests.integration.orchestrators.http_world import HttpWorld, http_world, request

TOKEN_ENDS = FaultRule(kind=FaultKind.EXPIRE_TOKEN, route="classic-track", probability=0.2, seed=7)
"""One poll in five comes with a token that has just ended: far more often than in an hour."""


async def _wait_ninety_minutes(world: HttpWorld) -> RunState:
    world.vault.plan = replace(world.vault.plan, duration=timedelta(minutes=90))
    world.azure.service.faults.add(TOKEN_ENDS)
    outcome = await run_to_end(engine(world), request=request())
    return outcome.state


def _documents(folder: Path) -> list[str]:
    return [path.read_text("utf-8") for path in folder.rglob("*.json")]


async def test_a_wait_of_ninety_minutes_outlives_its_tokens(tmp_path: Path) -> None:
    """Each token that ends is replaced; the upgrade is begun once and followed to its end."""
    async with http_world(tmp_path) as world:
        state = await _wait_ninety_minutes(world)

        (rule,) = world.azure.service.faults.listing()
        assert (RunState.CLOSED, 1, True) == (state, len(world.begun), rule["struck"] > 10)


async def test_no_token_and_no_secret_is_in_evidence_or_logs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even with every library's logging turned up."""
    caplog.set_level(logging.DEBUG)
    for name in ("azure", "azure.core", "azure.identity", "vaultlift"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    async with http_world(tmp_path) as world:
        await _wait_ninety_minutes(world)

        secrets = {*world.azure.service.tokens._expiry, world.azure.state.identity.client_secret}
    kept = _documents(tmp_path)
    assert (True, True) == (len(secrets) > 10, len(kept) > 10)
    assert [] == [one for one in secrets if any(one in text for text in (*kept, caplog.text))]
