"""The host killed by SIGKILL in the middle of everything: nothing lost, nothing done twice."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from local.demo.expectations import read_expected
from local.demo.plan import EXPECTED
from tests.e2e.kill_host import Ordeal, run

FEW_KILLS = 4
MANY_KILLS = 20

pytestmark = pytest.mark.timeout(420)


@pytest.fixture(
    scope="module",
    params=[FEW_KILLS, pytest.param(MANY_KILLS, marks=pytest.mark.soak)],
    ids=lambda kills: f"{kills} kills",
)
def ordeal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ordeal:
    """One demo estate, upgraded by a host that keeps dying."""
    folder: Path = tmp_path_factory.mktemp("ordeal")
    return asyncio.run(run(folder, kills=request.param, seed=request.param))


def test_every_scenario_ends_as_declared(ordeal: Ordeal) -> None:
    """Deaths of the host change nothing about how a vault ends."""
    expected = {name: state.value for name, state in read_expected(EXPECTED).items()}

    assert expected == ordeal.states


def test_no_vault_is_upgraded_twice(ordeal: Ordeal) -> None:
    """DESIGN rule 1, as simulated Azure counts it."""
    assert {} == {name: count for name, count in ordeal.started.items() if count > 1}


def test_no_operation_id_is_lost(ordeal: Ordeal) -> None:
    """Every vault that was started shows the OperationId its evidence was started with."""
    documents = asyncio.run(ordeal.documents())
    intents = {
        document["vault"].split(" ")[0]: document["data"]["operationId"]
        for key, document in documents.items()
        if key.endswith("/intent.json")
    }
    shown = {name: ordeal.operation_ids[name] for name in intents}

    assert (True, intents) == (len(intents) >= 4, shown)


def test_no_evidence_is_there_twice(ordeal: Ordeal) -> None:
    """One run, one document of each kind of end; one outcome per vault."""
    documents = asyncio.run(ordeal.documents())
    outcomes = Counter(
        document["vault"] for key, document in documents.items() if key.endswith("/outcome.json")
    )

    assert dict.fromkeys(outcomes, 1) == dict(outcomes)
    assert len(ordeal.states) == len(outcomes)
