"""From what azure-core raises and services answer to the errors of :mod:`domain.errors`.

The question that matters for a write is whether it may have taken effect. Only three things say
no: no connection was made, the service refused (4xx), or it was too busy to look (429). Whatever
else goes wrong leaves the outcome unknown.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import isfinite
from typing import Any

from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError
from azure.core.rest import AsyncHttpResponse

from adapters.redaction import redact
from domain.errors import (
    AccessDeniedError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)
from domain.moments import as_utc

# Log Analytics has the last one only; the correlation id groups calls and is second best.
REQUEST_ID_HEADERS = ("x-ms-request-id", "x-ms-correlation-request-id", "request-id")
"""Headers that carry the service's request id, the best first."""

_READ_BEFORE_AGAIN = "Read back what the service holds before doing anything else."
_NO_ACCESS = "Check the roles of the identity; a new assignment may need some minutes to spread."
_ADVICE: dict[type[ServiceError], str] = {
    AccessDeniedError: _NO_ACCESS,
    OutcomeUnknownError: _READ_BEFORE_AGAIN,
}
_KINDS: dict[HTTPStatus, type[ServiceError]] = {
    HTTPStatus.UNAUTHORIZED: AccessDeniedError,
    HTTPStatus.FORBIDDEN: AccessDeniedError,
    # For a write too: what is not there cannot have been changed.
    HTTPStatus.NOT_FOUND: NotFoundError,
}
# Errors travel through workflow histories, which stay small (durable-2x 2).
_LONGEST_MESSAGE = 2000


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is needed of an HTTP answer to name the error in it."""

    status: int
    headers: Mapping[str, str]
    code: str | None
    """The service's own error code."""
    message: str | None

    @property
    def request_id(self) -> str | None:
        """The service's request id."""
        return find_request_id(self.headers)

    @property
    def retry_after_s(self) -> float | None:
        """Real seconds the service asks to wait."""
        return find_retry_after_s(self.headers)


def find_request_id(headers: Mapping[str, str]) -> str | None:
    """The service's request id among the headers of an answer."""
    found = (headers.get(name) for name in REQUEST_ID_HEADERS)
    return next((value for value in found if value), None)


def find_date(headers: Mapping[str, str]) -> datetime | None:
    """The service's clock at an answer, UTC; None where the answer tells none that can be read."""
    try:
        told = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    # "-0000", a time of no stated zone, is UTC as well (RFC 5322 3.3).
    return as_utc(told)


def find_retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Real seconds of a Retry-After header, given as seconds or as a date; None if unreadable."""
    text = headers.get("Retry-After")
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        return _seconds_until(text, headers.get("Date"))
    # Python reads "inf" and "nan" as numbers; nobody could wait for them.
    return max(0.0, seconds) if isfinite(seconds) else None


def _seconds_until(text: str, now_text: str | None) -> float | None:
    # Measured from the answer's own date where it has one: the two clocks need not agree.
    try:
        now = parsedate_to_datetime(now_text) if now_text else datetime.now(UTC)
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (TypeError, ValueError):
        return None


def body_text(response: AsyncHttpResponse) -> str:
    """The body as text, with marks for what cannot be read in the encoding it claims to have."""
    try:
        return response.text()
    except UnicodeDecodeError:
        # A gateway's page in another encoding; what it says is told all the same.
        return response.content.decode(errors="replace")


UNREADABLE = (ValueError, RecursionError)
"""What reading JSON fails with: no text, no JSON, or JSON nested deeper than anything real."""


def read_json_error(body: str) -> tuple[str | None, str | None]:
    """Code and message of a JSON error body; of whatever else, None and the text itself.

    A missing policy is answered with 404 and ``{}`` (recovery-services 0): both are None then.
    """
    try:
        document = json.loads(body)
    except UNREADABLE:
        return None, _text(body.strip())
    # Some services put code and message at the top instead of into "error".
    error = document.get("error", document) if isinstance(document, dict) else None
    if not isinstance(error, dict):
        return None, _text(body.strip())
    return _text(error.get("code")), _message(error)


def _message(error: dict[str, Any]) -> str | None:
    """What is said, and the cause behind it: Log Analytics tells only there what is wrong (6.1)."""
    inner = error
    while isinstance(deeper := inner.get("innererror") or inner.get("innerError"), dict):
        inner = deeper
    cause = inner if inner is not error else {}
    said = (error.get("message"), cause.get("code"), cause.get("message"))
    return ": ".join(str(part) for part in said if part) or None


def _text(value: Any) -> str | None:
    return str(value) if value else None


def error_of_answer(answer: Answer, *, subject: str, is_write: bool) -> ServiceError:
    """The error an unwanted answer means.

    Args:
        answer: Any answer other than the one hoped for.
        subject: What the call was about.
        is_write: The call was to change something.
    """
    said = redact(answer.message or _phrase(answer.status))[:_LONGEST_MESSAGE]
    message = f"{answer.code}: {said}" if answer.code else said
    ids: dict[str, Any] = {"subject": subject, "request_id": answer.request_id}
    # For a write too: the service turned it away before it looked at it.
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(message, retry_after_s=answer.retry_after_s, code=answer.code, **ids)
    kind = _kind_of(answer.status, is_write=is_write)
    # A 503 says when to come back, too; of a refusal or a lost write nobody waits out anything.
    if kind is UnavailableError:
        ids["retry_after_s"] = answer.retry_after_s
    return kind(
        message, status=answer.status, code=answer.code, what_to_do=_ADVICE.get(kind), **ids
    )


def _kind_of(status: int, *, is_write: bool) -> type[ServiceError]:
    if status in _KINDS:
        return _KINDS[HTTPStatus(status)]
    if _is_refusal(status):
        return RefusedError
    if is_write:
        # Breakdowns, redirects, unknown successes: any of them may have come after the effect.
        return OutcomeUnknownError
    return UnavailableError if status >= HTTPStatus.BAD_REQUEST else UnexpectedAnswerError


def _is_refusal(status: int) -> bool:
    # 408 is no refusal: the service gave up waiting, and does not say how far it had come.
    is_client_error = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return is_client_error and status != HTTPStatus.REQUEST_TIMEOUT


def _phrase(status: int) -> str:
    """The standard words for a status."""
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def error_of_failure(failure: AzureError, *, subject: str, is_write: bool) -> ServiceError:
    """The error that a call without a usable answer means."""
    message = redact(str(failure))[:_LONGEST_MESSAGE]
    if isinstance(failure, ClientAuthenticationError):
        # Raised by credentials, before anything is sent; a 401 comes as an answer.
        return AccessDeniedError(message, subject=subject, what_to_do=_NO_ACCESS)
    # The transport raises this one only where nothing was sent; azure-core alone would not.
    if isinstance(failure, ServiceRequestError) or not is_write:
        return UnavailableError(message, subject=subject)
    return OutcomeUnknownError(message, subject=subject, what_to_do=_READ_BEFORE_AGAIN)


@contextmanager
def translated(subject: str, *, is_write: bool = False) -> Iterator[None]:
    """Within it, failures of azure-core come out as our own errors."""
    try:
        yield
    except AzureError as failure:
        raise error_of_failure(failure, subject=subject, is_write=is_write) from failure
