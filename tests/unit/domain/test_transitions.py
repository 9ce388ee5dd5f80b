"""The table of a run's states."""

import pytest

from domain.errors import TransitionError
from domain.transitions import TRANSITIONS, advance
from domain.upgrade import END_STATES, RunState


def test_listed_step_is_taken() -> None:
    """A step the table lists gives the state it leads to."""
    assert RunState.STARTING is advance(RunState.CHECKING, RunState.STARTING, subject="v")


def test_step_that_is_not_listed_is_refused() -> None:
    """A step the table does not list is raised, with both states and the vault."""
    with pytest.raises(TransitionError) as caught:
        advance(RunState.SETTLING, RunState.STARTING, subject="vault-a")

    assert "vault-a: no way from settling to starting" == str(caught.value)


@pytest.mark.parametrize("end", sorted(END_STATES))
def test_end_is_never_left(end: RunState) -> None:
    """No step leads out of an end state."""
    with pytest.raises(TransitionError):
        advance(end, RunState.INSPECTING, subject="v")


def test_every_state_is_an_end_or_leads_on() -> None:
    """Each state of a run is either an end or has steps in the table, and none is both."""
    assert set(RunState) - END_STATES == set(TRANSITIONS)


def test_upgrade_once_begun_is_never_started_anew() -> None:
    """From the upgrade on, no sequence of steps leads back to a start (DESIGN rule 1)."""
    reached, ahead = set(), {RunState.UPGRADING}
    while ahead:
        state = ahead.pop()
        reached.add(state)
        ahead |= TRANSITIONS.get(state, frozenset()) - reached

    assert not reached & {RunState.CHECKING, RunState.AWAITING_APPROVAL, RunState.STARTING}
