"""The raw JSON answers of an SDK call, caught before the SDK makes models of them.

Models lose what this needs: members the package does not know, the subtype of items and containers
whose discriminator is nested, the service's own spelling of times (recovery-services 0). So the SDK
builds requests and follows pages, and its answers are taken as they came.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from azure.core.pipeline import PipelineResponse
from azure.core.rest import AsyncHttpResponse

from adapters.http_errors import (
    UNREADABLE,
    Answer,
    body_text,
    error_of_answer,
    find_request_id,
    find_retry_after_s,
    read_json_error,
)
from adapters.ports import Clock, PolicyWriteAnswer
from domain.codec import JsonObject
from domain.errors import OutcomeUnknownError, UnexpectedAnswerError
from domain.vaults import Provenance, Reading

_DONE_OR_ACCEPTED = (HTTPStatus.OK, HTTPStatus.ACCEPTED)
# The first is the documented one; older api-versions sent only the second.
_OPERATION_HEADERS = ("Azure-AsyncOperation", "Location")


ODD_ANSWERS = 2
"""Answers to one read that may be nonsense before it counts as failed."""


class NoAnswerError(UnexpectedAnswerError):
    """A success whose body is not the service's: a gateway's page, or half a document."""


def raise_for_status(response: AsyncHttpResponse, *, subject: str, is_write: bool) -> None:
    """Passes 2xx; whatever else is raised as the error it means.

    Raises:
        ServiceError: Of the kind that fits the status.
    """
    # Redirects are not followed (pipelines), so a 3xx is an answer, and not the one hoped for.
    if HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES:
        return
    code, message = read_json_error(body_text(response))
    answer = Answer(
        status=response.status_code, headers=response.headers, code=code, message=message
    )
    raise error_of_answer(answer, subject=subject, is_write=is_write)


class ReadAnswers:
    """A response hook that keeps the body of every page of one read.

    Args:
        subject: What is read, for errors.
        clock: Dates the reading.
        is_list: The answers are pages, each with a list of objects.
    """

    def __init__(self, subject: str, clock: Clock, *, is_list: bool = False) -> None:
        self.subject = subject
        self._clock = clock
        self._is_list = is_list
        self._bodies: list[JsonObject] = []
        self._urls: set[str] = set()
        self._provenance: Provenance | None = None

    def __call__(self, response: PipelineResponse[Any, Any]) -> None:
        """Takes one answer.

        Raises:
            ServiceError: It is not the answer hoped for.
        """
        http = response.http_response
        # Before the SDK makes an error of its own: a 404 with {} leaves that one empty (0).
        raise_for_status(http, subject=self.subject, is_write=False)
        if http.status_code != HTTPStatus.OK:
            raise self._nonsense(http, f"HTTP {http.status_code} to a read")
        if http.request.url in self._urls:
            # A nextLink that leads back would be followed for ever.
            raise self._nonsense(http, "a page links to a page read before")
        self._urls.add(http.request.url)
        self._bodies.append(self._object(http))
        # Without the query string: operation URLs carry a signature there (recovery-services 0).
        self._provenance = self._provenance or Provenance(
            source=f"{http.request.method} {urlsplit(http.request.url).path}",
            request_id=find_request_id(http.headers),
            read_at=self._clock.now(),
        )

    def _object(self, http: AsyncHttpResponse) -> JsonObject:
        try:
            body = http.json()
        except UNREADABLE:
            raise self._nonsense(http, "the body is not JSON", NoAnswerError) from None
        if not isinstance(body, dict):
            raise self._nonsense(http, "the body is not a JSON object", NoAnswerError)
        # An empty page is a list, too. A body without one is another kind of answer, and taking it
        # for "no vaults" would be a finding made of a failure (DESIGN rule 4).
        page = body.get("value")
        if self._is_list and not (isinstance(page, list) and all(map(_is_object, page))):
            raise self._nonsense(http, "a page without a list of objects")
        link = body.get("nextLink")
        # The SDK follows whatever is there, and would fail over what is no text in its own way.
        if self._is_list and link and not isinstance(link, str):
            raise self._nonsense(http, "a page whose link is no text")
        return body

    def _nonsense(
        self,
        http: AsyncHttpResponse,
        message: str,
        kind: type[UnexpectedAnswerError] = UnexpectedAnswerError,
    ) -> UnexpectedAnswerError:
        return kind(
            message,
            status=http.status_code,
            subject=self.subject,
            request_id=find_request_id(http.headers),
        )

    def _read[T](self, value: T) -> Reading[T]:
        if self._provenance is None:
            raise UnexpectedAnswerError("no answer was received", subject=self.subject)
        return Reading(value=value, provenance=self._provenance)

    def one(self) -> Reading[JsonObject]:
        """The body of a read that has one answer."""
        # The last, because the hook sees one body for each page and this read has only one.
        return self._read(self._bodies[-1] if self._bodies else {})

    def all(self) -> Reading[tuple[JsonObject, ...]]:
        """The elements of every page; the provenance is the first page's."""
        # Put together here and not page by page, because a list that breaks off half-way is no
        # list.
        return self._read(tuple(element for body in self._bodies for element in body["value"]))


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


@dataclass
class WriteAnswer:
    """A response hook that keeps what a policy write was answered with."""

    subject: str
    answer: PolicyWriteAnswer | None = None

    def __call__(self, response: PipelineResponse[Any, Any]) -> None:
        """Takes the answer.

        Raises:
            ServiceError: The write was refused, or its outcome is open.
        """
        http = response.http_response
        raise_for_status(http, subject=self.subject, is_write=True)
        if http.status_code not in _DONE_OR_ACCEPTED:
            # Another success is not of this call's making: a proxy's, say.
            raise OutcomeUnknownError(
                f"HTTP {http.status_code} to a policy write",
                status=http.status_code,
                subject=self.subject,
                request_id=find_request_id(http.headers),
            )
        # Only for 202, where the service says when its operation is worth a look (1.4).
        wait_s = find_retry_after_s(http.headers)
        self.answer = PolicyWriteAnswer(
            status=http.status_code,
            operation_id=_operation_id(http),
            retry_after_s=None if wait_s is None else round(wait_s),
            request_id=find_request_id(http.headers),
        )


def _operation_id(http: AsyncHttpResponse) -> str | None:
    """Last segment of the operation's path; its query string is a long signature (0)."""
    urls = (http.headers.get(name) for name in _OPERATION_HEADERS)
    url = next((found for found in urls if found), None)
    return urlsplit(url).path.rstrip("/").rpartition("/")[2] or None if url else None


async def until_it_makes_sense[T](read: Callable[[], Awaitable[T]]) -> T:
    """Reads again where an answer was no answer of the service: a gateway's page, half a body."""
    # Every other failure is retried in the pipeline; this one looks like a success down there.
    for _ in range(ODD_ANSWERS):
        try:
            return await read()
        except NoAnswerError:
            continue
    return await read()
