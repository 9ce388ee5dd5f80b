"""The exit code of what became of vaults."""

from collections.abc import Iterable

from cli.exit_codes import ExitCode
from cli.views import UpgradeView
from domain.upgrade import RunState

_BY_STATE: dict[RunState, ExitCode] = {
    RunState.CLOSED: ExitCode.CLEAN,
    RunState.CLOSED_WITH_TASKS: ExitCode.FINDINGS,
    RunState.NEEDS_DECISION: ExitCode.FINDINGS,
    RunState.NEEDS_SUPPORT: ExitCode.FINDINGS,
    RunState.BLOCKED: ExitCode.FINDINGS,
    RunState.STOPPED: ExitCode.UNKNOWN,
    RunState.NOT_APPROVED: ExitCode.NOT_APPROVED,
}


def _of_view(view: UpgradeView) -> ExitCode:
    # Also a run that shows an end but no time of it: its verdict is still being written.
    if view.end_state is None:
        return ExitCode.PENDING
    findings = view.findings
    # Closed with a failed finding is possible: settling reports what it may not repair.
    codes = [_BY_STATE[view.end_state]]
    if findings.failed:
        codes.append(ExitCode.FINDINGS)
    if findings.unknown:
        codes.append(ExitCode.UNKNOWN)
    return max(codes)


def exit_code_of(views: Iterable[UpgradeView]) -> ExitCode:
    """The code for a set of vaults.

    2 as long as any vault is on its way, so that a script can wait for something else; after that
    the highest code that applies to any of them.
    """
    codes = [_of_view(view) for view in views]
    # Before the worst code: while one vault is on its way nothing is final for a script.
    if ExitCode.PENDING in codes:
        return ExitCode.PENDING
    return max(codes, default=ExitCode.CLEAN)
