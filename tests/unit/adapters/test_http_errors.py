"""Every way a call can fail has one error, and writes fail carefully."""

from datetime import UTC, datetime

import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    ServiceRequestError,
    ServiceResponseError,
)

from adapters.http_errors import (
    Answer,
    error_of_answer,
    error_of_failure,
    find_date,
    find_request_id,
    find_retry_after_s,
    read_json_error,
    translated,
)
from domain.errors import (
    AccessDeniedError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
    asked_wait_s,
)


def _answer(status: int, message: str | None = "why", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=named, code="Code", message=message)


@pytest.mark.parametrize(
    ("status", "of_read", "of_write"),
    [
        (400, RefusedError, RefusedError),
        (401, AccessDeniedError, AccessDeniedError),
        (403, AccessDeniedError, AccessDeniedError),
        (404, NotFoundError, NotFoundError),
        (408, UnavailableError, OutcomeUnknownError),
        (409, RefusedError, RefusedError),
        (429, ThrottledError, ThrottledError),
        (500, UnavailableError, OutcomeUnknownError),
        (503, UnavailableError, OutcomeUnknownError),
        (302, UnexpectedAnswerError, OutcomeUnknownError),
        (204, UnexpectedAnswerError, OutcomeUnknownError),
    ],
)
def test_each_status_means_one_error(
    status: int, of_read: type[ServiceError], of_write: type[ServiceError]
) -> None:
    """A write that may have happened is never reported as not happened."""
    errors = [
        type(error_of_answer(_answer(status), subject="v", is_write=is_write))
        for is_write in (False, True)
    ]

    assert [of_read, of_write] == errors


def test_an_error_carries_what_support_asks_for() -> None:
    """Subject, code, status and request id travel with the error."""
    error = error_of_answer(_answer(409, x_ms_request_id="r-1"), subject="v", is_write=True)

    assert ("v", "r-1", 409, "Code") == (
        error.subject,
        error.request_id,
        error.status,
        error.code,
    )
    assert "v: Code: why (request id r-1)" == str(error)


def test_being_throttled_says_how_long() -> None:
    """The service's Retry-After is in the error."""
    error = error_of_answer(_answer(429, Retry_After="90"), subject="v", is_write=False)

    assert isinstance(error, ThrottledError)
    assert 90 == error.retry_after_s


@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_is_asked_for_is_read_back_out_of_the_text(status: int) -> None:
    """A host may put a stack around it; the seconds are whole, and never fewer than asked."""
    error = error_of_answer(_answer(status, Retry_After="90.2"), subject="v", is_write=False)

    assert 91 == asked_wait_s(f"Result: Failure\nException: E: {error}\nStack: 17")


def test_a_write_whose_end_is_unknown_asks_for_no_wait() -> None:
    """Nobody may send it again, however long he waited."""
    error = error_of_answer(_answer(503, Retry_After="90"), subject="v", is_write=True)

    assert asked_wait_s(str(error)) is None


def test_an_answer_without_words_gets_the_status() -> None:
    """Where the body says nothing the status does."""
    error = error_of_answer(_answer(404, message=None), subject="v", is_write=False)

    assert "Code: HTTP 404 Not Found" == error.message


def test_messages_are_redacted_and_bounded() -> None:
    """A secret in a body does not get into the error, nor does a whole web page."""
    body = "see https://x?sig=abc " + "x" * 10_000
    error = error_of_answer(_answer(500, message=body), subject="v", is_write=False)

    assert "abc" not in error.message
    assert 3000 > len(error.message)


@pytest.mark.parametrize(
    ("failure", "of_read", "of_write"),
    [
        (ServiceRequestError("no connection"), UnavailableError, UnavailableError),
        (ServiceResponseError("broken"), UnavailableError, OutcomeUnknownError),
        (AzureError("whatever"), UnavailableError, OutcomeUnknownError),
        (ClientAuthenticationError("no token"), AccessDeniedError, AccessDeniedError),
    ],
    ids=["nothing sent", "answer lost", "unknown", "no token"],
)
def test_each_failure_means_one_error(
    failure: AzureError, of_read: type[ServiceError], of_write: type[ServiceError]
) -> None:
    """Only a request that never left, or never could, leaves a write undone for sure."""
    errors = [
        type(error_of_failure(failure, subject="v", is_write=is_write))
        for is_write in (False, True)
    ]

    assert [of_read, of_write] == errors


def test_failures_are_translated_where_they_happen() -> None:
    """The block raises our error, with the original as its cause."""
    with (
        pytest.raises(OutcomeUnknownError, match="broken") as caught,
        translated("v", is_write=True),
    ):
        raise ServiceResponseError("broken")

    assert isinstance(caught.value.__cause__, ServiceResponseError)


def test_our_own_errors_pass() -> None:
    """What is one of ours already is left alone."""
    with pytest.raises(NotFoundError), translated("v"):
        raise NotFoundError("not there")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "12"}, 12.0),
        ({"Retry-After": "-5"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "nan"}, None),
        ({}, None),
        (
            {
                "Date": "Tue, 28 Mar 2017 10:00:00 GMT",
                "Retry-After": "Tue, 28 Mar 2017 10:01:30 GMT",
            },
            90.0,
        ),
        (
            {
                "Date": "Tue, 28 Mar 2017 10:00:00 GMT",
                "Retry-After": "Tue, 28 Mar 2017 09:00:00 GMT",
            },
            0.0,
        ),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], expected: float | None) -> None:
    """Both forms of the header are read; a date counts from the answer's own date."""
    assert expected == find_retry_after_s(headers)


def test_the_services_own_request_id_comes_first() -> None:
    """Of several ids the one support asks for is taken."""
    headers = {"x-ms-correlation-request-id": "c", "x-ms-request-id": "r"}

    assert ("r", "c", None) == (
        find_request_id(headers),
        find_request_id({"x-ms-correlation-request-id": "c"}),
        find_request_id({}),
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"error":{"code":"C","message":"m"}}', ("C", "m")),
        ('{"code":"C","message":"m"}', ("C", "m")),
        ("{}", (None, None)),
        ("", (None, None)),
        ("<html>busy</html>", (None, "<html>busy</html>")),
        ('"text"', (None, '"text"')),
        ('{"error":"invalid_client"}', (None, '{"error":"invalid_client"}')),
    ],
)
def test_json_errors_are_read_in_every_form(
    body: str, expected: tuple[str | None, str | None]
) -> None:
    """Nested, flat, empty and foreign bodies all give what they have."""
    assert expected == read_json_error(body)


@pytest.mark.parametrize(
    "text",
    [
        "Tue, 28 Mar 2017 10:03:17 GMT",
        "Tue, 28 Mar 2017 10:03:17 -0000",
        "Tue, 28 Mar 2017 12:03:17 +0200",
    ],
)
def test_the_services_clock_is_read_as_utc(text: str) -> None:
    """Whatever zone the header is written in."""
    assert datetime(2017, 3, 28, 10, 3, 17, tzinfo=UTC) == find_date({"Date": text})


@pytest.mark.parametrize("headers", [{}, {"Date": ""}, {"Date": "yesterday"}])
def test_a_clock_that_cannot_be_read_is_no_clock(headers: dict[str, str]) -> None:
    """The caller falls back on its own."""
    assert find_date(headers) is None
