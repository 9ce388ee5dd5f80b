"""HTTP: start campaigns, look at them, pause, resume, cancel and redrive them.

Who asked what and when is in the evidence before anything is done about it.
"""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import azure.functions as func
from azure import durable_functions as df
from durabletask.client import OrchestrationState

from adapters.ports import Ports
from domain.campaign_intake import (
    CampaignRequest,
    Sender,
    read_campaign,
    read_command,
    requests_of_found,
)
from domain.campaign_steps import PLAN_PAGE, PlanPage, plan_key, trail_key
from domain.campaigns import (
    ALLOWED,
    ENDED_PHASES,
    REDRIVABLE_MARKS,
    CampaignState,
    Command,
    Mark,
    Note,
    Skipped,
    Verb,
    campaign_instance_id,
    campaign_prefix,
)
from domain.codec import JsonObject, from_json, to_json
from domain.errors import InvalidInputError, ServiceError
from domain.evidence import evidence_document
from domain.requests import UpgradeRequest
from domain.schedule import encode_places, expected_duration, forecast, plan_order
from domain.upgrade import ClassicVault
from orchestrators import names
from triggers.answers import answer, error, invalid_input
from triggers.campaign_views import (
    campaign_phase,
    campaign_state,
    campaign_status,
    campaign_view,
    plan_view,
    vault_at,
)
from triggers.paging import read_page
from triggers.shapes.campaigns import (
    AcceptedCampaign,
    CampaignDetail,
    CampaignPage,
    CommandAccepted,
    PlacedVault,
    TrailLine,
)
from triggers.shapes.common import PRINCIPAL_HEADER

LISTS_AT_A_TIME = 10
"""Subscriptions listed at once; the classic API publishes no limit (performance 1b)."""

_MAY_RUN_AGAIN = {mark.value for mark in REDRIVABLE_MARKS | {Mark.NEEDS_SUPPORT}}

CAMPAIGNS_READ = 20
"""Campaigns read at once: one of ten thousand vaults carries about 100 KB."""

SHOWN_TRAIL = 200
"""Latest lines of the trail in one answer; all of them are in the evidence."""


_ANY_TIME = datetime.min.replace(tzinfo=UTC)


