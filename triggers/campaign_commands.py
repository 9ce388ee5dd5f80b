"""HTTP: pause, resume, cancel and redrive campaigns.

Who asked what and when is in the evidence before anything is done about it.
"""

from dataclasses import replace

import azure.functions as func
from azure import durable_functions as df

from adapters.ports import Ports
from domain.campaigns import (
    ALLOWED,
    ENDED_PHASES,
    REDRIVABLE_MARKS,
    CampaignPhase,
    CampaignState,
    Command,
    Mark,
    Note,
    Verb,
    campaign_instance_id,
)
from domain.codec import to_json
from domain.command_intake import read_command
from domain.errors import InvalidInputError
from orchestrators import names
from triggers.answers import answer, error, invalid_input
from triggers.callers import signed_in_as
from triggers.campaign_records import keep_note
from triggers.campaign_runs import begin, state_of, unknown
from triggers.campaign_views import campaign_phase, campaign_state
from triggers.evidence_away import needs_evidence
from triggers.shapes.campaigns import CommandAccepted

_MAY_RUN_AGAIN = {mark.value for mark in REDRIVABLE_MARKS | {Mark.NEEDS_SUPPORT}}


@needs_evidence
async def post_command(
    req: func.HttpRequest, client: df.DurableFunctionsClient, ports: Ports
) -> func.HttpResponse:
    """Pauses, resumes, cancels or redrives: 202; 400, 404, 409 with the reason."""
    state = await state_of(req, client)
    verb = req.route_params["verb"]
    if state is None or verb not in list(Verb):
        return unknown(req) if state is None else error(404, "NotFound", f"No verb {verb}.")
    try:
        by, comment = read_command(req.get_body(), signed_in_as(req))
    except InvalidInputError as problem:
        return invalid_input(problem)
    command = Command(verb=Verb(verb), requested_by=by, at=ports.clock.now())
    phase, carried = campaign_phase(state), campaign_state(state)
    refusal = _refusal(command.verb, phase, carried)
    if refusal is not None:
        return refusal
    # The note first: an event that is lost leaves a trace of who asked, and asking again is safe.
    await keep_note(ports, carried, Note(what=f"{verb}-requested", detail=comment, requested_by=by))
    await _tell(client, carried, command, has_ended=phase in ENDED_PHASES)
    body: CommandAccepted = {"id": carried.campaign_id, "verb": command.verb.value}
    return answer(body, 202)


def _refusal(
    verb: Verb, phase: CampaignPhase | None, carried: CampaignState
) -> func.HttpResponse | None:
    if phase is None or verb not in ALLOWED[phase]:
        shown = phase or "broken"
        return error(409, "NotAllowed", f"The campaign is {shown}; it takes no {verb} now.")
    # Refused here, because a redrive begins the workflow anew: one without a single vault would end
    # at once and look as if it had done something.
    if phase in ENDED_PHASES and not set(carried.marks) & _MAY_RUN_AGAIN:
        message = "Every vault of this campaign has ended well, or was never sent."
        return error(409, "NothingToRedrive", message)
    return None


async def _tell(
    client: df.DurableFunctionsClient, carried: CampaignState, command: Command, *, has_ended: bool
) -> None:
    """One that has ended begins anew with the command as the first thing to do."""
    if has_ended and await begin(client, replace(carried, pending=command)):
        return
    # Also where somebody else has just begun it anew: the campaign itself says what it makes of
    # the second command, and the trail keeps that.
    instance_id = campaign_instance_id(carried.campaign_id)
    # By the same event as progress: one inbox keeps commands and ends of vaults in one order.
    await client.raise_orchestration_event(instance_id, names.SLOT_EVENT, data=to_json(command))


def command_blueprint(ports: Ports) -> df.Blueprint:
    """The blueprint with the route of every verb."""
    blueprint = df.Blueprint(http_auth_level=func.AuthLevel.FUNCTION)

    @blueprint.function_name("post_campaign_command")
    @blueprint.route(route="campaigns/{id}/{verb}", methods=["POST"])
    @blueprint.durable_client_input(client_name="client")
    async def _post_command(
        req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        return await post_command(req, client, ports)

    return blueprint
