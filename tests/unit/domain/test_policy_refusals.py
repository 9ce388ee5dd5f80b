"""Every refusal the service is known to give has a cause and a next step."""

import pytest

from domain.policy_refusals import RefusalKind, explain_refusal

FINAL, BUSY = RefusalKind.FINAL, RefusalKind.BUSY


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("BMSUserErrorInvalidPolicyInput", 400, FINAL),
        ("bmsusererrorinvalidpolicyinput", 400, FINAL),
        ("UserErrorLogRetentionNotInValidRangeInPolicy", 400, FINAL),
        ("UserErrorInvalidRequestParameter", 400, FINAL),
        ("AuthorizationFailed", 403, FINAL),
        ("ScopeLocked", 409, FINAL),
        ("CloudDosTimeboudLimitReached", 400, RefusalKind.BUDGET),
        ("CloudDosTimeboundLimitReached", 400, RefusalKind.BUDGET),
        ("UserErrorResourceGuardRequestMissing", 403, RefusalKind.GUARD),
        ("LinkedAuthorizationFailed", 403, RefusalKind.GUARD),
        ("BMSUserErrorObjectLocked", 409, BUSY),
        ("SomethingNew", 409, BUSY),
        ("ExpiredAuthenticationToken", 401, BUSY),
        ("SomethingNew", 400, FINAL),
        (None, 403, FINAL),
    ],
)
def test_a_code_decides_what_happens_next(code: str | None, status: int, kind: RefusalKind) -> None:
    """Codes are compared without case, and an unknown one goes by its status."""
    assert kind == explain_refusal(code, status).kind


def test_a_final_refusal_says_what_a_person_can_do() -> None:
    """A reason without a next step leaves the reader alone."""
    refusal = explain_refusal("UserErrorInvalidRequestParameter", 400)

    assert (True, True) == ("time zone" in refusal.cause, bool(refusal.next_step))


def test_a_guard_without_a_known_code_is_known_by_the_words_and_says_so() -> None:
    """The service never published what it answers where no request is named."""
    refusal = explain_refusal("SomethingNew", 400, "ResourceGuard operation request is empty")

    assert (RefusalKind.GUARD, "by the words 'resourceguard' in the answer") == (
        refusal.kind,
        refusal.recognised_by,
    )


def test_a_known_code_is_not_overruled_by_words() -> None:
    """A sentence may mention a guard; the code says what is wrong."""
    refusal = explain_refusal("AuthorizationFailed", 403, "no role, nor on any resource guard")

    assert (FINAL, "") == (refusal.kind, refusal.recognised_by)
