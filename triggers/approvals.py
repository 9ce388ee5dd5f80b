"""HTTP: answer a request for approval, of an upgrade or of a settlement."""

from collections.abc import Mapping
from typing import Any

import azure.functions as func
from azure import durable_functions as df
from pydantic import ValidationError

from adapters.ports import Ports
from domain.bodies import model_problems, object_of
from domain.codec import from_json, to_json
from domain.errors import InvalidInputError
from domain.plans import Approval, judge_approval
from domain.requests import UpgradeRequest
from domain.upgrade import RunState
from orchestrators import names
from triggers.answers import answer, error, invalid_input
from triggers.callers import signed_in_as
from triggers.shapes.common import Decided
from triggers.upgrade_runs import state_of, unknown
from triggers.views import upgrade_view


async def post_approval(
    req: func.HttpRequest, client: df.DurableFunctionsClient, ports: Ports
) -> func.HttpResponse:
    """Answers a request for approval: 202, or 400, 404, 409 with the reason."""
    instance_id = req.route_params["id"]
    state = await state_of(client, instance_id)
    if state is None:
        return unknown(instance_id)
    try:
        approval = approval_from_body(req, ports)
    except InvalidInputError as problem:
        return invalid_input(problem)
    request = from_json(UpgradeRequest, state.get_input(dict))
    return await pass_on(client, upgrade_view(state), request.requested_by, approval, to="upgrade")


async def pass_on(
    client: df.DurableFunctionsClient,
    view: Mapping[str, Any],
    requested_by: str,
    approval: Approval,
    *,
    to: str,
) -> func.HttpResponse:
    """Hands an approval to the workflow that asks for one.

    Args:
        client: The invocation's client.
        view: What asks: ``id``, ``state`` and ``plan`` of its view.
        requested_by: Who wanted it, and so cannot approve it.
        approval: The answer.
        to: What asks, in a word.

    Returns:
        202; 409 where nothing asks, or where the approval cannot count.
    """
    if view["state"] != RunState.AWAITING_APPROVAL or view["plan"] is None:
        return error(409, "NotWaiting", f"The {to} is {view['state']}; it asks for no approval.")
    # Judged here for a quick answer, and once more in the workflow, which is what counts: between
    # the two the plan may have changed.
    objection = judge_approval(view["plan"]["hash"], requested_by, approval)
    if objection:
        return error(409, "ApprovalRefused", objection)
    await client.raise_orchestration_event(view["id"], names.APPROVAL_EVENT, data=to_json(approval))
    body: Decided = {"id": view["id"], "decision": approval.decision}
    return answer(body, 202)


def approval_from_body(req: func.HttpRequest, ports: Ports) -> Approval:
    """The approval a body holds; the platform's sign-in names the approver where there is one.

    Raises:
        InvalidInputError: The body is not an approval; lists every member that is wrong.
    """
    body = object_of(req.get_body())
    principal = signed_in_as(req)
    data = {
        "plan_hash": body.get("planHash"),
        # Who signed in counts, whatever the body claims (DESIGN rule 3).
        "approver": principal or body.get("approver"),
        "decision": body.get("decision"),
        "comment": "" if body.get("comment") is None else body["comment"],
        # The app's clock: a moment in the body could be one before the plan was shown.
        "at": ports.clock.now(),
    }
    try:
        return from_json(Approval, data)
    except ValidationError as invalid:
        problems = model_problems(invalid, spelt={"plan_hash": "planHash"})
        raise InvalidInputError(problems) from invalid
