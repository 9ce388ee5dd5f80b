"""503 where the evidence store is away, for every route that reads or keeps evidence."""

from collections.abc import Awaitable, Callable
from functools import wraps

import azure.functions as func

from domain.errors import EvidenceError
from domain.sentences import join_sentences
from triggers.answers import error


def needs_evidence[**P](
    handler: Callable[P, Awaitable[func.HttpResponse]],
) -> Callable[P, Awaitable[func.HttpResponse]]:
    """The handler, with 503 where evidence cannot be read or kept."""

    @wraps(handler)
    async def answered(*args: P.args, **kwargs: P.kwargs) -> func.HttpResponse:
        try:
            return await handler(*args, **kwargs)
        # Otherwise the host answers with a bare 500, and whoever asked learns nothing.
        except EvidenceError as failure:
            told = join_sentences(str(failure), "Ask again later.")
            return error(503, "EvidenceUnavailable", told)

    return answered
