"""The durable management HTTP API, ``/runtime/webhooks/durabletask`` (durable-2x 3).

Statuses and codes as the extension's own handler gives them: 202 while running, 410 for an
operation on something that has ended, 400 for what it cannot take, 404 for what is not there.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from aiohttp import web
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.wrappers_pb2 import StringValue

from .client_binding import WEBHOOK_PATH, ClientBinding, management_urls
from .hub_client import HubClient
from .hub_json import ENDED, to_history, to_status
from .keys import Keys, Level
from .management_query import flag_of, reason_of, statuses_of, time_of, wait_of
from .support import NO_ENTITIES

# Seconds as the extension gives them; clients poll by these.
_RETRY_AFTER_RUNNING_S = "5"
_RETRY_AFTER_STARTED_S = "10"
_CONTINUATION = "x-ms-continuation-token"
_REWINDABLE = frozenset({pb.ORCHESTRATION_STATUS_FAILED})

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ManagementApi:
    """Serves the API.

    Args:
        hub: A client of the engine.
        binding: What management URLs are made from.
        orchestrators: Lower-case names that can be started.
        keys: Keys to ask for, or None: nothing is asked for.
    """

    def __init__(
        self, hub: HubClient, binding: ClientBinding, orchestrators: set[str], keys: Keys | None
    ) -> None:
        self._hub = hub
        self._binding = binding
        self._orchestrators = orchestrators
        self._keys = keys

    def routes(self) -> list[web.RouteDef]:
        """The API's routes."""
        table: list[tuple[str, str, Handler]] = [
            ("POST", "orchestrators/{name}", self._start),
            ("POST", "orchestrators/{name}/{id}", self._start),
            ("GET", "instances", self._list),
            ("DELETE", "instances", self._purge_many),
            ("GET", "instances/{id}", self._status),
            ("DELETE", "instances/{id}", self._purge),
            ("POST", "instances/{id}/raiseEvent/{event}", self._raise_event),
            ("POST", "instances/{id}/terminate", self._terminate),
            ("POST", "instances/{id}/suspend", self._suspend),
            ("POST", "instances/{id}/resume", self._resume),
            ("POST", "instances/{id}/rewind", self._rewind),
            ("POST", "instances/{id}/restart", self._restart),
            ("*", "entities", _refuse_entities),
            ("*", "entities/{name}", _refuse_entities),
            ("*", "entities/{name}/{key}", _refuse_entities),
        ]
        # These URLs are handed out, so on every one of them only the key protects.
        return [
            web.route(method, _in_any_case(path), self._guarded(handler))
            for method, path, handler in table
        ]

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            presented = request.query.get("code") or request.headers.get("x-functions-key")
            if self._keys is not None and not self._keys.opens(Level.SYSTEM, presented):
                return web.Response(status=401)
            try:
                return await handler(request)
            # JSON, numbers and dates are the caller's: what does not parse is the caller's mistake.
            except ValueError as error:
                return _refused(f"One or more of the arguments submitted is incorrect: {error}")
            except grpc.aio.AioRpcError as error:
                return _engine_refused(error)

        return guarded

    async def _start(self, request: web.Request) -> web.StreamResponse:
        name, text = request.match_info["name"], await request.text()
        # The engine would take any name; the instance would then fail only at its first turn.
        if name.lower() not in self._orchestrators:
            known = ", ".join(sorted(self._orchestrators)) or "none"
            raise ValueError(f"the function '{name}' doesn't exist; orchestrators: {known}")
        if text:
            json.loads(text)
        # Before the start: what is answered with 400 must not run.
        patience = wait_of(request)
        create = pb.CreateInstanceRequest(
            name=name,
            instanceId=request.match_info.get("id", ""),
            input=StringValue(value=text) if text else None,
            # What the extension allows unless host.json says otherwise: anything not running.
            orchestrationIdReusePolicy=pb.OrchestrationIdReusePolicy(replaceableStatus=ENDED),
        )
        started = await self._hub.call("StartInstance", create, pb.CreateInstanceResponse)
        return await self._started(request, started.instanceId, patience)

    async def _started(
        self, request: web.Request, instance_id: str, patience: tuple[float, float] | None
    ) -> web.StreamResponse:
        if patience is not None:
            state = await self._wait(instance_id, *patience)
            if state is not None:
                body = to_status(state)
                is_result = state.orchestrationStatus == pb.ORCHESTRATION_STATUS_COMPLETED
                # Only a result stands alone; a failure's text would be taken for one.
                return web.json_response(body["output"] if is_result else body)
        query = (
            f"taskHub={self._binding.hub_name}&connection=Storage&code={self._binding.system_key}"
        )
        urls = management_urls(f"{request.url.origin()}{WEBHOOK_PATH}", query, instance_id)
        headers = {"Location": urls["statusQueryGetUri"], "Retry-After": _RETRY_AFTER_STARTED_S}
        return web.json_response(urls, status=202, headers=headers)

    async def _wait(
        self, instance_id: str, wait_s: float, pause_s: float
    ) -> pb.OrchestrationState | None:
        deadline = time.monotonic() + wait_s
        while True:
            state = await self._state(instance_id)
            if state is not None and state.orchestrationStatus in ENDED:
                return state
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return None
            # The last look is at the end, however long the pauses are.
            await asyncio.sleep(min(pause_s, left_s))

    async def _status(self, request: web.Request) -> web.StreamResponse:
        instance_id = request.match_info["id"]
        state = await self._state(instance_id)
        if state is None:
            return web.Response(status=404)
        body = to_status(state, is_input_shown=flag_of(request, "showInput", default=True))
        body["historyEvents"] = None
        if flag_of(request, "showHistory"):
            body["historyEvents"] = await self._history(
                instance_id, is_output_shown=flag_of(request, "showHistoryOutput")
            )
        if state.orchestrationStatus not in ENDED:
            headers = {"Location": str(request.url), "Retry-After": _RETRY_AFTER_RUNNING_S}
            return web.json_response(body, status=202, headers=headers)
        # Failed is 200 unless asked otherwise: the question, how it stands, was answered.
        is_error = state.orchestrationStatus == pb.ORCHESTRATION_STATUS_FAILED and flag_of(
            request, "returnInternalServerErrorOnFailure"
        )
        return web.json_response(body, status=500 if is_error else 200)

    async def _history(self, instance_id: str, *, is_output_shown: bool) -> list[dict[str, Any]]:
        request = pb.StreamInstanceHistoryRequest(instanceId=instance_id)
        events: list[pb.HistoryEvent] = []
        async for chunk in self._hub.stream("StreamInstanceHistory", request, pb.HistoryChunk):
            events.extend(chunk.events)
        return to_history(events, is_output_shown=is_output_shown)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        prefix, top = request.query.get("instanceIdPrefix"), request.query.get("top")
        token = request.headers.get(_CONTINUATION)
        query = pb.InstanceQuery(
            runtimeStatus=statuses_of(request),
            createdTimeFrom=time_of(request, "createdTimeFrom"),
            createdTimeTo=time_of(request, "createdTimeTo"),
            maxInstanceCount=int(top) if top else 0,
            continuationToken=StringValue(value=token) if token else None,
            instanceIdPrefix=StringValue(value=prefix) if prefix else None,
            # The list shows outputs, and inputs unless showInput says no.
            fetchInputsAndOutputs=True,
        )
        found = await self._hub.call(
            "QueryInstances", pb.QueryInstancesRequest(query=query), pb.QueryInstancesResponse
        )
        is_input_shown = flag_of(request, "showInput", default=True)
        body = [to_status(one, is_input_shown=is_input_shown) for one in found.orchestrationState]
        return web.json_response(body, headers={_CONTINUATION: found.continuationToken.value})

    async def _raise_event(self, request: web.Request) -> web.StreamResponse:
        refusal = await self._refusal(request)
        if refusal is not None:
            return refusal
        # The extension's rule and words: a workflow is given JSON.
        if request.content_type != "application/json":
            return _refused("Only application/json request content is supported")
        text = await request.text()
        json.loads(text)
        call = pb.RaiseEventRequest(
            instanceId=request.match_info["id"],
            name=request.match_info["event"],
            input=StringValue(value=text),
        )
        await self._hub.call("RaiseEvent", call, pb.RaiseEventResponse)
        return web.Response(status=202)

    async def _terminate(self, request: web.Request) -> web.StreamResponse:
        refusal = await self._refusal(request)
        if refusal is None:
            # A termination's reason becomes the instance's output, which is JSON.
            reason = StringValue(value=json.dumps(request.query.get("reason", "")))
            # Not what it has begun: in Azure sub-orchestrations go on, and so they must here.
            call = pb.TerminateRequest(instanceId=request.match_info["id"], output=reason)
            await self._hub.call("TerminateInstance", call, pb.TerminateResponse)
        return refusal or web.Response(status=202)

    async def _suspend(self, request: web.Request) -> web.StreamResponse:
        refusal = await self._refusal(request)
        if refusal is None:
            call = pb.SuspendRequest(instanceId=request.match_info["id"], reason=reason_of(request))
            await self._hub.call("SuspendInstance", call, pb.SuspendResponse)
        return refusal or web.Response(status=202)

    async def _resume(self, request: web.Request) -> web.StreamResponse:
        refusal = await self._refusal(request)
        if refusal is None:
            call = pb.ResumeRequest(instanceId=request.match_info["id"], reason=reason_of(request))
            await self._hub.call("ResumeInstance", call, pb.ResumeResponse)
        return refusal or web.Response(status=202)

    async def _rewind(self, request: web.Request) -> web.StreamResponse:
        refusal = await self._refusal(request, still_possible=_REWINDABLE)
        if refusal is None:
            call = pb.RewindInstanceRequest(
                instanceId=request.match_info["id"], reason=reason_of(request)
            )
            await self._hub.call("RewindInstance", call, pb.RewindInstanceResponse)
        return refusal or web.Response(status=202)

    async def _restart(self, request: web.Request) -> web.StreamResponse:
        if await self._state(request.match_info["id"]) is None:
            raise ValueError("InstanceId does not match a valid orchestration instance.")
        patience = wait_of(request)
        call = pb.RestartInstanceRequest(
            instanceId=request.match_info["id"],
            # A new id by default, so that the history of the first run is not lost by accident.
            restartWithNewInstanceId=flag_of(request, "restartWithNewInstanceId", default=True),
        )
        restarted = await self._hub.call("RestartInstance", call, pb.RestartInstanceResponse)
        return await self._started(request, restarted.instanceId, patience)

    async def _purge(self, request: web.Request) -> web.StreamResponse:
        if await self._state(request.match_info["id"]) is None:
            return web.Response(status=404)
        call = pb.PurgeInstancesRequest(instanceId=request.match_info["id"])
        purged = await self._hub.call("PurgeInstances", call, pb.PurgeInstancesResponse)
        return web.json_response({"instancesDeleted": purged.deletedInstanceCount})

    async def _purge_many(self, request: web.Request) -> web.StreamResponse:
        since = time_of(request, "createdTimeFrom")
        # Without a beginning everything ever run would be purged (durable-2x 2).
        if since is None:
            return _refused("Please provide value for 'createdTimeFrom' parameter.")
        statuses = statuses_of(request)
        # Stricter than the extension, which passes over what it does not know: a slip of the pen
        # would purge every history there is instead of the failed ones.
        if request.query.get("runtimeStatus") and not statuses:
            return _refused("No value of 'runtimeStatus' is a status.")
        wanted = pb.PurgeInstanceFilter(
            createdTimeFrom=since,
            createdTimeTo=time_of(request, "createdTimeTo"),
            runtimeStatus=statuses,
        )
        call = pb.PurgeInstancesRequest(purgeInstanceFilter=wanted)
        purged = await self._hub.call("PurgeInstances", call, pb.PurgeInstancesResponse)
        # As the extension: nothing matched reads as not found.
        if not purged.deletedInstanceCount:
            return web.Response(status=404)
        return web.json_response({"instancesDeleted": purged.deletedInstanceCount})

    async def _state(self, instance_id: str) -> pb.OrchestrationState | None:
        request = pb.GetInstanceRequest(instanceId=instance_id, getInputsAndOutputs=True)
        found = await self._hub.call("GetInstance", request, pb.GetInstanceResponse)
        return found.orchestrationState if found.exists else None

    async def _refusal(
        self, request: web.Request, still_possible: frozenset[int] = frozenset()
    ) -> web.Response | None:
        state = await self._state(request.match_info["id"])
        if state is None:
            return web.Response(status=404)
        # 410 rather than 404: it was there, and what was asked for can never happen any more.
        if state.orchestrationStatus in ENDED - still_possible:
            return web.Response(status=410)
        return None


def _in_any_case(path: str) -> str:
    """A route that takes the path as the extension does: in any case, with a slash at the end."""
    words = f"{WEBHOOK_PATH}/{path}".strip("/").split("/")
    parts = [one if one[0] == "{" else f"{{_{one}:(?i:{one})}}" for one in words]
    return f"/{'/'.join(parts)}{{_end:/?}}"


async def _refuse_entities(_request: web.Request) -> web.StreamResponse:
    # Not 404, which would say that this one does not exist.
    return web.json_response({"message": NO_ENTITIES}, status=501)


def _refused(message: str) -> web.Response:
    return web.json_response({"message": message}, status=400)


def _engine_refused(error: grpc.aio.AioRpcError) -> web.Response:
    statuses = {
        grpc.StatusCode.NOT_FOUND: 404,
        grpc.StatusCode.ALREADY_EXISTS: 409,
        grpc.StatusCode.UNIMPLEMENTED: 501,
        grpc.StatusCode.UNAVAILABLE: 503,
    }
    refusals = {grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.INVALID_ARGUMENT}
    status = 400 if error.code() in refusals else statuses.get(error.code(), 500)
    return web.json_response({"message": error.details()}, status=status)
