"""Simulated Azure as one service: a request comes in, passes tokens and faults, and is answered.

Nothing here knows an HTTP server; :mod:`local.azure.server` does.
"""

import uuid
from collections.abc import Mapping
from dataclasses import replace

from adapters.ports import Clock
from local.azure import admin, arm_common, classic_api, logs_api, queries
from local.azure.estate import Estate
from local.azure.exchange import (
    Answer,
    Call,
    NotUnderstood,
    Outcome,
    Request,
    ServiceRefusal,
    json_answer,
)
from local.azure.faults import FaultKind, FaultRule, Faults, Subject
from local.azure.journal import Entry, Journal
from local.azure.meddling import meddle
from local.azure.moments import format_moment
from local.azure.quotas import Quotas, limit_of
from local.azure.router import Api, Match, Router, match_pattern, split_path
from local.azure.tokens import Tokens

TOKEN_PATTERN = ("{tenant}", "oauth2", "v2.0", "token")
_STATUS_CODES = {
    429: ("SubscriptionRequestsThrottled", "Number of requests for subscription exceeded."),
    500: ("InternalServerError", "The server encountered an internal error. Please retry."),
    503: ("ServerBusy", "The server is currently unable to receive requests. Please retry."),
}


class SimulatedAzure:
    """The state, and everything around it that answers for it.

    Args:
        estate: Where the state comes from, now and at every reset.
        clock: Virtual time.
        router: Every operation of the services.
        enforces_quotas: Whether empty rate-limit buckets are answered with 429.
    """

    def __init__(
        self, estate: Estate, clock: Clock, router: Router, *, enforces_quotas: bool = False
    ) -> None:
        self._router = router
        self.estate = estate
        self.clock = clock
        self.enforces_quotas = enforces_quotas
        self.state = estate.open(clock.now())
        self.tokens = Tokens(self.state.identity)
        self.faults = Faults()
        self.journal = Journal()
        self.quotas = Quotas()

    def reset(self) -> None:
        """Starts afresh: state, faults, journal and quotas; tokens stay good."""
        # Clients keep a token for as long as it says; without theirs, the first calls after a reset
        # would be refused for a reason that no test asked for.
        self.state = self.estate.open(self.clock.now())
        self.faults = Faults()
        self.journal = Journal()
        self.quotas = Quotas()

    def handle(self, request: Request) -> Outcome:
        """Answers one request."""
        # Past tokens, faults and journal: watching a run must not change it.
        if request.raw_path.startswith("/admin/"):
            return Outcome(answer=admin.handle(self, request))
        segments = split_path(request.raw_path)
        call = self._call(request, segments)
        tenant = match_pattern(TOKEN_PATTERN, segments)
        if request.method == "POST" and tenant is not None:
            return self._give_token(call, tenant)
        match = self._router.find(request.method, segments)
        if match is None:
            return self._refuse_unknown(call, segments)
        return self._dispatch(_routed(call, match), match.route.api, match)

    def _call(self, request: Request, segments: tuple[str, ...]) -> Call:
        return Call(
            method=request.method,
            path="/" + "/".join(segments),
            route="",
            params={},
            query=request.query,
            headers=request.headers,
            body=request.body,
            now=self.clock.now(),
            request_id=uuid.uuid4().hex,
            base_url=request.base_url,
            state=self.state,
        )

    def _give_token(self, call: Call, params: Mapping[str, str]) -> Outcome:
        call = _with_route(call, "token", params)
        rule = self.faults.strike(_subject(call))
        if rule is not None and rule.kind is FaultKind.STATUS:
            code, message = _STATUS_CODES.get(rule.status, ("Error", "The request failed."))
            document = {"error": code, "error_description": message}
            answer = json_answer(document, status=rule.status)
        else:
            answer = self.tokens.answer(call)
        self.journal.note(_entry(call, answer.status, rule))
        return _apply_late(answer, rule)

    def _refuse_unknown(self, call: Call, segments: tuple[str, ...]) -> Outcome:
        methods = self._router.methods(segments)
        status, code = (405, "MethodNotAllowed") if methods else (404, "UnknownToSimulatedAzure")
        message = f"Simulated Azure does not know {call.method} {call.path}."
        # Noted apart, so that a test can demand that there were none.
        self.journal.note_refused(_entry(call, status, None))
        error = {"code": code, "message": message}
        headers = {"Allow": ", ".join(methods)} if methods else {}
        return Outcome(answer=json_answer({"error": error}, status=status, headers=headers))

    def _dispatch(self, call: Call, api: Api, match: Match) -> Outcome:
        rule = self.faults.strike(_subject(call))
        # Before the token: a connection breaks without anybody having read who asks.
        if rule is not None and rule.kind is FaultKind.DROP:
            self.journal.note(_entry(call, 0, rule))
            return Outcome(answer=Answer(), is_dropped=True)
        if rule is not None and rule.kind is FaultKind.EXPIRE_TOKEN:
            # Before it is looked at: the caller gets the 401 that an hour later would have brought.
            self.tokens.expire(call.headers.get("Authorization"))
        rate: Mapping[str, str] = {}
        note = self.journal.note
        try:
            # Who asks comes before everything else: a stranger learns nothing about faults or
            # quotas.
            self._demand_token(call)
            _raise_status(rule)
            if api is Api.ARM:
                rate = self._take_from_quota(call)
                queries.demand_api_version(call)
            queries.demand_known(call, api)
            answer = match.route.handler(call)
            if rule is not None and rule.kind is FaultKind.MEDDLE:
                meddle(call)
        except ServiceRefusal as refusal:
            answer = _refuse(call, api, refusal, rule)
            # Like a call that nobody knows: a test can demand that there were none.
            if isinstance(refusal, NotUnderstood):
                note = self.journal.note_refused
        answer = _finish(call, api, answer, rate)
        note(_entry(call, answer.status, rule))
        return _apply_late(answer, rule)

    def _demand_token(self, call: Call) -> None:
        problem = self.tokens.problem(call.headers.get("Authorization"))
        if problem is not None:
            raise ServiceRefusal(problem.status, problem.code, problem.message)

    def _take_from_quota(self, call: Call) -> Mapping[str, str]:
        limit = limit_of(call.method, call.route)
        vault = call.params.get("vault", "") if limit.is_per_vault else ""
        key = f"{call.params['subscription']}/{vault}".lower()
        taken = self.quotas.take(limit, key, call.now)
        if taken.wait_s and self.enforces_quotas:
            raise _Throttled(taken.wait_s)
        return {taken.header: str(taken.remaining)}


