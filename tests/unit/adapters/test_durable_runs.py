"""Runs of vaults behind the durable client: read first, begin once."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from durabletask.client import OrchestrationStatus

from adapters.durable_runs import DurableRuns
from domain.codec import to_json
from domain.upgrade import RunState
from orchestrators import names
from tests.fake_durable import FakeDurableClient, instance_state
from tests.fakes import NOON, classic_ref, upgrade_request

REQUEST = upgrade_request()
ENDED = (OrchestrationStatus.COMPLETED, OrchestrationStatus.FAILED, OrchestrationStatus.TERMINATED)


def runs(client: FakeDurableClient) -> DurableRuns:
    """The port under test."""
    return DurableRuns(client, names.UPGRADE_VAULT)


def closed(status: OrchestrationStatus = OrchestrationStatus.COMPLETED, **changes: object):
    """A run that has ended."""
    outcome = {
        "instance_id": "upgrade-x",
        "run_id": "request-1",
        "vault": to_json(REQUEST.vault),
        "target": None,
        "state": "closed",
        "reasons": [],
        "operation_id": None,
        "started_at": NOON.isoformat(),
        "ended_at": NOON.isoformat(),
        "tally": {},
        "task_count": 0,
        "evidence_prefix": "",
    }
    return instance_state(status=status, output=outcome, **changes)


async def test_a_vault_without_a_run_has_none() -> None:
    """Nobody ever asked for it."""
    assert await runs(FakeDurableClient()).read(classic_ref()) is None


async def test_a_running_run_shows_its_state() -> None:
    """The custom status says where it is."""
    client = FakeDurableClient(instance_state(custom_status={"state": "proving"}))
    run = await runs(client).read(REQUEST.vault)

    assert run is not None
    assert ("request-1", RunState.PROVING, False) == (run.request_id, run.state, run.is_ended)


async def test_a_run_before_its_first_turn_is_inspecting() -> None:
    """There is no custom status yet."""
    run = await runs(FakeDurableClient(instance_state())).read(REQUEST.vault)

    assert run is not None
    assert RunState.INSPECTING is run.state


async def test_an_ended_run_shows_its_verdict() -> None:
    """The outcome says how it ended."""
    run = await runs(FakeDurableClient(closed())).read(REQUEST.vault)

    assert run is not None
    assert (RunState.CLOSED, True) == (run.state, run.is_ended)


@pytest.mark.parametrize("status", ENDED[1:])
async def test_a_run_that_broke_down_is_stopped(status: OrchestrationStatus) -> None:
    """Nobody can vouch for its vault."""
    run = await runs(FakeDurableClient(instance_state(status=status))).read(REQUEST.vault)

    assert run is not None
    assert (RunState.STOPPED, True) == (run.state, run.is_ended)


async def test_times_without_a_zone_are_utc() -> None:
    """The durable client gives them so."""
    naive = datetime(2017, 9, 5, 13, 0)  # noqa: DTZ001 - as the client gives it
    run = await runs(FakeDurableClient(closed(last_updated_at=naive))).read(REQUEST.vault)

    assert run is not None
    assert datetime(2017, 9, 5, 13, 0, tzinfo=UTC) == run.updated_at


async def test_the_first_request_begins_the_run() -> None:
    """Under the vault's own id, with the request as input."""
    client = FakeDurableClient()

    assert await runs(client).start(REQUEST)
    instance_id = instance_state().instance_id
    assert [(names.UPGRADE_VAULT, instance_id, to_json(REQUEST))] == client.started


async def test_another_request_joins_a_run_in_flight() -> None:
    """One vault, one run."""
    client = FakeDurableClient(instance_state())

    assert not await runs(client).start(replace(REQUEST, request_id="other"))
    assert [] == client.started


@pytest.mark.parametrize("status", ENDED)
async def test_the_same_request_never_runs_an_ended_vault_again(
    status: OrchestrationStatus,
) -> None:
    """A message delivered twice finds the run it began, whatever became of it."""
    client = FakeDurableClient(closed(status))

    assert not await runs(client).start(REQUEST)
    assert [] == client.started


async def test_a_new_request_runs_an_ended_vault_again() -> None:
    """A vault that was blocked is handed in again after the cause is removed."""
    client = FakeDurableClient(closed())

    assert await runs(client).start(replace(REQUEST, request_id="other"))


@pytest.mark.parametrize(
    "broken",
    [
        {"status": OrchestrationStatus.FAILED, "serialized_input": None},
        {"status": OrchestrationStatus.FAILED, "serialized_input": '"nonsense"'},
        {"status": OrchestrationStatus.COMPLETED, "output": {"rows": []}},
    ],
    ids=["no input", "another input", "another output"],
)
async def test_what_was_begun_by_hand_under_a_vault_s_id_keeps_nobody_waiting(broken: Any) -> None:
    """It answers no request; the vault's own begins its run."""
    client = FakeDurableClient(instance_state(**broken))
    run = await runs(client).read(REQUEST.vault)

    assert run is not None
    assert ("", RunState.STOPPED, True) == (run.request_id, run.state, run.is_ended)
    assert await runs(client).start(REQUEST)


async def test_a_run_begun_by_another_in_between_is_joined() -> None:
    """The host refuses with a bare exception; the run is there, and that is what counts."""
    client = FakeDurableClient()
    client.refuse_start = instance_state()

    assert not await runs(client).start(REQUEST)


async def test_a_start_that_fails_for_another_reason_is_raised() -> None:
    """No run is there, so nothing may pretend there were."""
    client = FakeDurableClient()
    client.refuse_start = instance_state(instance_id="somebody-else")

    with pytest.raises(RuntimeError):
        await runs(client).start(REQUEST)
