"""How an upgrade is shown over HTTP: durable state in, camelCase JSON out. No I/O."""

from datetime import datetime
from typing import Any

from durabletask.client import OrchestrationState, OrchestrationStatus

from domain.codec import from_json
from domain.findings import Tally
from domain.moments import as_utc
from domain.outcomes import VaultOutcome
from domain.requests import UpgradeRequest
from domain.upgrade import RunState
from domain.vaults import ClassicVaultRef
from triggers.shapes.common import ClassicVaultView, FindingCounts
from triggers.shapes.upgrades import QUEUED, UpgradeView

# Not SUSPENDED and not PENDING: both go on when somebody or something lets them.
ENDED = frozenset(
    {OrchestrationStatus.COMPLETED, OrchestrationStatus.FAILED, OrchestrationStatus.TERMINATED}
)
"""Durable states an instance never leaves by itself."""


def vault_view(vault: ClassicVaultRef) -> ClassicVaultView:
    """The vault as it is named in every answer."""
    return {
        "subscriptionId": vault.subscription_id,
        "region": vault.region,
        "name": vault.name,
        "vaultType": vault.vault_type.value,
    }


def upgrade_view(state: OrchestrationState) -> UpgradeView:
    """One upgrade, whether it runs, has ended, or broke down."""
    request = from_json(UpgradeRequest, state.get_input(dict))
    # The output of a run that ended is its verdict, as recorded; what ran until then is only told
    # by the custom status.
    if state.runtime_status is OrchestrationStatus.COMPLETED:
        return _ended_view(from_json(VaultOutcome, state.get_output(dict)), state)
    if state.runtime_status in ENDED:
        return _broken_view(request, state)
    return _running_view(request, state)


def queued_view(instance_id: str, request: UpgradeRequest) -> UpgradeView:
    """An upgrade whose message waits in the queue."""
    at = request.requested_at
    return _view(instance_id, request.vault, QUEUED, started_at=at, updated_at=at)


def _ended_view(outcome: VaultOutcome, state: OrchestrationState) -> UpgradeView:
    view = _view(
        outcome.instance_id,
        outcome.vault,
        outcome.state.value,
        started_at=outcome.started_at,
        updated_at=state.last_updated_at,
    )
    return {
        **view,
        "reasons": list(outcome.reasons),
        "operationId": outcome.operation_id,
        "findings": counts_view(outcome.tally),
        "taskCount": outcome.task_count,
        "evidencePrefix": outcome.evidence_prefix,
        "endedAt": moment_text(outcome.ended_at),
        "durationSeconds": (outcome.ended_at - outcome.started_at).total_seconds(),
    }


def _broken_view(request: UpgradeRequest, state: OrchestrationState) -> UpgradeView:
    """The workflow itself failed or was terminated: that is an end with a reason, too."""
    failure = state.failure_details
    reason = failure.message if failure else f"the run was {state.runtime_status.name.lower()}"
    return {
        **_running_view(request, state),
        "state": RunState.STOPPED.value,
        "reasons": [reason],
        "plan": None,
        "endedAt": moment_text(state.last_updated_at),
        "durationSeconds": (state.last_updated_at - state.created_at).total_seconds(),
    }


def _running_view(request: UpgradeRequest, state: OrchestrationState) -> UpgradeView:
    # Empty before the first turn.
    shown: dict[str, Any] = state.get_custom_status(dict) or {}
    view = _view(
        state.instance_id,
        request.vault,
        shown.get("state", RunState.INSPECTING.value),
        started_at=state.created_at,
        updated_at=state.last_updated_at,
    )
    return {**view, "operationId": shown.get("operationId"), "plan": shown.get("plan")}


def counts_view(tally: Tally) -> FindingCounts:
    """How many findings of each verdict."""
    return {
        "passed": tally.passed,
        "failed": tally.failed,
        "unknown": tally.unknown,
        "notApplicable": tally.not_applicable,
    }


def moment_text(at: datetime) -> str:
    """ISO 8601 with its zone; the durable client gives times without one, meaning UTC."""
    return as_utc(at).isoformat()


def _view(
    instance_id: str,
    vault: ClassicVaultRef,
    state: str,
    *,
    started_at: datetime,
    updated_at: datetime,
) -> UpgradeView:
    """Every member of the view, with what is known of every upgrade filled in."""
    return {
        "id": instance_id,
        "vault": vault_view(vault),
        "state": state,
        "reasons": [],
        "operationId": None,
        "startedAt": moment_text(started_at),
        "updatedAt": moment_text(updated_at),
        "endedAt": None,
        "durationSeconds": None,
        "findings": counts_view(Tally()),
        "taskCount": 0,
        "evidencePrefix": None,
        "plan": None,
    }
