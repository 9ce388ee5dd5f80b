"""HTTP: hand in vaults and look at upgrades.

Vaults handed in here go through the queue like those of any other system, so that there is one
way in, with one place that limits, orders and counts.
"""

import uuid
from functools import partial

import azure.functions as func
from azure import durable_functions as df

from adapters.ports import Ports
from domain.codec import from_json
from domain.errors import InvalidInputError, VaultliftError
from domain.evidence import accepted_document, accepted_key
from domain.intake import requests_from_json
from domain.requests import UpgradeRequest, upgrade_instance_id
from triggers.answers import answer, error, invalid_input
from triggers.approvals import post_approval
from triggers.callers import signed_in_as
from triggers.evidence_away import needs_evidence
from triggers.paging import read_page
from triggers.shapes.upgrades import UPGRADE_ID, AcceptedUpgrade, AcceptedUpgrades, UpgradePage
from triggers.turns import in_turns
from triggers.upgrade_runs import is_upgrade, state_of, unknown
from triggers.views import ENDED, queued_view, upgrade_view, vault_view

AT_A_TIME = 32
"""Vaults of a list looked up, and noted, at once. A task hub that is asked about ten thousand
instances in one moment refuses; one after the other they would outlast the caller."""


@needs_evidence
async def post_upgrades(
    req: func.HttpRequest, client: df.DurableFunctionsClient, ports: Ports
) -> func.HttpResponse:
    """Takes one vault or many, all or none: 202 with one entry per vault, or 400."""
    try:
        requests = requests_from_json(
            req.get_body(),
            requested_by="anonymous",
            signed_in_as=signed_in_as(req),
            request_id=str(uuid.uuid4()),
            requested_at=ports.clock.now(),
            source="body",
        )
    except InvalidInputError as problem:
        return invalid_input(problem)
    # Before anything is sent: afterwards a run begun by this very list would read as joined.
    running = await in_turns(AT_A_TIME, partial(_is_running, client), requests)
    try:
        await ports.queue.send(requests)
    except VaultliftError as failure:
        return error(503, "QueueUnavailable", f"{failure} Hand the same list in again.")
    # After the queue has them: what is on record as accepted was really handed on.
    await in_turns(AT_A_TIME, partial(_note, ports), requests)
    entries = [
        _accepted(req, request, joined=joined)
        for request, joined in zip(requests, running, strict=True)
    ]
    body: AcceptedUpgrades = {"requestId": requests[0].request_id, "upgrades": entries}
    return answer(body, 202)


async def _is_running(client: df.DurableFunctionsClient, request: UpgradeRequest) -> bool:
    instance_id = upgrade_instance_id(request.vault)
    state = await client.get_orchestration_state(instance_id, fetch_payloads=False)
    return state is not None and state.runtime_status not in ENDED


async def _note(ports: Ports, request: UpgradeRequest) -> None:
    await ports.evidence.create(accepted_key(request), accepted_document(request))


def _accepted(req: func.HttpRequest, request: UpgradeRequest, *, joined: bool) -> AcceptedUpgrade:
    instance_id = upgrade_instance_id(request.vault)
    base = req.url.split("?", 1)[0].rstrip("/")
    return {
        "id": instance_id,
        "vault": vault_view(request.vault),
        "statusUrl": f"{base}/{instance_id}",
        "joined": joined,
    }


async def list_upgrades(
    req: func.HttpRequest, client: df.DurableFunctionsClient
) -> func.HttpResponse:
    """Every upgrade once, a page at a time."""
    try:
        page = await read_page(req, client, "upgrade-", is_upgrade)
    except InvalidInputError as problem:
        return invalid_input(problem)
    body: UpgradePage = {
        "upgrades": [upgrade_view(state) for state in page.states],
        "continuationToken": page.token,
    }
    return answer(body)


@needs_evidence
async def get_upgrade(
    req: func.HttpRequest, client: df.DurableFunctionsClient, ports: Ports
) -> func.HttpResponse:
    """One upgrade: 200, or 404 for an id nobody ever handed in."""
    instance_id = req.route_params["id"]
    state = await state_of(client, instance_id)
    if state is not None:
        return answer(upgrade_view(state))
    waiting = await _waiting_in_queue(ports, instance_id)
    if waiting is not None:
        return answer(queued_view(instance_id, waiting))
    return unknown(instance_id)


async def _waiting_in_queue(ports: Ports, instance_id: str) -> UpgradeRequest | None:
    """The latest request accepted for a vault that has no instance yet."""
    # An id in a path may be anything; only what has the form of one is ever looked up.
    found = UPGRADE_ID.match(instance_id)
    if found is None:
        return None
    # The evidence and not the queue, which can only be looked through message by message.
    keys = await ports.evidence.list_keys(f"vaults/{found['key']}/accepted/")
    document = await ports.evidence.read(keys[-1]) if keys else None
    return from_json(UpgradeRequest, document["data"]) if document is not None else None


def http_blueprint(ports: Ports) -> df.Blueprint:
    """The blueprint with every HTTP route."""
    blueprint = df.Blueprint(http_auth_level=func.AuthLevel.FUNCTION)

    @blueprint.function_name("post_upgrades")
    @blueprint.route(route="upgrades", methods=["POST"])
    @blueprint.durable_client_input(client_name="client")
    async def _post_upgrades(
        req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        return await post_upgrades(req, client, ports)

    @blueprint.function_name("list_upgrades")
    @blueprint.route(route="upgrades", methods=["GET"])
    @blueprint.durable_client_input(client_name="client")
    async def _list_upgrades(
        req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        return await list_upgrades(req, client)

    @blueprint.function_name("get_upgrade")
    @blueprint.route(route="upgrades/{id}", methods=["GET"])
    @blueprint.durable_client_input(client_name="client")
    async def _get_upgrade(
        req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        return await get_upgrade(req, client, ports)

    @blueprint.function_name("post_approval")
    @blueprint.route(route="upgrades/{id}/approval", methods=["POST"])
    @blueprint.durable_client_input(client_name="client")
    async def _post_approval(
        req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        return await post_approval(req, client, ports)

    return blueprint
