"""HTTP: have Recovery Services vaults settled, look at settlements, answer what they ask.

A settlement is safe to start again at any time: what is as it should be is not written. One vault
has one settlement; a second request while it runs joins it.
"""

import uuid
from functools import partial

import azure.functions as func
from azure import durable_functions as df
from durabletask.client import OrchestrationState

from adapters.ports import Ports
from domain.bodies import object_of
from domain.codec import JsonObject, from_json, to_json
from domain.errors import InvalidInputError, Problem, ServiceError
from domain.intake_fields import is_one_line, is_text
from domain.intake_json import LONGEST_REQUESTER
from domain.intake_rows import Sender
from domain.outcomes import SettlementReport
from domain.requests import settle_instance_id
from domain.settle_intake import SettleOrder, SettleRow, read_order, settle_request
from domain.settling import SettleRequest
from domain.vaults import VaultRef
from orchestrators import names
from triggers.answers import answer, error, invalid_input
from triggers.approvals import approval_from_body, pass_on
from triggers.callers import signed_in_as
from triggers.evidence_away import needs_evidence
from triggers.own_runs import is_run_of
from triggers.paging import read_page
from triggers.settlement_views import (
    detail_view,
    plan_view,
    settlement_view,
    vault_view,
)
from triggers.shapes.settlements import (
    GUARDED_ID,
    SETTLEMENT_ID,
    WAITING_FOR_GUARD,
    AcceptedSettlement,
    AcceptedSettlements,
    GuardAnswered,
    ReportShown,
    SettlementDetail,
    SettlementPage,
    ZonesShown,
)
from triggers.starts import begin
from triggers.turns import in_turns
from triggers.views import ENDED

ZONE_PLAN = "09-time-zone-plan"
"""Evidence document that holds what each policy is and would be."""

GUARD_DECISIONS = ("granted", "abandoned")
"""What the owner of a Resource Guard may have said."""

STARTS_AT_A_TIME = 8
"""Instances asked about and started at once; a subscription may have hundreds of vaults."""


