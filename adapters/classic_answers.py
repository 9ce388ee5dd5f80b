"""What an unwanted answer of the classic API means, and what an accepted start says."""

from http import HTTPStatus

from azure.core.rest import AsyncHttpResponse

from adapters.classic_faults import ClassicError, parse_error
from adapters.classic_xml import (
    BodyError,
    parse_record,
)
from adapters.http_errors import (
    Answer,
    error_of_answer,
    find_request_id,
)
from domain.errors import (
    AccessDeniedError,
    OutcomeUnknownError,
    RefusedError,
    ServiceError,
    UnexpectedAnswerError,
)
from domain.upgrade import (
    UpgradeRecord,
)

_LONGEST_EXCERPT = 300


_CO_ADMINISTRATOR = (
    "Make the app's identity a co-administrator of the subscription: the classic API asks for that"
    " even where it is an owner in Resource Manager."
)
"""The classic API knows classic roles only (1.1)."""


def read_start(response: AsyncHttpResponse, subject: str) -> UpgradeRecord:
    """The record a start was answered with.

    Raises:
        RefusedError: The service says that it did not start.
        OutcomeUnknownError: It may have started.
    """
    if response.status_code != HTTPStatus.OK:
        raise refusal_of(response, subject, is_write=True)
    try:
        return parse_record(response.content)
    except BodyError as problem:
        if (refusal := _error_body(response)) is not None:
            raise _refused(response, subject, refusal) from None
        # The service said 200: the upgrade has very likely begun, whatever the body is.
        raise OutcomeUnknownError(
            f"accepted, but the answer cannot be read: {problem}",
            status=response.status_code,
            subject=subject,
            request_id=find_request_id(response.headers),
        ) from None


def _error_body(response: AsyncHttpResponse) -> ClassicError | None:
    try:
        return parse_error(response.content)
    except BodyError:
        return None


def refusal_of(response: AsyncHttpResponse, subject: str, *, is_write: bool) -> ServiceError:
    """The error of an answer other than 200."""
    body = _error_body(response)
    error = error_of_answer(_answer(response, body), subject=subject, is_write=is_write)
    if isinstance(error, AccessDeniedError):
        error.what_to_do = _CO_ADMINISTRATOR
    if isinstance(error, OutcomeUnknownError) and body is not None and body.is_verdict:
        # The service looked, and says why it did not start: a verdict, even with a status of 5xx.
        return _refused(response, subject, body)
    return error


def _answer(response: AsyncHttpResponse, body: ClassicError | None) -> Answer:
    # What is no error body may be a gateway's page: a little of it tells whose.
    excerpt = response.content.decode(errors="replace").strip()[:_LONGEST_EXCERPT]
    return Answer(
        status=response.status_code,
        headers=response.headers,
        code=(body.code or None) if body else None,
        message=str(body) if body else excerpt,
    )


def _refused(response: AsyncHttpResponse, subject: str, error: ClassicError) -> RefusedError:
    codes = ", ".join(dict.fromkeys(r.code for r in error.reasons if r.code))
    return RefusedError(
        str(error) or "the service gave no reason",
        status=response.status_code,
        code=error.code or codes or None,
        subject=subject,
        request_id=find_request_id(response.headers),
    )


def nonsense(
    response: AsyncHttpResponse, subject: str, problem: Exception
) -> UnexpectedAnswerError:
    """The error of a body that cannot be what this call is answered with."""
    return UnexpectedAnswerError(
        f"HTTP {response.status_code} with a body that cannot be right: {problem}",
        status=response.status_code,
        subject=subject,
        request_id=find_request_id(response.headers),
    )
