"""HTTP: what Microsoft Support needs about a failed upgrade, and its instruction to try again.

The instruction is kept before anything is queued (DESIGN rule 2); handing in the same ticket again
finds it there and queues the same request, which is then the same message.
"""

import hashlib
from dataclasses import replace

import azure.functions as func
from azure import durable_functions as df
from pydantic import ValidationError

from adapters.ports import EvidenceStore, Ports
from domain.bodies import model_problems, object_of
from domain.codec import JsonObject, from_json, to_json
from domain.errors import InvalidInputError, VaultliftError
from domain.evidence import evidence_document
from domain.requests import UpgradeRequest
from domain.retries import (
    AttemptState,
    RetryAuthorization,
    attempt_folder,
    attempt_state,
    is_about_attempts,
    objection_to_retry,
    start_prefix,
)
from domain.sentences import as_sentence, join_sentences
from triggers.answers import answer, error, invalid_input
from triggers.callers import signed_in_as
from triggers.evidence_away import needs_evidence
from triggers.shapes.support import RetryAccepted, SupportView
from triggers.shapes.upgrades import UPGRADE_ID
from triggers.upgrade_runs import state_of, unknown
from triggers.views import ENDED

BUNDLE = "/10-support-bundle.json"
"""How the keys of support bundles end."""


@needs_evidence
async def get_support(
    req: func.HttpRequest, client: df.DurableFunctionsClient, ports: Ports
) -> func.HttpResponse:
    """The latest support bundle of a vault: 200, or 404, 409 without one, 503."""
    instance_id = req.route_params["id"]
    state = await state_of(client, instance_id)
    if state is None:
        return unknown(instance_id)
    bundles = await _bundles(ports.evidence, _key(instance_id))
    if not bundles:
        return error(409, "NothingFailed", "No upgrade of this vault has failed.")
    # By the moment recorded: keys sort by the run's id, which tells nothing of when it was.
    key, document = max(bundles.items(), key=lambda item: str(item[1]["recordedAt"]))
    body: SupportView = {
        "id": instance_id,
        "evidenceKey": key,
        "recordedAt": document["recordedAt"],
        "bundle": document["data"],
    }
    return answer(body)


async def _bundles(evidence: EvidenceStore, vault_key: str) -> dict[str, JsonObject]:
    keys = await evidence.list_keys(f"vaults/{vault_key}/runs/")
    return {
        key: document
        for key in keys
        if key.endswith(BUNDLE) and (document := await evidence.read(key)) is not None
    }


def _key(instance_id: str) -> str:
    found = UPGRADE_ID.match(instance_id)
    return found["key"] if found else ""


@needs_evidence
async def post_retry(
    req: func.HttpRequest, client: df.DurableFunctionsClient, ports: Ports
) -> func.HttpResponse:
    """Records Microsoft's instruction and queues the vault again: 202, or 400, 404, 409, 503."""
    instance_id = req.route_params["id"]
    state = await state_of(client, instance_id)
    if state is None:
        return unknown(instance_id)
    if state.runtime_status not in ENDED:
        return error(409, "StillRunning", "The vault's run has not ended; wait for its verdict.")
    attempts = await _attempts(ports.evidence, _key(instance_id))
    try:
        authorization = _authorization(req, ports, attempts)
    except InvalidInputError as problem:
        return invalid_input(problem)
    objection = objection_to_retry(attempts, authorization.ticket)
    if objection:
        return error(409, "RetryRefused", as_sentence(objection))
    request = _again(from_json(UpgradeRequest, state.get_input(dict)), authorization)
    # The first of two tickets handed in at once wins, as the store keeps the first document of a
    # key; the other must not think that it counts.
    kept = await _keep(ports, request, authorization)
    if kept.ticket != authorization.ticket:
        return error(409, "RetryRefused", f"ticket {kept.ticket} was recorded at the same moment.")
    try:
        await ports.queue.send([request])
    except VaultliftError as failure:
        return error(
            503, "QueueUnavailable", join_sentences(str(failure), "Hand the same ticket in again.")
        )
    body: RetryAccepted = {
        "id": instance_id,
        "attempt": kept.attempt,
        "ticket": kept.ticket,
        "requestId": request.request_id,
    }
    return answer(body, 202)


async def _attempts(evidence: EvidenceStore, vault_key: str) -> AttemptState:
    documents = {
        key: document
        for key in await evidence.list_keys(start_prefix(vault_key))
        if is_about_attempts(key) and (document := await evidence.read(key)) is not None
    }
    return attempt_state(documents)


def _authorization(
    req: func.HttpRequest, ports: Ports, attempts: AttemptState
) -> RetryAuthorization:
    """The authorisation a body asks for; for a ticket handed in before, the one that is kept."""
    body = object_of(req.get_body())
    number = attempts.number
    is_open = number not in attempts.failed and attempts.authorization is not None
    data = {
        "attempt": number if is_open else number + 1,
        "failed_operation_id": attempts.failed.get(number - 1 if is_open else number) or "",
        "ticket": body.get("ticket"),
        "instruction": body.get("instruction"),
        # Who signed in counts; what a body claims only where nobody is signed in.
        "authorized_by": signed_in_as(req) or body.get("authorizedBy"),
        "at": ports.clock.now(),
    }
    try:
        return from_json(RetryAuthorization, data)
    except ValidationError as invalid:
        problems = model_problems(invalid, spelt={"authorized_by": "authorizedBy"})
        raise InvalidInputError(problems) from invalid


def _again(request: UpgradeRequest, authorization: RetryAuthorization) -> UpgradeRequest:
    """The vault's last request once more, under an id that the same ticket always gives."""
    digest = hashlib.sha256(authorization.ticket.encode()).hexdigest()[:12]
    return replace(
        request,
        # A message's id is made from it, so the broker drops a second copy of the same instruction
        # within its time of duplicate detection.
        request_id=f"retry-{authorization.attempt}-{digest}",
        requested_by=authorization.authorized_by,
        requested_at=authorization.at,
        slot=None,
    )


async def _keep(
    ports: Ports, request: UpgradeRequest, authorization: RetryAuthorization
) -> RetryAuthorization:
    """What stands as this attempt's authorisation now: the one kept first."""
    folder = attempt_folder(request.vault.key, authorization.attempt)
    document = evidence_document(
        kind="retry-authorization",
        subject=str(request.vault),
        run_id=request.request_id,
        at=ports.clock.now(),
        data=to_json(authorization),
    )
    entry = await ports.evidence.create(f"{folder}/authorization.json", document)
    return from_json(RetryAuthorization, entry.document["data"])


def support_blueprint(ports: Ports) -> df.Blueprint:
    """The blueprint with the routes of failed upgrades."""
    blueprint = df.Blueprint(http_auth_level=func.AuthLevel.FUNCTION)

    @blueprint.function_name("get_support")
    @blueprint.route(route="upgrades/{id}/support", methods=["GET"])
    @blueprint.durable_client_input(client_name="client")
    async def _get_support(
        req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        return await get_support(req, client, ports)

    @blueprint.function_name("post_retry")
    @blueprint.route(route="upgrades/{id}/retry", methods=["POST"])
    @blueprint.durable_client_input(client_name="client")
    async def _post_retry(
        req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        return await post_retry(req, client, ports)

    return blueprint
