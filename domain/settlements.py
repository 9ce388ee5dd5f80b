"""The end of a settlement: which state it comes to, and the report that is kept of it."""

from domain.settling import SettlementVerdictRequest
from domain.upgrade import RunState


def end_state(request: SettlementVerdictRequest) -> tuple[RunState, tuple[str, ...]]:
    """The state a settlement comes to, and the reasons for it.

    The order is that of urgency: what needs Microsoft, what could not be read, what somebody has
    to agree to or decide, what somebody has to do.
    """
    summary = request.summary
    if request.needs_support:
        return RunState.NEEDS_SUPPORT, request.stopped
    if request.stopped or summary.unread:
        return RunState.STOPPED, (*request.stopped, *summary.unread)
    if request.not_approved:
        return RunState.NOT_APPROVED, (request.not_approved,)
    # Ahead of tasks: they may be about a zone that is still to be chosen.
    if summary.decisions:
        return RunState.NEEDS_DECISION, summary.decisions
    tally = summary.tally
    if summary.task_count or tally.failed or tally.unknown:
        return RunState.CLOSED_WITH_TASKS, ()
    return RunState.CLOSED, ()
