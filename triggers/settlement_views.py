"""How a settlement is shown over HTTP: durable state in, camelCase JSON out. No I/O."""

from typing import Any

from durabletask.client import OrchestrationState, OrchestrationStatus

from domain.codec import JsonObject, from_json
from domain.findings import Tally
from domain.outcomes import SettlementReport
from domain.settling import SettleRequest, SettleResult
from domain.upgrade import RunState
from domain.vaults import VaultRef
from triggers.shapes.common import VaultView
from triggers.shapes.settlements import SETTLING, ReportShown, SettlementView, ZonesShown
from triggers.views import ENDED, counts_view, moment_text


def vault_view(vault: VaultRef) -> VaultView:
    """The vault as it is named in every answer."""
    return {
        "id": vault.arm_id,
        "subscriptionId": vault.subscription_id,
        "resourceGroup": vault.resource_group,
        "name": vault.name,
    }


def settlement_view(state: OrchestrationState) -> SettlementView:
    """One settlement, whether it runs, has ended, or broke down."""
    request = from_json(SettleRequest, state.get_input(dict))
    # Empty before the first turn.
    shown: dict[str, Any] = state.get_custom_status(dict) or {}
    view = _view(state, request, shown.get("state", SETTLING))
    if state.runtime_status is OrchestrationStatus.COMPLETED:
        return _ended_view(view, from_json(SettleResult, state.get_output(dict)))
    # The workflow broke down before its verdict: an end that nobody recorded, shown as one.
    if state.runtime_status in ENDED:
        failure = state.failure_details
        name = state.runtime_status.name.lower()
        return {
            **view,
            "state": RunState.STOPPED.value,
            "reasons": [failure.message if failure else f"the settlement was {name}"],
            "endedAt": moment_text(state.last_updated_at),
            "durationSeconds": (state.last_updated_at - state.created_at).total_seconds(),
        }
    return {**view, "plan": shown.get("plan"), "guard": shown.get("guard")}


def _ended_view(view: SettlementView, result: SettleResult) -> SettlementView:
    outcome = result.outcome
    # Only the children of upgrades record none, and their ids are no settlements.
    if outcome is None:
        raise ValueError(f"{view['id']} recorded no end of its own")
    return {
        **view,
        "state": outcome.state.value,
        "reasons": list(outcome.reasons),
        "jobSync": result.job_sync.value if result.job_sync else None,
        "pendingChanges": list(outcome.pending_changes),
        "findings": counts_view(outcome.tally),
        "taskCount": outcome.task_count,
        "startedAt": moment_text(outcome.started_at),
        "endedAt": moment_text(outcome.ended_at),
        "durationSeconds": (outcome.ended_at - outcome.started_at).total_seconds(),
    }


def _view(state: OrchestrationState, request: SettleRequest, word: str) -> SettlementView:
    """Every member of the view, with what is known of every settlement filled in."""
    return {
        "id": state.instance_id,
        "vault": vault_view(request.vault),
        "state": word,
        "reasons": [],
        "requestedBy": request.requested_by,
        "isDryRun": request.is_dry_run,
        "jobSync": None,
        "pendingChanges": [],
        "startedAt": moment_text(state.created_at),
        "updatedAt": moment_text(state.last_updated_at),
        "endedAt": None,
        "durationSeconds": None,
        "findings": counts_view(Tally()),
        "taskCount": 0,
        "evidencePrefix": request.prefix,
        "plan": None,
        "guard": None,
    }


def plan_view(plan: JsonObject) -> ZonesShown:
    """What was found and would be written, with what each policy's times mean before and after."""
    return {
        "expectedZone": plan["zone"],
        "expectedBy": plan["source"],
        "earliestEnd": plan["earliest_end"],
        "policies": [
            {
                "policy": row["policy"],
                "decision": row["plan"]["kind"] if row["plan"] else "undecided",
                "reason": (row["plan"] or {}).get("reason", ""),
                "now": _preview_text(row.get("previewNow")),
                "then": _preview_text(row.get("previewThen")),
            }
            for row in plan["policies"]
        ],
    }


def _preview_text(preview: JsonObject | None) -> str:
    return " ".join(run["text"] for run in (preview or {}).get("runs", ()))


def detail_view(report: SettlementReport) -> ReportShown:
    """What a settlement's report adds to its view: the checklist and what people have to do."""
    return {
        "checklist": [
            {
                "id": one.id,
                "section": one.section,
                "text": one.text,
                "state": one.state.value,
                "openSubjects": list(one.open_subjects),
            }
            for one in report.checklist
        ],
        "tasks": [
            {"subject": one.subject, "text": one.text, "checkId": one.check_id}
            for one in report.tasks
        ],
        "workList": [
            {
                "owner": one.owner,
                "machine": one.machine,
                "vault": one.vault,
                "checkId": one.check_id,
                "found": one.found,
                "whatToDo": one.what_to_do,
            }
            for one in report.work_list
        ],
    }
