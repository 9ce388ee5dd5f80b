"""What the API shows of an upgrade, from its durable state alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from durabletask.client import OrchestrationStatus
from durabletask.task import FailureDetails

from domain.codec import to_json
from domain.findings import Tally
from domain.outcomes import VaultOutcome
from domain.upgrade import RunState
from tests.fake_durable import instance_state
from tests.fakes import NOON, classic_ref, upgrade_request, vault_ref
from triggers.shapes.upgrades import UPGRADE_ID
from triggers.views import queued_view, upgrade_view

MEMBERS = {
    "id",
    "vault",
    "state",
    "reasons",
    "operationId",
    "startedAt",
    "updatedAt",
    "endedAt",
    "durationSeconds",
    "findings",
    "taskCount",
    "evidencePrefix",
    "plan",
}


def _outcome(**changes: Any) -> VaultOutcome:
    outcome = VaultOutcome(
        instance_id=instance_state().instance_id,
        run_id="request-1",
        vault=classic_ref(),
        target=vault_ref(),
        state=RunState.CLOSED_WITH_TASKS,
        reasons=("one policy is left",),
        operation_id="operation-1",
        started_at=NOON,
        ended_at=NOON + timedelta(hours=2),
        tally=Tally(passed=3, failed=1, unknown=2, not_applicable=4),
        task_count=1,
        evidence_prefix="vaults/k/runs/request-1",
    )
    return replace(outcome, **changes)


def _ended() -> Any:
    output = to_json(_outcome())
    return upgrade_view(instance_state(status=OrchestrationStatus.COMPLETED, output=output))


def _broken(status: OrchestrationStatus = OrchestrationStatus.FAILED, **changes: Any) -> Any:
    shown = {"state": "upgrading", "operationId": "operation-1"}
    return upgrade_view(instance_state(status=status, custom_status=shown, **changes))


@pytest.mark.parametrize(
    "view",
    [
        upgrade_view(instance_state()),
        queued_view("upgrade-1", upgrade_request()),
        _ended(),
        _broken(),
    ],
    ids=["running", "queued", "ended", "broken"],
)
def test_every_view_has_the_same_members(view: dict[str, Any]) -> None:
    """Clients need not ask which members there are."""
    assert set(view) == MEMBERS


def test_an_ended_upgrade_tells_its_outcome() -> None:
    """State, reasons, OperationId, counts, tasks and where the evidence is."""
    view = _ended()

    assert (
        "closed_with_tasks",
        ["one policy is left"],
        "operation-1",
        {"passed": 3, "failed": 1, "unknown": 2, "notApplicable": 4},
        1,
        "vaults/k/runs/request-1",
    ) == (
        view["state"],
        view["reasons"],
        view["operationId"],
        view["findings"],
        view["taskCount"],
        view["evidencePrefix"],
    )


def test_durations_are_those_of_the_run() -> None:
    """From the run's own start to its own end, in seconds."""
    assert 7200 == _ended()["durationSeconds"]


def test_a_run_before_its_first_turn_is_inspecting() -> None:
    """There is no custom status yet."""
    assert "inspecting" == upgrade_view(instance_state())["state"]


def test_a_waiting_run_shows_the_plan_to_approve() -> None:
    """The hash is what an approval has to name."""
    plan = {"hash": "ab" * 32, "key": "k"}
    state = instance_state(custom_status={"state": "awaiting_approval", "plan": plan})

    assert plan == upgrade_view(state)["plan"]


def test_a_broken_run_keeps_its_operation_id_and_tells_why() -> None:
    """Support asks for the id however the run ended."""
    failure = FailureDetails(message="no such activity", error_type="X", stack_trace=None)
    view = _broken(failure_details=failure)

    assert ("stopped", ["no such activity"], "operation-1") == (
        view["state"],
        view["reasons"],
        view["operationId"],
    )


def test_times_without_a_zone_are_shown_as_utc() -> None:
    """The durable client's times carry none and mean UTC."""
    naive = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).replace(tzinfo=None)

    view = upgrade_view(instance_state(created_at=naive))

    assert "2026-11-22T12:00:00+00:00" == view["startedAt"]


@pytest.mark.parametrize(
    ("instance_id", "is_one"),
    [
        ("upgrade-" + "a" * 32, True),
        ("upgrade-" + "a" * 32 + ".await", False),
        ("upgrade-" + "a" * 31, False),
        ("settle-" + "a" * 32, False),
    ],
)
def test_ids_of_upgrades_are_told_from_all_others(instance_id: str, is_one: bool) -> None:
    """Children carry a suffix, and other workflows another name."""
    assert is_one == (UPGRADE_ID.match(instance_id) is not None)
