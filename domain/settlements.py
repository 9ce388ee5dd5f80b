"""The end of a settlement: which state it comes to, and the report that is kept of it."""

from dataclasses import dataclass

from domain.findings import Finding
from domain.outcomes import ChecklistEntry, ManualTask
from domain.settling import SettlementOutcome, SettlementVerdictRequest
from domain.upgrade import RunState
from domain.work_list import WorkItem


@dataclass(frozen=True, kw_only=True)
class SettlementReport:
    """The whole story of one settlement, as kept in evidence."""

    outcome: SettlementOutcome
    requested_by: str
    checklist: tuple[ChecklistEntry, ...]
    """Every statement of the article and how it stands."""
    findings: tuple[Finding, ...]
    tasks: tuple[ManualTask, ...]
    work_list: tuple[WorkItem, ...]
    """What has to be done at machines, one row each."""


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
