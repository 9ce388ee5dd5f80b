"""One HTTP exchange, free of any server: what came in, what goes out, and how a refusal travels."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain.codec import JsonObject

if TYPE_CHECKING:
    # A call only carries it: whoever handles refusals need not load the whole estate.
    from local.azure.state import State


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as it came in."""

    method: str
    raw_path: str
    """Path without the query string, still escaped."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that found its route."""

    method: str
    path: str
    """Decoded path, without the query string."""
    route: str
    """Name of the route."""
    params: Mapping[str, str]
    """What the placeholders of the route stand for, decoded."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Looked up without case."""
    body: bytes
    now: datetime
    request_id: str
    """32 hex digits, as the classic API writes request ids."""
    base_url: str
    """Scheme, host and port the caller used, for the links in answers."""
    state: "State"

    def json_body(self) -> JsonObject:
        """The body as a JSON object.

        Raises:
            ServiceRefusal: It is none.
        """
        try:
            document = json.loads(self.body)
            # Once there and back: Python reads numbers and letters that no JSON can hold.
            json.dumps(document, allow_nan=False, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            document = None
        # Arrays and numbers are JSON, too, but no operation here takes them.
        if not isinstance(document, dict):
            raise ServiceRefusal(
                400, "InvalidRequestContent", "The request content is not a JSON object."
            )
        return document


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes back."""

    status: int = 200
    body: bytes = b""
    content_type: str = ""
    """Empty: no Content-Type header."""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the server does with a request."""

    answer: Answer
    is_dropped: bool = False
    """Close the connection instead of answering."""
    wait_s: float = 0
    """Real seconds to wait before that."""


class ServiceRefusal(Exception):  # noqa: N818 - a refusal is what the services call it
    """The service refuses; the API the call belongs to gives it its shape.

    Args:
        status: HTTP status.
        code: The service's error code.
        message: The service's words.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


class NotUnderstood(ServiceRefusal):
    """Something simulated Azure has no answer for; the real service might have one.

    Args:
        what: What it is.
    """

    def __init__(self, what: str) -> None:
        super().__init__(400, "UnknownToSimulatedAzure", f"Simulated Azure does not know {what}.")


type Handler = Callable[[Call], Answer]


def json_answer(
    document: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """An answer with a JSON body, without white space between its members."""
    # Compact, and letters as they are: so ARM writes it, and so sizes are realistic.
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return Answer(
        status=status,
        body=text.encode(),
        content_type="application/json; charset=utf-8",
        headers=headers or {},
    )
