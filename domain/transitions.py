"""From which state a run may go to which: one table, through which every change of state goes.

What the table does not list is a defect of the workflow and never the vault's: it is raised, so
that no run is recorded in a state it cannot have come to.
"""

from domain.errors import TransitionError
from domain.upgrade import RunState

# A short name for the table below, where the full one would hide the states.
_S = RunState
TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    # A record found at the first look decides where a run goes on: adopted, or settled only.
    _S.INSPECTING: frozenset(
        {_S.CHECKING, _S.UPGRADING, _S.CONFIRMING, _S.NEEDS_SUPPORT, _S.STOPPED}
    ),
    # The check fails, too, when somebody else has started meanwhile: then theirs is adopted.
    _S.CHECKING: frozenset(
        {
            *(_S.AWAITING_APPROVAL, _S.STARTING, _S.NOT_APPROVED, _S.BLOCKED, _S.STOPPED),
            *(_S.UPGRADING, _S.CONFIRMING, _S.NEEDS_SUPPORT),
        }
    ),
    # Checked again after each approval: the plan it names may have changed (DESIGN rule 3).
    _S.AWAITING_APPROVAL: frozenset(
        {_S.CHECKING, _S.STARTING, _S.NOT_APPROVED, _S.BLOCKED, _S.STOPPED}
    ),
    # Straight to CONFIRMING where the start finds the vault upgraded by somebody else meanwhile.
    _S.STARTING: frozenset({_S.UPGRADING, _S.CONFIRMING, _S.BLOCKED, _S.NEEDS_SUPPORT, _S.STOPPED}),
    _S.UPGRADING: frozenset({_S.CONFIRMING, _S.NEEDS_SUPPORT, _S.STOPPED}),
    _S.CONFIRMING: frozenset({_S.SETTLING, _S.NEEDS_SUPPORT, _S.STOPPED}),
    # No way back to anything before this line: the vault is upgraded, and there is no rollback
    # (vault-upgrade 1.7). What is left undone is a task, a decision or a stop with its reason.
    _S.SETTLING: frozenset({_S.PROVING, _S.NEEDS_DECISION, _S.STOPPED}),
    _S.PROVING: frozenset({_S.CLOSED, _S.CLOSED_WITH_TASKS, _S.NEEDS_DECISION, _S.STOPPED}),
}
"""From each state, where a run may go next."""


def advance(current: RunState, target: RunState, *, subject: str) -> RunState:
    """``target``, if the table allows the step from ``current``.

    Raises:
        TransitionError: The table does not list the step; names both states and the vault.
    """
    if target not in TRANSITIONS.get(current, frozenset()):
        raise TransitionError(f"no way from {current} to {target}", subject=subject)
    return target
