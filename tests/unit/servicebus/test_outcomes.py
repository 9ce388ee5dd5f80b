"""Verdicts on the wire."""

import pytest

from local.servicebus.errors import BrokerError, message_lock_lost
from local.servicebus.outcomes import answer_outcome, read_outcome, refuse_outcome
from local.servicebus.performatives import Code, outcome
from local.servicebus.settlement import Settlement, Verdict
from local.servicebus.values import Symbol

YES, NO = True, False
INFO = {
    Symbol("DeadLetterReason"): "schema",
    Symbol("DeadLetterErrorDescription"): "no vault",
    Symbol("line"): 3,
}
REJECTION = outcome(Code.ERROR, Symbol("com.microsoft:dead-letter"), "other", INFO)


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (outcome(Code.ACCEPTED), Verdict.COMPLETE),
        (outcome(Code.RELEASED), Verdict.RELEASE),
        (outcome(Code.MODIFIED, YES), Verdict.ABANDON),
        (outcome(Code.MODIFIED), Verdict.ABANDON),
        (outcome(Code.MODIFIED, YES, YES), Verdict.DEFER),
        (outcome(Code.REJECTED), Verdict.DEAD_LETTER),
        (outcome(Code.REJECTED, None), Verdict.DEAD_LETTER),
    ],
)
def test_outcome_is_a_verdict(state, verdict):
    """Each outcome the client sends means one thing."""
    assert Settlement(verdict=verdict) == read_outcome(state)


def test_rejection_brings_reason_and_properties():
    """Reason and description are taken out of the error's details; the rest are properties."""
    expected = Settlement(
        verdict=Verdict.DEAD_LETTER,
        reason="schema",
        description="no vault",
        properties={"line": 3},
    )
    assert expected == read_outcome(outcome(Code.REJECTED, REJECTION))


def test_modification_brings_properties():
    """Abandon and defer may change application properties."""
    state = outcome(Code.MODIFIED, YES, NO, {Symbol("attempt"): 2})

    assert {"attempt": 2} == read_outcome(state).properties


def test_other_states_are_refused():
    """A delivery state that is no outcome settles nothing."""
    with pytest.raises(BrokerError, match="not a delivery outcome"):
        read_outcome(outcome(Code.SOURCE))


@pytest.mark.parametrize("code", [Code.ACCEPTED, Code.RELEASED, Code.MODIFIED])
def test_answer_repeats_the_outcome(code):
    """The client wants its own outcome back."""
    state = outcome(code, YES)

    assert state == answer_outcome(state)


def test_answer_to_a_rejection_is_bare():
    """With an error it would mean that the broker refused the dead-lettering."""
    assert outcome(Code.REJECTED) == answer_outcome(outcome(Code.REJECTED, REJECTION))


def test_refusal_carries_the_error():
    """A settlement that failed is answered with a rejection and its reason."""
    (error,) = refuse_outcome(message_lock_lost()).value

    assert "com.microsoft:message-lock-lost" == error.value[0]
