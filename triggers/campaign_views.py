"""How a campaign is shown over HTTP: durable state and plan in, camelCase JSON out. No I/O."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from durabletask.client import OrchestrationState, OrchestrationStatus

from domain.campaigns import (
    CampaignOptions,
    CampaignPhase,
    CampaignState,
    ErrorThreshold,
    Skipped,
)
from domain.codec import JsonObject, from_json
from domain.maintenance import MaintenanceWindow
from domain.requests import UpgradeRequest, upgrade_instance_id
from domain.schedule import Forecast, expected_duration
from domain.steering import Steering
from triggers.shapes.campaigns import (
    BROKEN,
    CampaignPlan,
    CampaignView,
    MaintenanceView,
    OptionsView,
    PlacedVault,
    ThresholdView,
)
from triggers.views import ENDED, moment_text, vault_view


def campaign_status(state: OrchestrationState) -> JsonObject:
    """Phase, counts, and the positions of the vaults that need somebody's eyes."""
    shown: dict[str, Any] | None = None
    if state.runtime_status not in ENDED:
        # Empty until the first turn of each history.
        shown = state.get_custom_status(dict)
    # An ended campaign is counted from its output, which is also what a redrive begins with.
    return shown or Steering(campaign_state(state)).status()


def campaign_view(state: OrchestrationState) -> CampaignView:
    """One campaign as it stands."""
    carried = campaign_state(state)
    status = campaign_status(state)
    is_broken = state.runtime_status in ENDED - {OrchestrationStatus.COMPLETED}
    # The history tells only that the instance ended; when is the time of its last event.
    has_ended = state.runtime_status in ENDED
    return {
        "id": carried.campaign_id,
        "phase": BROKEN if is_broken else status["phase"],
        "cause": status["cause"] or None,
        "reason": _failure(state) if is_broken else status["reason"],
        "total": status["total"],
        "counts": status["counts"],
        "round": status["round"],
        "startedAt": moment_text(carried.started_at),
        "updatedAt": moment_text(state.last_updated_at),
        "endedAt": moment_text(state.last_updated_at) if has_ended else None,
        **options_view(carried.options),
    }


def campaign_state(state: OrchestrationState) -> CampaignState:
    """What the campaign carries: its end, or what its present history began with."""
    if state.runtime_status is OrchestrationStatus.COMPLETED:
        return from_json(CampaignState, state.get_output(dict))
    # A campaign continues as new with its whole state as the input, so the input is never older
    # than the present history.
    return from_json(CampaignState, state.get_input(dict))


def campaign_phase(state: OrchestrationState) -> CampaignPhase | None:
    """The phase, or None where the workflow itself broke down."""
    phase = campaign_view(state)["phase"]
    return None if phase == BROKEN else CampaignPhase(phase)


def _failure(state: OrchestrationState) -> str:
    failure = state.failure_details
    return failure.message if failure else f"the campaign was {state.runtime_status.name.lower()}"


def options_view(options: CampaignOptions) -> OptionsView:
    """What the operator decided, spelt as it was asked for."""
    return {
        "window": options.limits.window,
        "perSubscription": options.limits.per_subscription,
        "perRegion": options.limits.per_region,
        "errorThreshold": _threshold_view(options.threshold) if options.threshold else None,
        "maintenance": _maintenance_view(options.maintenance) if options.maintenance else None,
    }


def _threshold_view(threshold: ErrorThreshold) -> ThresholdView:
    # Only the one that was given, so that the answer can be handed in again as it is.
    if threshold.count is not None:
        return {"count": threshold.count}
    return {} if threshold.percent is None else {"percent": threshold.percent}


def _maintenance_view(window: MaintenanceWindow) -> MaintenanceView:
    return {
        "timeZone": window.time_zone,
        "hours": [
            {
                "days": [day.value for day in one.days],
                "start": f"{one.start:%H:%M}",
                "end": f"{one.end:%H:%M}",
            }
            for one in window.hours
        ],
    }


def vault_at(position: int, request: UpgradeRequest) -> PlacedVault:
    """A vault of a campaign by its position in the plan."""
    return {
        "position": position,
        "id": upgrade_instance_id(request.vault),
        "vault": vault_view(request.vault),
    }


def plan_view(
    campaign_id: str,
    planned: Sequence[UpgradeRequest],
    options: CampaignOptions,
    expected: Forecast,
    skipped: Sequence[Skipped],
) -> CampaignPlan:
    """The answer of a dry run: who starts when, if nothing fails, and what is left out."""
    # Not the moment of the request: maintenance hours may keep the first vault waiting.
    begins_at = expected.vaults[0].starts_at
    return {
        "id": campaign_id,
        **options_view(options),
        "total": len(planned),
        "unknownSizes": sum(one.protected_items is None for one in planned),
        "expectedStart": moment_text(begins_at),
        "expectedEnd": moment_text(expected.ends_at),
        "expectedHours": _hours(expected.ends_at - begins_at),
        "lowerBoundHours": _hours(expected.lower_bound),
        "vaults": [
            {
                **vault_at(one.position, planned[one.position]),
                "protectedItems": planned[one.position].protected_items,
                "expectedMinutes": _minutes(planned[one.position]),
                "expectedStart": moment_text(one.starts_at),
            }
            for one in expected.vaults
        ],
        "skipped": [{"vault": one.vault, "why": one.why} for one in skipped],
    }


def _minutes(request: UpgradeRequest) -> int:
    return round(expected_duration(request.protected_items) / timedelta(minutes=1))


def _hours(span: timedelta) -> float:
    return round(span / timedelta(hours=1), 2)
