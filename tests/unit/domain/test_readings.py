"""Readings that may have failed."""

import pytest

from domain.errors import ThrottledError
from domain.findings import Fact, Finding, Verdict
from domain.readings import FailedRead, fact, tasks_of, unread
from tests.unit.domain.builders import PROVENANCE


def finding(verdict: Verdict, what_to_do: str = "") -> Finding:
    """A finding with this verdict and next step."""
    return Finding(
        check_id="check", verdict=verdict, subject="x", message="m", what_to_do=what_to_do
    )


def test_a_failed_read_is_unknown_with_its_reason() -> None:
    """Neither a pass nor a fault; the service's request id is in the reason."""
    error = ThrottledError("too many calls", retry_after_s=5, request_id="request-9")
    made = unread("time-zone", "vault-one", FailedRead.of("policies", error))

    assert Verdict.UNKNOWN == made.verdict
    assert (
        "policies could not be read: too many calls (request id request-9). "
        "The service asks to wait 5 s."
    ) == made.message


@pytest.mark.parametrize(("value", "text"), [("UTC", "UTC"), (14, "14"), (False, "False")])
def test_a_fact_shows_the_raw_value(value: object, text: str) -> None:
    """As text, with the path and the source."""
    expected = Fact(field="properties.x", value=text, provenance=PROVENANCE)

    assert expected == fact({"properties": {"x": value}}, ("properties", "x"), PROVENANCE)


def test_a_field_that_is_absent_is_a_fact_too() -> None:
    """Its value is nothing."""
    assert fact({}, ("properties", "x"), None).value is None


@pytest.mark.parametrize(
    ("verdict", "is_task"),
    [
        (Verdict.FAIL, True),
        (Verdict.NOT_APPLICABLE, True),
        (Verdict.PASS, False),
        (Verdict.UNKNOWN, False),
    ],
)
def test_a_next_step_becomes_a_task_unless_nothing_is_known(
    verdict: Verdict, is_task: bool
) -> None:
    """Faults and exceptions ask a person; what is unknown asks nobody yet."""
    assert is_task is bool(tasks_of([finding(verdict, "do it")]))


def test_a_fault_without_a_next_step_is_no_task() -> None:
    """There is nothing to hand over."""
    assert () == tasks_of([finding(Verdict.FAIL)])
