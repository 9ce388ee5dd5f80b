"""HTTP: messages that became no run, and the order of those that wait for theirs."""

import uuid

import azure.functions as func
from azure import durable_functions as df

from adapters.ports import Ports
from domain.admission import Admission, AdmissionState
from domain.codec import JsonObject, from_json, to_json
from domain.command_intake import read_command
from domain.errors import InvalidInputError, Problem, ServiceError
from domain.evidence import evidence_document
from domain.messages import KeptMessage, MessageBox, Replayed
from orchestrators import names
from triggers.answers import answer, error, invalid_input
from triggers.callers import signed_in_as
from triggers.evidence_away import needs_evidence
from triggers.numbers import whole_number
from triggers.shapes.messages import (
    MOST_SHOWN,
    AdmissionView,
    MessageDetail,
    MessagePage,
    MessageView,
    ReplayAnswer,
    ReplayedView,
)


async def list_messages(req: func.HttpRequest, ports: Ports) -> func.HttpResponse:
    """The messages of a box, the oldest first; ``from`` goes on where an answer ended."""
    box = _box(req)
    if box is None:
        return _no_box(req)
    try:
        limit, start = _range(req)
        kept = await ports.queue.list_kept(box, limit, start)
    except InvalidInputError as problem:
        return invalid_input(problem)
    except ServiceError as failure:
        return error(503, "QueueUnavailable", str(failure))
    # A full page may be the last one; the next answer is empty then, which says as much.
    more = kept[-1].sequence_number + 1 if len(kept) == limit else None
    body: MessagePage = {"messages": [message_view(one) for one in kept], "from": more}
    return answer(body)


def _range(req: func.HttpRequest) -> tuple[int, int]:
    top, start = req.params.get("top", "100"), req.params.get("from", "0")
    limit, first = whole_number(top, 1, MOST_SHOWN), whole_number(start)
    if limit is not None and first is not None:
        return limit, first
    message = f"give top as a whole number from 1 to {MOST_SHOWN}, and from as one from 0"
    raise InvalidInputError([Problem(where="query", field="top, from", message=message)])


async def get_message(req: func.HttpRequest, ports: Ports) -> func.HttpResponse:
    """One message with its body."""
    box, number = _box(req), whole_number(req.route_params["number"])
    if box is None or number is None:
        return _no_box(req)
    try:
        kept = await ports.queue.list_kept(box, 1, number)
    except ServiceError as failure:
        return error(503, "QueueUnavailable", str(failure))
    # The box gives messages from a number on: where this one is gone, it gives the next.
    if not kept or kept[0].sequence_number != number:
        return error(404, "NotFound", f"There is no message {number} in {box}.")
    body: MessageDetail = {**message_view(kept[0]), "body": kept[0].body}
    return answer(body)


@needs_evidence
async def post_replay(req: func.HttpRequest, ports: Ports) -> func.HttpResponse:
    """Sends one message of a box anew, or all of them: 202 with the new ids."""
    # Without a number the whole box is meant; its route has no place for one.
    box, given = _box(req), req.route_params.get("number")
    only = None if given is None else whole_number(given)
    if box is None or (given is not None and only is None):
        return _no_box(req)
    try:
        by, comment = read_command(req.get_body(), signed_in_as(req))
    except InvalidInputError as problem:
        return invalid_input(problem)
    asked = {"box": box.value, "only": only, "requestedBy": by, "comment": comment}
    return await _replay(ports, box, only, asked)


async def _replay(
    ports: Ports, box: MessageBox, only: int | None, asked: JsonObject
) -> func.HttpResponse:
    request_id = uuid.uuid4().hex[:12]
    # Before it is done: a replay that is cut off still shows who asked for it.
    await _keep(ports, request_id, "asked", asked)
    try:
        done = await ports.queue.replay(box, MOST_SHOWN, only)
    except ServiceError as failure:
        return error(503, "QueueUnavailable", f"{failure} What was replayed is replayed once.")
    if only is not None and not done:
        return error(404, "NotFound", f"There is no message {only} in {box}.")
    await _keep(ports, request_id, "done", {**asked, "replayed": to_json(done)})
    body: ReplayAnswer = {"replayed": [_replayed_view(one) for one in done]}
    return answer(body, 202)


