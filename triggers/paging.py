"""The query of every route that lists instances: how many, and where an earlier answer ended."""

from collections.abc import Callable

import azure.functions as func
from azure import durable_functions as df
from durabletask.client import OrchestrationState

from domain.errors import InvalidInputError, Problem
from triggers.instance_pages import ENGINE_PAGE, InstancePage, engine_pages, read_wanted
from triggers.numbers import whole_number
from triggers.shapes.common import MAX_PAGE_SIZE, PAGE_SIZE


async def read_page(
    req: func.HttpRequest,
    client: df.DurableFunctionsClient,
    prefix: str,
    is_wanted: Callable[[OrchestrationState], bool],
    engine_page: int = ENGINE_PAGE,
) -> InstancePage:
    """The instances a request asks for, in the order the engine keeps them.

    Args:
        req: With ``top`` and ``continuation`` in its query, or neither.
        client: The invocation's client.
        prefix: What the ids begin with.
        is_wanted: Leaves out other instances whose ids begin so.
        engine_page: Instances read at once.

    Raises:
        InvalidInputError: ``top`` or ``continuation`` is none.
    """
    # Before anything is read: a wrong query costs the task hub nothing.
    limit = _read_top(req.params.get("top") or str(PAGE_SIZE))
    reader = engine_pages(client, prefix, engine_page)
    try:
        return await read_wanted(reader, is_wanted, limit, req.params.get("continuation"))
    except (ValueError, RecursionError) as broken:
        message = "is not one that an earlier answer gave; leave it out to begin anew"
        raise _about("continuation", message) from broken


def _read_top(text: str) -> int:
    top = whole_number(text, 1, MAX_PAGE_SIZE)
    if top is None:
        message = f"give a whole number from 1 to {MAX_PAGE_SIZE}, not {text[:20]!r}"
        raise _about("top", message)
    return top


def _about(field: str, message: str) -> InvalidInputError:
    return InvalidInputError([Problem(where="query", field=field, message=message)])
