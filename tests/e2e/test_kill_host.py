"""The host killed by SIGKILL in the middle of everything: nothing lost, nothing done twice."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.kill_host import (
    Ordeal,
    lost_operation_ids,
    recorded_twice,
    run,
    upgraded_twice,
    wrong_ends,
)

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


@pytest.fixture(scope="module")
def documents(ordeal: Ordeal) -> dict[str, dict[str, Any]]:
    """All evidence that is left."""
    return asyncio.run(ordeal.documents())


def test_every_scenario_ends_as_declared(ordeal: Ordeal) -> None:
    """Deaths of the host change nothing about how a vault ends."""
    assert [] == wrong_ends(ordeal)


def test_no_vault_is_upgraded_twice(ordeal: Ordeal) -> None:
    """DESIGN rule 1, as simulated Azure counts it."""
    assert [] == upgraded_twice(ordeal)


def test_no_operation_id_is_lost(ordeal: Ordeal, documents: dict[str, dict[str, Any]]) -> None:
    """Every vault that was started shows the OperationId its evidence was started with."""
    assert sum(ordeal.started.values()) >= 4
    assert [] == lost_operation_ids(ordeal, documents)


def test_no_evidence_is_there_twice(ordeal: Ordeal, documents: dict[str, dict[str, Any]]) -> None:
    """One run, one document of each step, and one outcome per vault."""
    assert [] == recorded_twice(ordeal, documents)


def _document(kind: str, **data: Any) -> dict[str, Any]:
    return {"vault": "vault-a (somewhere)", "kind": kind, "data": data}


def test_the_ordeal_tells_what_is_wrong(tmp_path: Path) -> None:
    """A script that always said well would be worth nothing."""
    ordeal = Ordeal(
        states={"vault-a": "closed"},
        operation_ids={"vault-a": "other"},
        started={"vault-a": 2, "vault-b": 1},
        kills=0,
        evidence=tmp_path,
    )
    documents = {"1": _document("intent", operationId="sent"), "2": _document("plan")}

    found = [
        *upgraded_twice(ordeal),
        *lost_operation_ids(ordeal, documents),
        *recorded_twice(ordeal, documents | {"3": _document("plan")}),
    ]

    assert "vault-a ended closed instead of None" in wrong_ends(ordeal)
    assert [
        "vault-a was started 2 times",
        "the OperationId of vault-b is lost",
        "the OperationId of vault-a is lost",
        "vault-a has 2 documents of kind plan",
        "vault-a has no outcome",
    ] == found
