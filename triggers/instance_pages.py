"""The instances of a task hub, one page at a time.

The durable client's own query reads page after page until it has every instance. For ten thousand
vaults that is more than an answer of gRPC may hold, and reading all of them for each page of ours
would cost the square of the estate. So the request it makes is made here, for one page.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import grpc
from azure import durable_functions as df
from durabletask.client import OrchestrationQuery, OrchestrationState, parse_orchestration_state
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.client_helpers import build_query_instances_req
from durabletask.payload import helpers as payload_helpers
from google.protobuf.wrappers_pb2 import StringValue

ENGINE_PAGE = 100
"""Instances asked for at once: with input, output and status well below the 4 MB that gRPC takes
where the host names no other limit."""


@dataclass(frozen=True, kw_only=True)
class InstancePage:
    """Some instances, and where the next ones are."""

    states: tuple[OrchestrationState, ...]
    token: str | None
    """Names the next page; None: there is none."""


class PageReader(Protocol):
    """Reads one page of the engine's."""

    async def __call__(self, token: str | None) -> InstancePage:
        """The page a token names; None: the first.

        Raises:
            ValueError: The engine never gave such a token.
        """
        ...


def engine_pages(
    client: df.DurableFunctionsClient, prefix: str, page_size: int = ENGINE_PAGE
) -> PageReader:
    """Reads the instances whose ids begin with a prefix, in the engine's order.

    Args:
        client: The invocation's client.
        prefix: What the ids begin with.
        page_size: How many instances a page of the engine's holds.
    """
    query = OrchestrationQuery(
        instance_id_prefix=prefix, max_instance_count=page_size, fetch_inputs_and_outputs=True
    )

    async def read(token: str | None) -> InstancePage:
        request = build_query_instances_req(query, StringValue(value=token) if token else None)
        found = await _ask(client, request)
        states = tuple(
            parse_orchestration_state(one, client._data_converter)  # noqa: SLF001 - see module
            for one in found.orchestrationState
        )
        following = found.continuationToken.value
        # Some engines end with "0" instead of nothing, as the library knows too.
        return InstancePage(states=states, token=following if following not in {"", "0"} else None)

    return read


async def _ask(
    client: df.DurableFunctionsClient, request: pb.QueryInstancesRequest
) -> pb.QueryInstancesResponse:
    try:
        # The library has no public way to ask for one page; its stub is the one it uses itself.
        found = await client._get_stub().QueryInstances(request)  # noqa: SLF001
    except grpc.aio.AioRpcError as refusal:
        if refusal.code() is not grpc.StatusCode.INVALID_ARGUMENT:
            raise
        raise ValueError(refusal.details()) from refusal
    store = client._payload_store  # noqa: SLF001 - what is too large for a message lies there
    if store is not None:
        await payload_helpers.deexternalize_payloads_async(found, store)
    return found


async def read_wanted(
    read: PageReader,
    is_wanted: Callable[[OrchestrationState], bool],
    limit: int,
    continuation: str | None = None,
) -> InstancePage:
    """The next wanted instances, however many others lie between them.

    The engine's token names the beginning of one of its pages. Where this answer ends inside of
    one, the token of this answer says behind which instance as well, and that page is read again.

    Args:
        read: Gives the engine's pages.
        is_wanted: Children, for one, have ids that begin like their parents'.
        limit: Most instances of this answer.
        continuation: As an earlier answer gave it.

    Raises:
        ValueError: Nobody ever gave such a continuation.
    """
    token, last = _read_cursor(continuation)
    found: list[OrchestrationState] = []
    while True:
        page = await read(token)
        wanted = [one for one in page.states if is_wanted(one)]
        for state in wanted[_count_shown(wanted, last) :]:
            if len(found) == limit:
                following = _write_cursor(token, found[-1].instance_id)
                return InstancePage(states=tuple(found), token=following)
            found.append(state)
        if page.token is None:
            return InstancePage(states=tuple(found), token=None)
        token, last = page.token, None
        if len(found) == limit:
            return InstancePage(states=tuple(found), token=_write_cursor(token, None))


def _count_shown(wanted: list[OrchestrationState], last: str | None) -> int:
    # One that is gone by now was purged: the page is shown again rather than a part of it never.
    ids = [one.instance_id for one in wanted]
    return ids.index(last) + 1 if last in ids else 0


def _write_cursor(token: str | None, last: str | None) -> str:
    return base64.urlsafe_b64encode(json.dumps([token, last]).encode()).decode()


def _read_cursor(continuation: str | None) -> tuple[str | None, str | None]:
    if not continuation:
        return None, None
    match json.loads(base64.b64decode(continuation, altchars=b"-_", validate=True)):
        case [None | str() as token, None | str() as last]:
            return token, last
    raise ValueError(continuation)