class SettlementRoutes:
    """The bodies of the routes.

    Args:
        ports: What they may use.
        scope: Subscriptions in which the same machine may be registered too.
        log_workspace: The workspace of vaults whose request names none.
    """

    def __init__(self, ports: Ports, scope: tuple[str, ...], log_workspace: str | None) -> None:
        self._ports = ports
        self._scope = scope
        self._log_workspace = log_workspace

    async def post(
        self, req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        """Starts settlements, all or none: 202 with one entry per vault, 400, or 502."""
        sender = Sender(
            requested_by="anonymous",
            request_id=str(uuid.uuid4()),
            requested_at=self._ports.clock.now(),
        )
        try:
            caller = signed_in_as(req)
            # Everything wrong at once, before a single vault is looked up.
            order = read_order(req.get_body(), sender, signed_in_as=caller)
        except InvalidInputError as problem:
            return invalid_input(problem)
        # Before the first start: half a subscription settled would look like all of it.
        try:
            requests = await self._requests(order)
        except ServiceError as failure:
            return error(502, "SubscriptionUnreadable", f"{failure} Nothing was started.")
        # Every start is a write to the task hub, which also serves the runs on their way.
        joined = await in_turns(STARTS_AT_A_TIME, partial(self._start, client), requests)
        entries = [
            _accepted(req, request, joined=is_joined)
            for request, is_joined in zip(requests, joined, strict=True)
        ]
        body: AcceptedSettlements = {
            "requestId": order.sender.request_id,
            "settlements": entries,
        }
        return answer(body, 202)

    async def _requests(self, order: SettleOrder) -> tuple[SettleRequest, ...]:
        """One request per vault; a vault named twice, by itself and its subscription, once."""
        found: dict[str, SettleRequest] = {}
        for row in order.rows:
            for vault in await self._vaults(row):
                request = settle_request(
                    row,
                    vault,
                    order.sender,
                    scope=self._scope,
                    log_workspace_id=self._log_workspace,
                )
                # The first row that names a vault decides, whether by itself or by its
                # subscription: the order of the rows is the operator's.
                found.setdefault(vault.key, request)
        return tuple(found.values())

    async def _vaults(self, row: SettleRow) -> tuple[VaultRef, ...]:
        if row.vault is not None:
            return (row.vault,)
        listed = await self._ports.recovery_services.list_vaults(row.subscription_id or "")
        return tuple(VaultRef.parse(str(one["id"])) for one in listed.value)

    async def _start(self, client: df.DurableFunctionsClient, request: SettleRequest) -> bool:
        """Starts the settlement, or joins the one that is there; True: joined."""
        instance_id = settle_instance_id(request.vault)
        state = await client.get_orchestration_state(instance_id)
        # Read before the start: the same request delivered twice finds the first one's run.
        if state is not None and not _may_restart(state, request):
            return True
        # Two requests may name the vault at once, and each was to start hundreds of others.
        return not await begin(client, names.SETTLE_VAULT, to_json(request), instance_id)

    async def list(
        self, req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        """Every settlement once, a page at a time."""
        try:
            page = await read_page(req, client, "settle-", _is_settlement)
        except InvalidInputError as problem:
            return invalid_input(problem)
        views = [settlement_view(one) for one in page.states]
        body: SettlementPage = {"settlements": views, "continuationToken": page.token}
        return answer(body)

    @needs_evidence
    async def get(
        self, req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        """One settlement, with its checklist and tasks once it has ended; 404 for others.

        The one inside an upgrade is shown while it runs; its end is the upgrade's.
        """
        instance_id = req.route_params["id"]
        state = await _shown_state(client, instance_id)
        if state is None:
            return _unknown(instance_id)
        view = settlement_view(state)
        prefix = view["evidencePrefix"]
        # From evidence and not from the history: plans are long, and a history stays small.
        plan = await self._ports.evidence.read(f"{prefix}/{ZONE_PLAN}.json")
        zones: ZonesShown = plan_view(plan["data"]) if plan is not None else {}
        report = await self._ports.evidence.read(f"{prefix}/outcome.json")
        told: ReportShown = {}
        if report is not None:
            told = detail_view(from_json(SettlementReport, report["data"]))
        detail: SettlementDetail = {**view, **zones, **told}
        return answer(detail)

    async def approve(
        self, req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        """Answers a request for approval: 202, or 400, 404, 409 with the reason."""
        instance_id = req.route_params["id"]
        state = await _state_of(client, instance_id)
        if state is None:
            return _unknown(instance_id)
        try:
            approval = approval_from_body(req, self._ports)
        except InvalidInputError as problem:
            return invalid_input(problem)
        view = settlement_view(state)
        return await pass_on(client, view, view["requestedBy"], approval, to="settlement")

    async def guard(
        self, req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        """Says that the owner of a Resource Guard has agreed, or will not: 202, 400, 404, 409."""
        instance_id = req.route_params["id"]
        is_known = GUARDED_ID.match(instance_id) is not None
        state = await client.get_orchestration_state(instance_id) if is_known else None
        if state is None:
            return _unknown(instance_id)
        try:
            told = _guard_answer(req)
        except InvalidInputError as problem:
            return invalid_input(problem)
        shown = state.get_custom_status(dict) or {}
        if shown.get("state") != WAITING_FOR_GUARD:
            return error(409, "NotWaiting", f"{instance_id} does not wait for a Resource Guard.")
        await client.raise_orchestration_event(instance_id, names.GUARD_EVENT, data=told)
        body: GuardAnswered = {"id": instance_id, "decision": told["decision"], "by": told["by"]}
        return answer(body, 202)


def _is_settlement(state: OrchestrationState) -> bool:
    is_id = SETTLEMENT_ID.match(state.instance_id) is not None
    return is_id and is_run_of(state, names.SETTLE_VAULT, SettleRequest)


def _may_restart(state: OrchestrationState, request: SettleRequest) -> bool:
    """An ended settlement may run again at any time, for another request."""
    if state.runtime_status not in ENDED:
        return False
    if not _is_settlement(state):
        return True
    # By the request's id: the same body handed in twice, after a lost answer, starts nothing anew.
    return from_json(SettleRequest, state.get_input(dict)).run_id != request.run_id


async def _state_of(
    client: df.DurableFunctionsClient, instance_id: str
) -> OrchestrationState | None:
    if SETTLEMENT_ID.match(instance_id) is None:
        return None
    state = await client.get_orchestration_state(instance_id)
    return state if state is not None and _is_settlement(state) else None


async def _shown_state(
    client: df.DurableFunctionsClient, instance_id: str
) -> OrchestrationState | None:
    if SETTLEMENT_ID.match(instance_id) is not None:
        return await _state_of(client, instance_id)
    # Inside an upgrade nobody would see otherwise that it waits for the owner of a guard, and what
    # to ask for.
    is_known = GUARDED_ID.match(instance_id) is not None
    state = await client.get_orchestration_state(instance_id) if is_known else None
    return None if state is None or state.runtime_status in ENDED else state


def _unknown(instance_id: str) -> func.HttpResponse:
    return error(404, "NotFound", f"There is no settlement with the id {instance_id}.")


def _accepted(req: func.HttpRequest, request: SettleRequest, *, joined: bool) -> AcceptedSettlement:
    instance_id = settle_instance_id(request.vault)
    base = req.url.split("?", 1)[0].rstrip("/")
    return {
        "id": instance_id,
        "vault": vault_view(request.vault),
        "statusUrl": f"{base}/{instance_id}",
        "joined": joined,
    }


def _guard_answer(req: func.HttpRequest) -> JsonObject:
    # Not an approval: the guard's owner agrees in Azure, to Azure, and this only says that it was
    # done. So there is no plan's hash, and the requester may be the one who tells.
    told = object_of(req.get_body())
    problems = []
    # Not looked up in a set: what was sent may be an object, which has no place in one.
    if told.get("decision") not in GUARD_DECISIONS:
        message = "must be granted or abandoned"
        problems.append(Problem(where="body", field="decision", message=message))
    # Evidence names whoever said so; the platform's word counts more than the body's.
    by = signed_in_as(req) or told.get("by")
    if not isinstance(by, str) or not by.strip():
        problems.append(Problem(where="body", field="by", message="is missing"))
    elif len(by) > LONGEST_REQUESTER or not (is_text(by) and is_one_line(by)):
        message = f"must be one line of at most {LONGEST_REQUESTER} characters"
        problems.append(Problem(where="body", field="by", message=message))
    if problems:
        raise InvalidInputError(problems)
    return {"decision": told["decision"], "by": by}


def settlement_blueprint(
    ports: Ports, scope: tuple[str, ...], log_workspace: str | None
) -> df.Blueprint:
    """The blueprint with every route of settlements.

    Args:
        ports: What the routes may use.
        scope: Subscriptions in which the same machine may be registered too.
        log_workspace: The workspace of vaults whose request names none.
    """
    blueprint = df.Blueprint(http_auth_level=func.AuthLevel.FUNCTION)
    routes = SettlementRoutes(ports, scope, log_workspace)

    @blueprint.function_name("post_settlements")
    @blueprint.route(route="settlements", methods=["POST"])
    @blueprint.durable_client_input(client_name="client")
    async def _post(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
        return await routes.post(req, client)

    @blueprint.function_name("list_settlements")
    @blueprint.route(route="settlements", methods=["GET"])
    @blueprint.durable_client_input(client_name="client")
    async def _list(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
        return await routes.list(req, client)

    @blueprint.function_name("get_settlement")
    @blueprint.route(route="settlements/{id}", methods=["GET"])
    @blueprint.durable_client_input(client_name="client")
    async def _get(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
        return await routes.get(req, client)

    @blueprint.function_name("post_settlement_approval")
    @blueprint.route(route="settlements/{id}/approval", methods=["POST"])
    @blueprint.durable_client_input(client_name="client")
    async def _approve(
        req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        return await routes.approve(req, client)

    @blueprint.function_name("post_settlement_guard")
    @blueprint.route(route="settlements/{id}/guard", methods=["POST"])
    @blueprint.durable_client_input(client_name="client")
    async def _guard(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
        return await routes.guard(req, client)

    return blueprint
