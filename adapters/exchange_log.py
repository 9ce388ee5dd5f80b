"""Keeps the exchanges with the classic API while somebody records them.

The recording belongs to the running task, so that activities side by side do not mix theirs. What
is kept has been redacted and cut; Authorization headers are not on the list of what is kept.
"""

from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from azure.core.rest import AsyncHttpResponse, HttpRequest

from adapters.redaction import redact
from domain.exchanges import Exchange

LONGEST_BODY = 4000
"""Characters; a start and its answer have some 700, a list of many vaults far more."""

# A list of what may be kept, not of what may not: a header invented tomorrow might hold a token.
_KEPT = frozenset(
    {
        *("accept", "content-type", "content-length", "user-agent", "agent-authentication"),
        *("x-ms-version", "x-ms-client-request-id", "x-ms-request-id", "x-ms-servedbyregion"),
        *("date", "retry-after", "location"),
    }
)
# A context variable goes with the task, through every await and into what it calls; an attribute of
# the adapter would be shared by all activities of the process.
_RECORDING: ContextVar[list[Exchange] | None] = ContextVar("exchanges", default=None)


class TaskExchangeLog:
    """Port ExchangeLog: one recording per task."""

    @contextmanager
    def recording(self) -> Iterator[list[Exchange]]:
        """Within it, every exchange of this task is appended to the list."""
        # A fresh list for each recording: activities of one process must not mix their calls.
        kept: list[Exchange] = []
        token = _RECORDING.set(kept)
        try:
            yield kept
        finally:
            _RECORDING.reset(token)


async def logged(
    request: HttpRequest, sending: Awaitable[AsyncHttpResponse], now: datetime
) -> AsyncHttpResponse:
    """Awaits an answer, and hands the exchange to the recording of the task, if there is one."""
    kept = _RECORDING.get()
    if kept is None:
        return await sending
    place = len(kept)
    # Kept before the answer: what was lost on the way is what support will ask about.
    kept.append(_exchange(request, now))
    response = await sending
    kept[place] = _exchange(request, now, response)
    return response


def _exchange(
    request: HttpRequest, sent_at: datetime, response: AsyncHttpResponse | None = None
) -> Exchange:
    # Policies on the way add headers: the answer knows the request as it was really sent.
    sent = response.request if response is not None else request
    return Exchange(
        method=sent.method,
        path=redact("/" + sent.url.split("/", 3)[-1]),
        sent_at=sent_at,
        request_headers=_headers(sent.headers),
        request_body=_text(sent.content),
        status=None if response is None else response.status_code,
        response_headers={} if response is None else _headers(response.headers),
        response_body="" if response is None else _text(response.content),
    )


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: redact(text) for name, text in headers.items() if name.lower() in _KEPT}


def _text(content: Any) -> str:
    text = content.decode(errors="replace") if isinstance(content, bytes) else str(content or "")
    clean = redact(text)
    return clean if len(clean) <= LONGEST_BODY else f"{clean[:LONGEST_BODY]} ... cut"
