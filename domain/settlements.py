"""The end of a settlement: which state it comes to, and the report that is kept of it."""

from domain.settling import SettlementVerdictRequest
from domain.summaries import StepSummary
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
    return (RunState.CLOSED_WITH_TASKS if _leaves_work(summary) else RunState.CLOSED), ()


def _leaves_work(summary: StepSummary) -> bool:
    # What could not be judged is work as well: somebody has to look.
    return bool(summary.task_count or summary.tally.failed or summary.tally.unknown)
