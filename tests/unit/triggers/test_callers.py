"""Who calls is the platform's word, for people and for programs."""

import azure.functions as func
import pytest

from triggers.callers import signed_in_as

PERSON = {"x-ms-client-principal-name": "ann@example.com", "x-ms-client-principal-id": "1f0c"}
PROGRAM = {"x-ms-client-principal-id": "9d2e"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [(PERSON, "ann@example.com"), (PROGRAM, "9d2e"), ({}, None)],
)
def test_the_caller_is_who_the_platform_says(headers: dict[str, str], expected: str | None) -> None:
    """By name; a program that has none, by its id; nobody without sign-in."""
    request = func.HttpRequest(method="POST", url="/", headers=headers, body=b"")

    assert expected == signed_in_as(request)
