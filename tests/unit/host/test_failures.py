"""Exceptions of user code on their way to the orchestrator."""

import pytest

from local.host.failures import split_worker_exception, to_failure_details
from local.host.functions import Failure


@pytest.mark.parametrize(
    ("text", "error_type", "message"),
    [
        ("ValueError: bad", "ValueError", "bad"),
        ("LookupError: a: b", "LookupError", "a: b"),
        ("ValueError: first\nsecond", "ValueError", "first"),
        ("no type here", "(unknown)", "no type here"),
        ("ValueError: ", "ValueError", ""),
    ],
)
def test_the_type_is_what_stands_before_the_colon(text: str, error_type: str, message: str):
    """As the durable extension splits it: first colon, first line."""
    failure = split_worker_exception(text, "stack")

    assert (failure.error_type, failure.message) == (error_type, message)


def test_a_failure_never_travels_without_a_message():
    """Engines tell failures by their message, so the type stands in for an empty one."""
    failure = Failure(error_type="KeyError", message="", stack_trace="")

    assert to_failure_details(failure).errorMessage == "KeyError"


def test_a_failure_can_be_marked_as_final():
    """What no retry can change says so."""
    failure = Failure(error_type="X", message="m", stack_trace="s")

    assert to_failure_details(failure, is_retriable=False).isNonRetriable
    assert str(failure) == "X: m"