async def post_campaigns(
    req: func.HttpRequest, client: df.DurableFunctionsClient, ports: Ports
) -> func.HttpResponse:
    """Starts a campaign: 202; shows its plan for a dry run: 200; 400, 409, 502 with the reason."""
    sender = Sender(
        signed_in_as=req.headers.get(PRINCIPAL_HEADER),
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
    turn = asyncio.Semaphore(LISTS_AT_A_TIME)

    async def list_one(subscription: str) -> tuple[ClassicVault, ...]:
        async with turn:
            return await ports.classic.list_vaults(subscription)

    lists = await asyncio.gather(*(list_one(one) for one in asked.subscriptions))
    return requests_of_found(asked, [vault for found in lists for vault in found], sender)


async def _start(
    req: func.HttpRequest,
    client: df.DurableFunctionsClient,
    ports: Ports,
    state: CampaignState,
    planned: tuple[UpgradeRequest, ...],
) -> func.HttpResponse:
    instance_id = campaign_instance_id(state.campaign_id)
    if await client.get_orchestration_state(instance_id, fetch_payloads=False) is not None:
        message = f"There is a campaign {state.campaign_id} already; its plan stays as it is."
        return error(409, "AlreadyExists", message)
    by = planned[0].requested_by
    for page in range(0, len(planned), PLAN_PAGE):
        vaults = planned[page : page + PLAN_PAGE]
        key = plan_key(state.campaign_id, page // PLAN_PAGE)
        kept = await _keep(ports, state, key, "campaign-plan", to_json(PlanPage(vaults=vaults)))
        if not _is_same(from_json(PlanPage, kept["data"]).vaults, vaults):
            message = f"The campaign id {state.campaign_id} was used before, for another plan."
            return error(409, "AlreadyExists", message)
    await _note(ports, state, Note(what="start-requested", detail="", requested_by=by))
    await client.schedule_new_orchestration(
        names.RUN_CAMPAIGN, input=to_json(state), instance_id=instance_id
    )
    base = req.url.split("?", 1)[0].rstrip("/")
    body: AcceptedCampaign = {
        "id": state.campaign_id,
        "total": len(planned),
        "statusUrl": f"{base}/{state.campaign_id}",
    }
    return answer(body, 202)


def _is_same(kept: Sequence[UpgradeRequest], asked: Sequence[UpgradeRequest]) -> bool:
    """Whether two pages plan the same, whenever they were asked for.

    A start that died between plan and campaign may be repeated with the same id.
    """
    return [replace(one, requested_at=_ANY_TIME) for one in kept] == [
        replace(one, requested_at=_ANY_TIME) for one in asked
    ]


async def _keep(
    ports: Ports, state: CampaignState, key: str, kind: str, data: JsonObject
) -> JsonObject:
    """Keeps a document of a campaign; gives what is there now."""
    document = evidence_document(
        kind=kind,
        subject=f"campaign {state.campaign_id}",
        run_id=state.campaign_id,
        at=ports.clock.now(),
        data=data,
    )
    return (await ports.evidence.create(key, document)).document


async def _note(ports: Ports, state: CampaignState, note: Note) -> None:
    """Who asked what and when; two people may ask in the same moment."""
    at = ports.clock.now()
    # Before what the campaign makes of it, should both fall into one moment.
    key = trail_key(state.campaign_id, at, note.what, f"0-{uuid.uuid4().hex[:6]}")
    await _keep(ports, state, key, "campaign-note", {**to_json(note), "at": at.isoformat()})


async def list_campaigns(
    req: func.HttpRequest, client: df.DurableFunctionsClient
) -> func.HttpResponse:
    """Every campaign once, a page at a time; the latest of a page first."""
    prefix = campaign_instance_id("")
    try:
        page = await read_page(req, client, prefix, _is_campaign, CAMPAIGNS_READ)
    except InvalidInputError as problem:
        return invalid_input(problem)
    views = sorted(map(campaign_view, page.states), key=lambda one: one["startedAt"], reverse=True)
    body: CampaignPage = {"campaigns": views, "continuationToken": page.token}
    return answer(body)


def _is_campaign(state: OrchestrationState) -> bool:
    return state.name == names.RUN_CAMPAIGN


async def get_campaign(
    req: func.HttpRequest, client: df.DurableFunctionsClient, ports: Ports
) -> func.HttpResponse:
    """One campaign with the vaults that need somebody's eyes, and its trail."""
    state = await _state_of(req, client)
    if state is None:
        return _unknown(req)
    campaign_id = campaign_state(state).campaign_id
    status = campaign_status(state)
    detail: CampaignDetail = {
        **campaign_view(state),
        "failed": await _vaults_at(ports, campaign_id, status["failed"]),
        "missing": await _vaults_at(ports, campaign_id, status["missing"]),
        "trail": await _trail(ports, campaign_id),
        "evidencePrefix": campaign_prefix(campaign_id),
    }
    return answer(detail)


async def _state_of(
    req: func.HttpRequest, client: df.DurableFunctionsClient
) -> OrchestrationState | None:
    instance_id = campaign_instance_id(req.route_params["id"])
    return await client.get_orchestration_state(instance_id)


def _unknown(req: func.HttpRequest) -> func.HttpResponse:
    return error(404, "NotFound", f"There is no campaign {req.route_params['id']}.")


async def _vaults_at(ports: Ports, campaign_id: str, positions: list[int]) -> list[PlacedVault]:
    pages: dict[int, PlanPage] = {}
    for number in sorted({position // PLAN_PAGE for position in positions}):
        document = await ports.evidence.read(plan_key(campaign_id, number))
        pages[number] = from_json(PlanPage, document["data"]) if document else PlanPage(vaults=())
    return [
        vault_at(position, pages[position // PLAN_PAGE].vaults[position % PLAN_PAGE])
        for position in positions
        if pages[position // PLAN_PAGE].vaults
    ]


async def _trail(ports: Ports, campaign_id: str) -> list[TrailLine]:
    keys = await ports.evidence.list_keys(f"{campaign_prefix(campaign_id)}/trail/")
    documents = [await ports.evidence.read(key) for key in keys[-SHOWN_TRAIL:]]
    return [
        {
            "at": one["data"]["at"],
            "what": one["data"]["what"],
            "requestedBy": one["data"]["requested_by"] or None,
            "detail": one["data"]["detail"],
        }
        for one in documents
        if one is not None
    ]


async def post_command(
    req: func.HttpRequest, client: df.DurableFunctionsClient, ports: Ports
) -> func.HttpResponse:
    """Pauses, resumes, cancels or redrives: 202; 400, 404, 409 with the reason."""
    state = await _state_of(req, client)
    verb = req.route_params["verb"]
    if state is None or verb not in list(Verb):
        return _unknown(req) if state is None else error(404, "NotFound", f"No verb {verb}.")
    try:
        by, comment = read_command(req.get_body(), req.headers.get(PRINCIPAL_HEADER))
    except InvalidInputError as problem:
        return invalid_input(problem)
    command = Command(verb=Verb(verb), requested_by=by, at=ports.clock.now())
    phase = campaign_phase(state)
    if phase is None or command.verb not in ALLOWED[phase]:
        shown = phase or "broken"
        return error(409, "NotAllowed", f"The campaign is {shown}; it takes no {verb} now.")
    carried = campaign_state(state)
    note = Note(what=f"{verb}-requested", detail=comment, requested_by=by)
    if phase in ENDED_PHASES:
        return await _redrive_ended(client, ports, carried, command, note)
    await _note(ports, carried, note)
    instance_id = campaign_instance_id(carried.campaign_id)
    await client.raise_orchestration_event(instance_id, names.SLOT_EVENT, data=to_json(command))
    return _accepted(carried, command)


async def _redrive_ended(
    client: df.DurableFunctionsClient,
    ports: Ports,
    carried: CampaignState,
    command: Command,
    note: Note,
) -> func.HttpResponse:
    """Begins the campaign anew with the command as the first thing to do."""
    if not set(carried.marks) & _MAY_RUN_AGAIN:
        message = "Every vault of this campaign has ended well, or was never sent."
        return error(409, "NothingToRedrive", message)
    await _note(ports, carried, note)
    await client.schedule_new_orchestration(
        names.RUN_CAMPAIGN,
        input=to_json(replace(carried, pending=command)),
        instance_id=campaign_instance_id(carried.campaign_id),
    )
    return _accepted(carried, command)


def _accepted(carried: CampaignState, command: Command) -> func.HttpResponse:
    body: CommandAccepted = {"id": carried.campaign_id, "verb": command.verb.value}
    return answer(body, 202)


def campaign_blueprint(ports: Ports) -> df.Blueprint:
    """The blueprint with every route of campaigns."""
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

    @blueprint.function_name("post_campaign_command")
    @blueprint.route(route="campaigns/{id}/{verb}", methods=["POST"])
    @blueprint.durable_client_input(client_name="client")
    async def _post_command(
        req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        return await post_command(req, client, ports)

    return blueprint
