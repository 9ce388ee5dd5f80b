"""The service's own reasons, explained (vault-upgrade 1.2, 3.2, 3.3)."""

import pytest

from domain.prechecks import Consent, Gravity
from domain.service_reasons import service_reasons
from domain.upgrade import Severity
from tests.unit.domain.check_samples import service_check, service_reason


def test_a_table_of_old_agents_is_known_without_words() -> None:
    """Codes were never published: a version below the floor says enough."""
    (reason,) = service_reasons(
        service_check(service_reason("E1042", "srv01;2.0.9062.0|srv02;2.0.9269.0"))
    )

    assert "2.0.9083.0" in reason.what_to_do


def test_the_advice_tells_the_history_of_the_floor() -> None:
    """2.0.9070.0 was enough in 2017; who reads an old text should know why it is not now."""
    (reason,) = service_reasons(service_check(service_reason("OldAgent")))

    assert "2.0.9070.0" in reason.what_to_do


def test_the_advice_names_the_way_out_for_a_machine_that_is_lost() -> None:
    """A machine that no longer exists blocks until it is unregistered."""
    (reason,) = service_reasons(service_check(service_reason("AgentVersionNotSupported")))

    assert "unregisterMachines" in reason.what_to_do


def test_every_row_of_a_table_is_kept() -> None:
    """One row for each machine."""
    (reason,) = service_reasons(service_check(service_reason("Agent", "a;1.0.0.0|b;1.0.0.1")))

    assert (("a", "1.0.0.0"), ("b", "1.0.0.1")) == reason.rows


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("ConfigurationJobRunning", "Wait until the job has ended"),
        ("RegistrationInProgress", "Wait until the job has ended"),
        ("StorageBasedBilling", "instance-based billing"),
        ("CspSubscriptionNotSupported", "CSP"),
        ("TargetVaultExists", "different resource group"),
    ],
)
def test_documented_causes_are_explained(code: str, part: str) -> None:
    """Each cause of the article has its own next step."""
    (reason,) = service_reasons(service_check(service_reason(code)))

    assert part in reason.what_to_do


def test_an_unknown_cause_is_passed_on_in_the_services_words() -> None:
    """Nothing is made up."""
    unknown = service_reason("E77", "the moon is full", recommended_action="Wait a week.")

    (reason,) = service_reasons(service_check(unknown))

    assert ("the moon is full", "Wait a week.") == (reason.message, reason.what_to_do)


def test_the_services_own_advice_comes_first() -> None:
    """What is documented besides is kept beside it, not in its place."""
    known = service_reason("AgentVersionNotSupported", recommended_action="Update the agent.")

    (reason,) = service_reasons(service_check(known))

    assert ("Update the agent.", True) == (reason.what_to_do, "2.0.9083.0" in reason.explanation)


def test_a_warning_can_be_agreed_to_by_the_request() -> None:
    """Billing, for one."""
    warning = service_reason("StorageBasedBilling", severity=Severity.WARNING)

    (reason,) = service_reasons(service_check(warning))

    assert (Gravity.WARNING, Consent.WARNINGS, False) == (
        reason.gravity,
        reason.consent,
        reason.is_blocking,
    )


def test_errors_come_first_and_all_reasons_are_kept() -> None:
    """All reasons are reported together."""
    warning = service_reason("W", severity=Severity.WARNING)

    reasons = service_reasons(service_check(warning, service_reason("E"), service_reason("F")))

    assert ["E", "F", "W"] == [reason.code for reason in reasons]


def test_a_reason_without_a_code_says_so() -> None:
    """Every member of the body is optional; a machine still needs something to hold on to."""
    (reason,) = service_reasons(service_check(service_reason("", "text")))

    assert "NoCode" == reason.code


def test_a_number_that_is_no_version_is_not_taken_for_an_agent() -> None:
    """A job's number is not a version of 2017."""
    (reason,) = service_reasons(service_check(service_reason("E1", "item;12")))

    assert "MARS" not in reason.what_to_do


def test_a_reason_reads_as_one_line() -> None:
    """As operators see it: code, table, what to do."""
    (reason,) = service_reasons(service_check(service_reason("E1", "a;1|b;2")))

    assert "E1: a; 1 | b; 2." == str(reason)


def test_a_message_that_ends_with_a_full_stop_keeps_one() -> None:
    """The service's own words and its advice are two sentences."""
    told = service_reason("E1", "The vault is busy.", recommended_action="Wait.")
    (reason,) = service_reasons(service_check(told))

    assert "E1: The vault is busy. Wait." == str(reason)