async def _keep(ports: Ports, request_id: str, ending: str, data: JsonObject) -> None:
    """Who replayed what and when: before it is done, and what came of it."""
    at = ports.clock.now()
    document = evidence_document(
        kind="replay", subject=f"messages {data['box']}", run_id=request_id, at=at, data=data
    )
    # Two documents and not one written twice: the store never replaces what it holds.
    key = f"messages/{data['box']}/{at:%Y%m%dT%H%M%S.%fZ}-{request_id}-{ending}.json"
    await ports.evidence.create(key, document)


async def get_admission(client: df.DurableFunctionsClient) -> func.HttpResponse:
    """How many vaults wait for their turn, and how many are in flight."""
    state = await client.get_orchestration_state(names.ADMISSION_ID)
    if state is None:
        body: AdmissionView = {"window": None, "inFlight": 0, "waiting": 0}
        return answer(body)
    # Empty until the first turn of each history.
    shown = state.get_custom_status(dict)
    carried = from_json(AdmissionState, state.get_input(dict))
    return answer(shown or Admission(carried).status())


def message_view(kept: KeptMessage) -> MessageView:
    """A message without its body."""
    return {
        "box": kept.box.value,
        "sequenceNumber": kept.sequence_number,
        "messageId": kept.message_id,
        "sessionId": kept.session_id,
        "reason": kept.reason,
        "description": kept.description,
        "enqueuedAt": kept.enqueued_at.isoformat() if kept.enqueued_at else None,
        "deliveryCount": kept.delivery_count,
        "originalId": kept.original_id,
        "replayOf": kept.replay_of,
    }


def _replayed_view(one: Replayed) -> ReplayedView:
    return {
        "sequenceNumber": one.sequence_number,
        "originalId": one.original_id,
        "messageId": one.message_id,
    }


def _box(req: func.HttpRequest) -> MessageBox | None:
    box = req.route_params["box"]
    return MessageBox(box) if box in list(MessageBox) else None


def _no_box(req: func.HttpRequest) -> func.HttpResponse:
    boxes = " and ".join(MessageBox)
    asked = "/".join(req.route_params.values())
    return error(404, "NotFound", f"There is no message {asked}; the boxes are {boxes}.")


def message_blueprint(ports: Ports) -> df.Blueprint:
    """The blueprint with every route of messages."""
    blueprint = df.Blueprint(http_auth_level=func.AuthLevel.FUNCTION)

    @blueprint.function_name("list_messages")
    @blueprint.route(route="messages/{box}", methods=["GET"])
    async def _list_messages(req: func.HttpRequest) -> func.HttpResponse:
        return await list_messages(req, ports)

    @blueprint.function_name("get_message")
    @blueprint.route(route="messages/{box}/{number}", methods=["GET"])
    async def _get_message(req: func.HttpRequest) -> func.HttpResponse:
        return await get_message(req, ports)

    @blueprint.function_name("replay_messages")
    @blueprint.route(route="messages/{box}/replay", methods=["POST"])
    async def _replay_messages(req: func.HttpRequest) -> func.HttpResponse:
        return await post_replay(req, ports)

    @blueprint.function_name("replay_message")
    @blueprint.route(route="messages/{box}/{number}/replay", methods=["POST"])
    async def _replay_message(req: func.HttpRequest) -> func.HttpResponse:
        return await post_replay(req, ports)

    @blueprint.function_name("get_admission")
    @blueprint.route(route="admission", methods=["GET"])
    @blueprint.durable_client_input(client_name="client")
    async def _get_admission(
        req: func.HttpRequest,  # noqa: ARG001 - every route takes the request
        client: df.DurableFunctionsClient,
    ) -> func.HttpResponse:
        return await get_admission(client)

    return blueprint
