"""HTTP: start campaigns and look at them.

Who asked what and when is in the evidence before anything is done about it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import azure.functions as func
from azure import durable_functions as df

from adapters.ports import Ports
from domain.campaign_intake import (
    CampaignRequest,
    Sender,
    read_campaign,
    requests_of_found,
)
from domain.campaign_steps import PLAN_PAGE, PlanPage, plan_key
from domain.campaigns import (
    CampaignState,
    Mark,
    Note,
    Skipped,
    campaign_instance_id,
    campaign_prefix,
)
from domain.codec import from_json, to_json
from domain.errors import InvalidInputError, ServiceError
from domain.requests import UpgradeRequest
from domain.schedule import encode_places, expected_duration, forecast, plan_order
from triggers.answers import answer, error, invalid_input
from triggers.callers import signed_in_as
from triggers.campaign_records import keep_document, keep_note, read_trail, read_vaults
from triggers.campaign_runs import begin, is_campaign, state_of, unknown
from triggers.campaign_views import (
    campaign_state,
    campaign_status,
    campaign_view,
    plan_view,
    vault_at,
)
from triggers.evidence_away import needs_evidence
from triggers.paging import read_page
from triggers.shapes.campaigns import (
    AcceptedCampaign,
    CampaignDetail,
    CampaignPage,
    PlacedVault,
)
from triggers.turns import in_turns

LISTS_AT_A_TIME = 10
"""Subscriptions listed at once; the classic API publishes no limit (performance 1b)."""

CAMPAIGNS_READ = 20
"""Campaigns read at once: one of ten thousand vaults carries about 100 KB."""


_ANY_TIME = datetime.min.replace(tzinfo=UTC)


@needs_evidence
async def post_campaigns(
    req: func.HttpRequest, client: df.DurableFunctionsClient, ports: Ports
) -> func.HttpResponse:
    """Starts a campaign: 202; shows its plan for a dry run: 200; 400, 409, 502 with the reason."""
    sender = Sender(
        signed_in_as=signed_in_as(req),
        campaign_id=uuid.uuid4().hex[:12],
        requested_at=ports.clock.now(),
    )
    try:
        asked = read_campaign(req.get_body(), sender)
        requests, skipped = await _requests(asked, sender, ports)
        planned = plan_order(requests, asked.options.limits.window)
        places = encode_places(planned)
    except InvalidInputError as problem:
        return invalid_input(problem)
    except ServiceError as failure:
        # A subscription that cannot be listed is unknown, not empty (DESIGN rule 4).
        return error(502, "DiscoveryFailed", f"{failure} Nothing was started.")
    if asked.is_dry_run:
        durations = [expected_duration(one.protected_items) for one in planned]
        expected = forecast(durations, places, asked.options, sender.requested_at)
        return answer(plan_view(asked.campaign_id, planned, asked.options, expected, skipped))
    state = CampaignState(
        campaign_id=asked.campaign_id,
        options=asked.options,
        marks=Mark.WAITING * len(planned),
        places=places,
        started_at=sender.requested_at,
    )
    return await _start(req, client, ports, state, planned)


async def _requests(
    asked: CampaignRequest, sender: Sender, ports: Ports
) -> tuple[tuple[UpgradeRequest, ...], tuple[Skipped, ...]]:
    """The vaults of a campaign: those listed, or those found live."""
    if not asked.subscriptions:
        return asked.requests, ()
    # One list that fails fails the whole: a campaign that silently leaves out a subscription would
    # be taken for a finished one.
    lists = await in_turns(LISTS_AT_A_TIME, ports.classic.list_vaults, asked.subscriptions)
    return requests_of_found(asked, [vault for found in lists for vault in found], sender)


async def _start(
    req: func.HttpRequest,
    client: df.DurableFunctionsClient,
    ports: Ports,
    state: CampaignState,
    planned: tuple[UpgradeRequest, ...],
) -> func.HttpResponse:
    instance_id = campaign_instance_id(state.campaign_id)
    # Read first: the host would begin an ended campaign anew under the same id, without a word
    # (durable-2x 2).
    if await client.get_orchestration_state(instance_id, fetch_payloads=False) is not None:
        return _exists(state.campaign_id)
    by = planned[0].requested_by
    # The plan goes to evidence in pages and not into the history: ten thousand requests are several
    # megabytes, and a history should carry far less (durable-2x 2).
    for page in range(0, len(planned), PLAN_PAGE):
        vaults = planned[page : page + PLAN_PAGE]
        key = plan_key(state.campaign_id, page // PLAN_PAGE)
        data = to_json(PlanPage(vaults=vaults))
        kept = await keep_document(ports, state, key, data, kind="campaign-plan")
        # The store keeps the first document under a key. Positions of the campaign's marks are
        # places in that plan, so another one under the same id would start the wrong vaults.
        if not _is_same(from_json(PlanPage, kept["data"]).vaults, vaults):
            message = f"The campaign id {state.campaign_id} was used before, for another plan."
            return error(409, "AlreadyExists", message)
    await keep_note(ports, state, Note(what="start-requested", detail="", requested_by=by))
    if not await begin(client, state):
        return _exists(state.campaign_id)
    base = req.url.split("?", 1)[0].rstrip("/")
    body: AcceptedCampaign = {
        "id": state.campaign_id,
        "total": len(planned),
        "statusUrl": f"{base}/{state.campaign_id}",
    }
    return answer(body, 202)


def _exists(campaign_id: str) -> func.HttpResponse:
    message = f"There is a campaign {campaign_id} already; its plan stays as it is."
    return error(409, "AlreadyExists", message)


def _is_same(kept: Sequence[UpgradeRequest], asked: Sequence[UpgradeRequest]) -> bool:
    """Whether two pages plan the same, whenever they were asked for.

    A start that died between plan and campaign may be repeated with the same id.
    """
    return [replace(one, requested_at=_ANY_TIME) for one in kept] == [
        replace(one, requested_at=_ANY_TIME) for one in asked
    ]


async def list_campaigns(
    req: func.HttpRequest, client: df.DurableFunctionsClient
) -> func.HttpResponse:
    """Every campaign once, a page at a time; the latest of a page first."""
    prefix = campaign_instance_id("")
    try:
        page = await read_page(req, client, prefix, is_campaign, CAMPAIGNS_READ)
    except InvalidInputError as problem:
        return invalid_input(problem)
    # Within the page only: the engine has an order of its own, and to sort all campaigns, all would
    # have to be read.
    views = sorted(map(campaign_view, page.states), key=lambda one: one["startedAt"], reverse=True)
    body: CampaignPage = {"campaigns": views, "continuationToken": page.token}
    return answer(body)


@needs_evidence
async def get_campaign(
    req: func.HttpRequest, client: df.DurableFunctionsClient, ports: Ports
) -> func.HttpResponse:
    """One campaign with the vaults that need somebody's eyes, and its trail."""
    state = await state_of(req, client)
    if state is None:
        return unknown(req)
    campaign_id = campaign_state(state).campaign_id
    status = campaign_status(state)
    detail: CampaignDetail = {
        **campaign_view(state),
        "failed": await _placed(ports, campaign_id, status["failed"]),
        "missing": await _placed(ports, campaign_id, status["missing"]),
        "trail": await read_trail(ports, campaign_id),
        "evidencePrefix": campaign_prefix(campaign_id),
    }
    return answer(detail)


async def _placed(ports: Ports, campaign_id: str, positions: list[int]) -> list[PlacedVault]:
    planned = await read_vaults(ports, campaign_id, positions)
    return [vault_at(position, request) for position, request in planned.items()]


def campaign_blueprint(ports: Ports) -> df.Blueprint:
    """The blueprint with the routes that start campaigns and look at them."""
    blueprint = df.Blueprint(http_auth_level=func.AuthLevel.FUNCTION)

    @blueprint.function_name("post_campaigns")
    @blueprint.route(route="campaigns", methods=["POST"])
    @blueprint.durable_client_input(client_name="client")
    async def _post_campaigns(
        req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        return await post_campaigns(req, client, ports)

    @blueprint.function_name("list_campaigns")
    @blueprint.route(route="campaigns", methods=["GET"])
    @blueprint.durable_client_input(client_name="client")
    async def _list_campaigns(
        req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        return await list_campaigns(req, client)

    @blueprint.function_name("get_campaign")
    @blueprint.route(route="campaigns/{id}", methods=["GET"])
    @blueprint.durable_client_input(client_name="client")
    async def _get_campaign(
        req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        return await get_campaign(req, client, ports)

    return blueprint
