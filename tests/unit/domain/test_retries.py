"""DESIGN rule 2: a failed upgrade is started again on Microsoft's instruction only, and once."""

from typing import Any

import pytest

from domain.codec import to_json
from domain.retries import (
    FIRST_ATTEMPT,
    AttemptState,
    RetryAuthorization,
    attempt_folder,
    attempt_state,
    is_about_attempts,
    is_superseded,
    objection_to_retry,
    open_attempt,
)
from domain.upgrade import UpgradeStatus
from tests.fakes import NOON, upgrade_record


def _authorization(attempt: int = 2, **changes: Any) -> RetryAuthorization:
    members = {
        "attempt": attempt,
        "failed_operation_id": f"op-{attempt - 1}",
        "ticket": "SR-1",
        "instruction": "Please start it once more.",
        "authorized_by": "boss@example.com",
        "at": NOON,
    }
    return RetryAuthorization(**{**members, **changes})


def _state(failed: int = 0, authorized: int = 0) -> AttemptState:
    return AttemptState(
        failed={number: f"op-{number}" for number in range(1, failed + 1)},
        authorizations={number: _authorization(number) for number in range(2, authorized + 2)},
    )


def _failed(operation_id: str) -> Any:
    return upgrade_record(operation_id, UpgradeStatus.FAILED)


def test_the_first_attempt_needs_nobodys_instruction() -> None:
    """A vault that was never upgraded may be."""
    attempt = open_attempt(_state(), None)

    assert (1, True, None) == (attempt.number, attempt.may_start, attempt.superseded)


def test_a_failure_on_record_closes_the_first_attempt() -> None:
    """Even where the service shows no record of it."""
    assert not open_attempt(_state(failed=1), None).may_start


def test_a_failure_the_service_shows_closes_the_first_attempt() -> None:
    """Even where our evidence knows nothing of it."""
    assert not open_attempt(_state(), _failed("theirs")).may_start


def test_an_instruction_opens_the_second_attempt() -> None:
    """The failure it is about is what the new attempt is to make good."""
    attempt = open_attempt(_state(failed=1, authorized=1), _failed("op-1"))

    assert (2, True, "op-1") == (attempt.number, attempt.may_start, attempt.superseded)


def test_an_instruction_does_not_serve_another_failure() -> None:
    """Microsoft spoke about one OperationId."""
    assert not open_attempt(_state(failed=1, authorized=1), _failed("other")).may_start


def test_an_instruction_is_used_up_by_the_attempt_it_opened() -> None:
    """The second failure needs an instruction of its own."""
    attempt = open_attempt(_state(failed=2, authorized=1), _failed("op-2"))

    assert (2, False) == (attempt.number, attempt.may_start)


def test_a_second_instruction_opens_a_third_attempt() -> None:
    """Each failure, each instruction, each attempt."""
    attempt = open_attempt(_state(failed=2, authorized=2), _failed("op-2"))

    assert (3, True, "op-2") == (attempt.number, attempt.may_start, attempt.superseded)


def test_an_instruction_without_a_failure_opens_nothing() -> None:
    """Evidence somebody put there by hand does not skip an attempt."""
    assert 1 == open_attempt(_state(authorized=1), None).number


@pytest.mark.parametrize(
    ("status", "operation_id", "expected"),
    [
        (UpgradeStatus.FAILED, "op-1", True),
        (UpgradeStatus.FAILED, "op-2", False),
        (UpgradeStatus.IN_PROGRESS, "op-1", False),
        (UpgradeStatus.UPGRADED, "op-1", False),
    ],
)
def test_only_the_named_failure_is_superseded(
    status: UpgradeStatus, operation_id: str, expected: bool
) -> None:
    """Anything else is a record of its own."""
    assert expected is is_superseded(upgrade_record(operation_id, status), "op-1")


def test_nothing_is_superseded_without_an_instruction() -> None:
    """The first attempt looks at every record."""
    assert not is_superseded(_failed("op-1"), None)


def test_a_failed_upgrade_may_be_authorised() -> None:
    """There is something to retry."""
    assert objection_to_retry(_state(failed=1), "SR-1") is None


def test_an_upgrade_that_has_not_failed_cannot_be_authorised() -> None:
    """Instructions are not kept in stock."""
    assert "has not failed" in (objection_to_retry(_state(), "SR-1") or "")


def test_the_same_ticket_twice_is_the_same_authorisation() -> None:
    """An answer may have been lost."""
    assert objection_to_retry(_state(failed=1, authorized=1), "SR-1") is None


def test_another_ticket_for_an_open_attempt_is_refused() -> None:
    """An instruction is recorded once."""
    assert "SR-1" in (objection_to_retry(_state(failed=1, authorized=1), "SR-2") or "")


def test_the_state_is_read_from_evidence() -> None:
    """Failures and instructions lie in the folders of the attempts; the rest is passed over."""
    documents = {
        f"{attempt_folder('k', 1)}/failed.json": {"data": {"operationId": "op-1"}},
        f"{attempt_folder('k', 1)}/intent.json": {"data": {"operationId": "op-1"}},
        f"{attempt_folder('k', 2)}/authorization.json": {"data": to_json(_authorization())},
    }

    state = attempt_state(documents)

    assert ({1: "op-1"}, _authorization()) == (state.failed, state.authorization)


def test_an_authorisation_reads_as_one_line() -> None:
    """As it stands in the plan: what failed, the ticket, and who recorded it."""
    text = str(_authorization())

    assert ("Attempt 2" in text, "op-1" in text, "SR-1" in text, "boss" in text) == (True,) * 4


def test_an_attempt_says_what_opened_it() -> None:
    """The plan shows ticket and name; nothing opened the first."""
    opened = open_attempt(_state(failed=1, authorized=1), _failed("op-1"))

    assert ["", str(_authorization())] == [open_attempt(_state(), None).reason, opened.reason]


@pytest.mark.parametrize("status", [UpgradeStatus.IN_PROGRESS, UpgradeStatus.UPGRADED])
def test_an_upgrade_that_did_not_fail_does_not_keep_an_attempt_from_starting(
    status: UpgradeStatus,
) -> None:
    """Whether to start then is the start's business: it adopts, or goes on."""
    assert open_attempt(_state(), upgrade_record("op-x", status)).may_start


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("failed.json", True),
        ("authorization.json", True),
        ("intent.json", False),
        ("failed.json.bak", False),
    ],
)
def test_the_documents_of_attempts_are_known_by_their_keys(name: str, expected: bool) -> None:
    """Whoever lists them reads these and no others."""
    assert expected == is_about_attempts(f"{attempt_folder('vault', 2)}/{name}")


def test_what_nobody_has_to_open_is_the_first_attempt_of_a_new_vault() -> None:
    """The one that runs have which never look at evidence of attempts."""
    assert FIRST_ATTEMPT == open_attempt(_state(), None)
