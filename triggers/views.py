"""How an upgrade is shown over HTTP: durable state in, camelCase JSON out. No I/O."""

import re
from datetime import datetime
from typing import Any

from durabletask.client import OrchestrationState, OrchestrationStatus

from domain.codec import JsonObject, from_json
from domain.findings import Tally
from domain.outcomes import VaultOutcome
from domain.requests import UpgradeRequest
from domain.upgrade import RunState
from domain.vaults import ClassicVaultRef

QUEUED = "queued"
"""State of an upgrade that was accepted and whose message has not been picked up yet."""

UPGRADE_ID = re.compile(r"^upgrade-(?P<key>[0-9a-f]{32})$")
"""Ids of upgrades; the ids of their children carry a suffix and are not upgrades themselves."""

ENDED = frozenset(
    {OrchestrationStatus.COMPLETED, OrchestrationStatus.FAILED, OrchestrationStatus.TERMINATED}
)
"""Durable states an instance never leaves by itself."""


def vault_view(vault: ClassicVaultRef) -> JsonObject:
    """The vault as it is named in every answer."""
    return {
        "subscriptionId": vault.subscription_id,
        "region": vault.region,
        "name": vault.name,
        "vaultType": vault.vault_type.value,
    }


def upgrade_view(state: OrchestrationState) -> JsonObject:
    """One upgrade, whether it runs, has ended, or broke down."""
    request = from_json(UpgradeRequest, state.get_input())
    if state.runtime_status is OrchestrationStatus.COMPLETED:
        return _ended_view(from_json(VaultOutcome, state.get_output()), state)
    if state.runtime_status in ENDED:
        return _broken_view(request, state)
    return _running_view(request, state)


def queued_view(instance_id: str, request: UpgradeRequest) -> JsonObject:
    """An upgrade whose message waits in the queue."""
    return _view(instance_id, request.vault, QUEUED, started_at=request.requested_at)


def _ended_view(outcome: VaultOutcome, state: OrchestrationState) -> JsonObject:
    return _view(
        outcome.instance_id,
        outcome.vault,
        outcome.state.value,
        reasons=outcome.reasons,
        operation_id=outcome.operation_id,
        started_at=outcome.started_at,
        updated_at=state.last_updated_at,
        ended_at=outcome.ended_at,
        counts=outcome.tally,
        task_count=outcome.task_count,
        evidence_prefix=outcome.evidence_prefix,
    )


def _broken_view(request: UpgradeRequest, state: OrchestrationState) -> JsonObject:
    """The workflow itself failed or was terminated: that is an end with a reason, too."""
    failure = state.failure_details
    reason = failure.message if failure else f"the run was {state.runtime_status.name.lower()}"
    return _view(
        state.instance_id,
        request.vault,
        RunState.STOPPED.value,
        reasons=(reason,),
        operation_id=_shown(state).get("operationId"),
        started_at=state.created_at,
        updated_at=state.last_updated_at,
        ended_at=state.last_updated_at,
    )


def _running_view(request: UpgradeRequest, state: OrchestrationState) -> JsonObject:
    shown = _shown(state)
    return _view(
        state.instance_id,
        request.vault,
        shown.get("state", RunState.INSPECTING.value),
        operation_id=shown.get("operationId"),
        started_at=state.created_at,
        updated_at=state.last_updated_at,
        plan=shown.get("plan"),
    )


def _shown(state: OrchestrationState) -> dict[str, Any]:
    """The custom status; empty before the first turn."""
    return state.get_custom_status() or {}


def _view(
    instance_id: str,
    vault: ClassicVaultRef,
    state: str,
    *,
    reasons: tuple[str, ...] = (),
    operation_id: str | None = None,
    started_at: datetime,
    updated_at: datetime | None = None,
    ended_at: datetime | None = None,
    counts: Tally | None = None,
    task_count: int = 0,
    evidence_prefix: str | None = None,
    plan: JsonObject | None = None,
) -> JsonObject:
    tally = counts or Tally()
    duration = (ended_at - started_at).total_seconds() if ended_at else None
    return {
        "id": instance_id,
        "vault": vault_view(vault),
        "state": state,
        "reasons": list(reasons),
        "operationId": operation_id,
        "startedAt": started_at.isoformat(),
        "updatedAt": (updated_at or started_at).isoformat(),
        "endedAt": ended_at.isoformat() if ended_at else None,
        "durationSeconds": duration,
        "findings": {
            "passed": tally.passed,
            "failed": tally.failed,
            "unknown": tally.unknown,
            "notApplicable": tally.not_applicable,
        },
        "taskCount": task_count,
        "evidencePrefix": evidence_prefix,
        "plan": plan,
    }