def _finish(call: Call, api: Api, answer: Answer, rate: Mapping[str, str]) -> Answer:
    """Adds the headers every answer of ARM and of the query API carries."""
    if api is Api.CLASSIC:
        return answer
    # The same id with dashes: ARM writes a GUID where the classic API writes 32 digits
    # (vault-upgrade 2.0).
    request_id = str(uuid.UUID(call.request_id))
    headers = {
        "Cache-Control": "no-cache",
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": request_id,
        "x-ms-client-request-id": call.headers.get("x-ms-client-request-id", request_id),
        **rate,
        **answer.headers,
    }
    return replace(answer, headers=headers)


class _Throttled(ServiceRefusal):
    def __init__(self, wait_s: int) -> None:
        code, message = _STATUS_CODES[429]
        super().__init__(429, code, f"{message} Please try again after {wait_s} seconds.")
        self.wait_s = wait_s


def _with_route(call: Call, route: str, params: Mapping[str, str]) -> Call:
    return replace(call, route=route, params=params)


def _routed(call: Call, match: Match) -> Call:
    return _with_route(call, match.route.name, match.params)


def _subject(call: Call) -> Subject:
    vault = call.params.get("vault", "")
    return Subject(method=call.method, path=call.path, route=call.route, vault=vault)


def _raise_status(rule: FaultRule | None) -> None:
    if rule is None or rule.kind is not FaultKind.STATUS:
        return
    code, message = _STATUS_CODES.get(rule.status, ("InjectedFault", "The request failed."))
    raise ServiceRefusal(rule.status, rule.code or code, message)


def _refuse(call: Call, api: Api, refusal: ServiceRefusal, rule: FaultRule | None) -> Answer:
    if api is Api.CLASSIC:
        client_request_id = call.headers.get("x-ms-client-request-id")
        answer = classic_api.refuse(client_request_id, call.request_id, refusal)
    elif api is Api.ARM:
        answer = arm_common.refuse(refusal)
    else:
        answer = logs_api.refuse(refusal)
    headers = dict(answer.headers)
    wait_s = refusal.wait_s if isinstance(refusal, _Throttled) else None
    if rule is not None and rule.retry_after_s is not None:
        wait_s = rule.retry_after_s
    if wait_s is not None:
        headers["Retry-After"] = str(wait_s)
    # azure-core drops a token it holds over any 401, but looks whether it may try again at once
    # only where a challenge comes with it.
    if refusal.status == 401:  # noqa: PLR2004 - the one status that carries a challenge
        headers["WWW-Authenticate"] = f'Bearer error="{refusal.code}"'
    return replace(answer, headers=headers)


def _entry(call: Call, status: int, rule: FaultRule | None) -> Entry:
    return Entry(
        at=format_moment(call.now),
        method=call.method,
        path=call.path,
        route=call.route,
        vault=call.params.get("vault", "").lower(),
        status=status,
        client_request_id=call.headers.get("x-ms-client-request-id"),
        fault=rule.kind.value if rule else None,
    )


def _apply_late(answer: Answer, rule: FaultRule | None) -> Outcome:
    """What a fault does once the effect is there."""
    if rule is None:
        return Outcome(answer=answer)
    if rule.kind is FaultKind.WRONG_BODY:
        # A rule that names no status means a body that looks like success until it is read.
        status = rule.status if "status" in rule.model_fields_set else 200
        # HTML, since it is a proxy on the way, and not the service, that answers so.
        answer = Answer(status=status, body=rule.body.encode(), content_type="text/html")
    is_dropped = rule.kind in (FaultKind.LOST_RESPONSE, FaultKind.DROP)
    return Outcome(answer=answer, is_dropped=is_dropped, wait_s=rule.latency_s)
