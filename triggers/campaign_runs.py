"""The workflow of a campaign behind the durable client: found by the campaign's id, begun once."""

import azure.functions as func
from azure import durable_functions as df
from durabletask.client import OrchestrationState

from domain.campaigns import CampaignState, campaign_instance_id
from domain.codec import to_json
from orchestrators import names
from triggers import starts
from triggers.answers import error
from triggers.own_runs import is_run_of


async def state_of(
    req: func.HttpRequest, client: df.DurableFunctionsClient
) -> OrchestrationState | None:
    """How the campaign that a route names stands; None: there is none."""
    instance_id = campaign_instance_id(req.route_params["id"])
    state = await client.get_orchestration_state(instance_id)
    return state if state is not None and is_campaign(state) else None


def is_campaign(state: OrchestrationState) -> bool:
    """Whether an instance is a campaign, and not something begun by hand under the id of one."""
    return is_run_of(state, names.RUN_CAMPAIGN, CampaignState)


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
