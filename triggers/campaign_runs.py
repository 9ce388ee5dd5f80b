"""The workflow of a campaign behind the durable client: found by the campaign's id, begun once."""

import azure.functions as func
from azure import durable_functions as df
from durabletask.client import OrchestrationState
from pydantic import ValidationError

from domain.campaigns import CampaignState, campaign_instance_id
from domain.codec import from_json, to_json
from orchestrators import names
from triggers import starts
from triggers.answers import error


async def state_of(
    req: func.HttpRequest, client: df.DurableFunctionsClient
) -> OrchestrationState | None:
    """How the campaign that a route names stands; None: there is none."""
    instance_id = campaign_instance_id(req.route_params["id"])
    state = await client.get_orchestration_state(instance_id)
    return state if state is not None and is_campaign(state) else None


def is_campaign(state: OrchestrationState) -> bool:
    """Whether an instance is a campaign, and not something begun by hand under the id of one."""
    if state.name != names.RUN_CAMPAIGN:
        return False
    try:
        from_json(CampaignState, state.get_input(dict))
    except ValidationError:
        # It must not keep the others from being shown.
        return False
    return True


def unknown(req: func.HttpRequest) -> func.HttpResponse:
    """404 for a campaign that nobody ever started."""
    return error(404, "NotFound", f"There is no campaign {req.route_params['id']}.")


async def begin(client: df.DurableFunctionsClient, state: CampaignState) -> bool:
    """Begins a campaign's workflow; False: another call was faster, and its workflow runs.

    Raises:
        Exception: The task hub could not be reached, or refused for another reason.
    """
    instance_id = campaign_instance_id(state.campaign_id)
    return await starts.begin(client, names.RUN_CAMPAIGN, to_json(state), instance_id)
