"""HTTP: the plan of an upgrade, to be read by whoever is asked to approve it."""

import azure.functions as func
from azure import durable_functions as df
from durabletask.client import OrchestrationState

from adapters.ports import EvidenceStore, Ports
from domain.codec import JsonObject, from_json
from domain.plans import UpgradePlan, plan_hash
from domain.requests import UpgradeRequest
from domain.steps import Run
from triggers.answers import answer, error
from triggers.evidence_away import needs_evidence
from triggers.shapes.plans import WholePlan
from triggers.upgrade_runs import state_of, unknown
from triggers.views import ENDED, upgrade_view

PLANS = "/04-plan-"
"""How the names of plans begin below a run's prefix."""


@needs_evidence
async def get_plan(
    req: func.HttpRequest, client: df.DurableFunctionsClient, ports: Ports
) -> func.HttpResponse:
    """The plan of the vault's run as it stands: 200, or 404, 409 without one, 503."""
    instance_id = req.route_params["id"]
    state = await state_of(client, instance_id)
    if state is None:
        return unknown(instance_id)
    found = await _latest(ports.evidence, state)
    if found is None:
        return error(409, "NoPlan", "The run has made no plan; there is nothing to approve.")
    key, document = found
    plan = from_json(UpgradePlan, document["data"])
    body: WholePlan = {
        "id": instance_id,
        # Of what is shown, not of what somebody says it is: this is what an approval names.
        "hash": plan_hash(plan),
        "evidenceKey": key,
        "recordedAt": document["recordedAt"],
        "isWaiting": _waiting_key(state) is not None,
        "plan": document["data"],
    }
    return answer(body)


def _waiting_key(state: OrchestrationState) -> str | None:
    """Where the plan that waits for an answer is kept; None where none does."""
    if state.runtime_status in ENDED:
        return None
    waiting = upgrade_view(state)["plan"]
    return waiting["key"] if waiting is not None else None


async def _latest(
    evidence: EvidenceStore, state: OrchestrationState
) -> tuple[str, JsonObject] | None:
    """The plan that waits, else the last one of the run."""
    waiting = _waiting_key(state)
    if waiting is not None:
        keys: tuple[str, ...] = (waiting,)
    else:
        request = from_json(UpgradeRequest, state.get_input(dict))
        prefix = Run(instance_id=state.instance_id, request=request).prefix
        keys = await evidence.list_keys(f"{prefix}{PLANS}")
    # Not by name: that is made of the plan's hash.
    found = [(key, one) for key in keys if (one := await evidence.read(key)) is not None]
    return max(found, key=lambda item: str(item[1]["recordedAt"]), default=None)


def plan_blueprint(ports: Ports) -> df.Blueprint:
    """The blueprint with the route of plans."""
    blueprint = df.Blueprint(http_auth_level=func.AuthLevel.FUNCTION)

    @blueprint.function_name("get_plan")
    @blueprint.route(route="upgrades/{id}/plan", methods=["GET"])
    @blueprint.durable_client_input(client_name="client")
    async def _get_plan(
        req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        return await get_plan(req, client, ports)

    return blueprint
