"""A storm of messages over dying processes: every vault once, every message accounted for."""

import asyncio
from pathlib import Path

import pytest

from tests.soak.message_storm import Aftermath, Ordeal, Storm

SMALL = Storm(messages=36, vaults=30, kills=2, window=10, rate=600.0, lock_s=5, limit_s=240.0)
FULL = Storm()

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(
    scope="module",
    params=[SMALL, pytest.param(FULL, marks=[pytest.mark.soak, pytest.mark.timeout(0)])],
    ids=lambda storm: f"{storm.messages} messages",
)
def left(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    """What is left after one storm."""
    folder: Path = tmp_path_factory.mktemp("storm")
    return asyncio.run(Ordeal(request.param, folder).run())


def test_every_vault_is_upgraded_exactly_once(left: Aftermath) -> None:
    """As simulated Azure counts it, which lives on."""
    assert (left.vaults, []) == (left.upgrades, left.upgraded_twice)


def test_every_message_is_accounted_for(left: Aftermath) -> None:
    """Run, joined, rejected or dead-lettered; none is left over."""
    accounted = left.done + left.joined + left.rejected + left.dead_lettered

    assert [] == left.unaccounted
    assert left.messages <= accounted


def test_no_more_are_in_flight_than_the_window(left: Aftermath) -> None:
    """However many messages come at once."""
    assert 0 < left.most_in_flight <= (FULL if left.messages == FULL.messages else SMALL).window
