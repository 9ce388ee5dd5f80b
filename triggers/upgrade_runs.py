"""The workflow of an upgrade behind the durable client: found by the id in a route."""

import azure.functions as func
from azure import durable_functions as df
from durabletask.client import OrchestrationState

from domain.requests import UpgradeRequest
from orchestrators import names
from triggers.answers import error
from triggers.own_runs import is_run_of
from triggers.shapes.upgrades import UPGRADE_ID


async def state_of(
    client: df.DurableFunctionsClient, instance_id: str
) -> OrchestrationState | None:
    """How an upgrade stands; None: there is none."""
    # The task hub also holds campaigns, settlements and parts of runs, which have routes of their
    # own or none: an id of theirs names no upgrade.
    if UPGRADE_ID.match(instance_id) is None:
        return None
    state = await client.get_orchestration_state(instance_id)
    return state if state is not None and is_upgrade(state) else None


def is_upgrade(state: OrchestrationState) -> bool:
    """Whether an instance is the upgrade of a vault, and no part of one or something else."""
    is_id = UPGRADE_ID.match(state.instance_id) is not None
    return is_id and is_run_of(state, names.UPGRADE_VAULT, UpgradeRequest)


def unknown(instance_id: str) -> func.HttpResponse:
    """404 for an upgrade that nobody ever handed in."""
    return error(404, "NotFound", f"There is no upgrade with the id {instance_id}.")
