"""The queue: one message, one vault. Validates and starts, nothing else (service-bus 6).

A message may arrive twice. The instance's state is read before a start, so that a second delivery
finds the first one's run, running or ended, instead of starting it over.
"""

import json
import logging
from dataclasses import replace

import azure.functions as func
from azure import durable_functions as df
from durabletask.client import OrchestrationState

from domain.codec import from_json, to_json
from domain.intake import request_from_message
from domain.requests import UpgradeRequest, upgrade_instance_id
from orchestrators import names
from triggers.views import ENDED

_LOG = logging.getLogger("vaultlift.triggers.service_bus")


async def start_from_message(
    body: bytes, client: df.DurableFunctionsClient, log_workspace_id: str | None = None
) -> str:
    """Starts the run a message asks for, or joins the one that is there; gives its instance id.

    Args:
        body: The message, JSON.
        client: The durable client.
        log_workspace_id: The workspace of vaults whose request names none.

    Raises:
        InvalidInputError: The message is not one of ours; the queue will dead-letter it.
    """
    request = request_from_message(json.loads(body))
    if request.log_workspace_id is None:
        request = replace(request, log_workspace_id=log_workspace_id)
    instance_id = upgrade_instance_id(request.vault)
    state = await client.get_orchestration_state(instance_id)
    if state is not None and not _may_restart(state, request):
        _LOG.info("joined %s, which is %s", instance_id, state.runtime_status.name)
        return instance_id
    await client.schedule_new_orchestration(
        names.UPGRADE_VAULT, input=to_json(request), instance_id=instance_id
    )
    return instance_id


def _may_restart(state: OrchestrationState, request: UpgradeRequest) -> bool:
    """Only a new request may run an ended vault again.

    What that run may do is its own business: a vault that is upgraded is settled only, one that
    failed stays failed (DESIGN rule 2).
    """
    if state.runtime_status not in ENDED:
        return False
    earlier = from_json(UpgradeRequest, state.get_input(dict))
    return earlier.request_id != request.request_id


def queue_blueprint(queue_name: str, log_workspace_id: str | None) -> df.Blueprint:
    """The blueprint of the queue trigger; one session is one vault."""
    blueprint = df.Blueprint()

    @blueprint.function_name("on_upgrade_message")
    @blueprint.service_bus_queue_trigger(
        arg_name="message",
        queue_name=queue_name,
        connection="ServiceBusConnection",
        is_sessions_enabled=True,
    )
    @blueprint.durable_client_input(client_name="client")
    async def _on_upgrade_message(
        message: func.ServiceBusMessage, client: df.DurableFunctionsClient
    ) -> None:
        await start_from_message(message.get_body(), client, log_workspace_id)

    return blueprint
