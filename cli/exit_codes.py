"""Every exit code of ``vaultlift`` and when it is given (DESIGN 6)."""

from collections.abc import Iterable
from enum import IntEnum

from cli.views import UpgradeView
from domain.upgrade import RunState


class ExitCode(IntEnum):
    """What a script learns from a command."""

    CLEAN = 0
    # Also for wrong usage, where typer would give 2: that number is taken by "changes pending".
    TOOL_ERROR = 1
    PENDING = 2
    FINDINGS = 3
    UNKNOWN = 4
    NOT_APPROVED = 5
    THRESHOLD = 6
    # What a shell gives for Ctrl-C: 128 and the number of the signal.
    INTERRUPTED = 130


MEANINGS: dict[ExitCode, str] = {
    ExitCode.CLEAN: "clean: done, nothing left to do",
    ExitCode.TOOL_ERROR: "tool error: bad input or usage, or the app could not be reached",
    ExitCode.PENDING: "changes pending: a vault is still on its way or waits for approval",
    ExitCode.FINDINGS: "findings: a vault is blocked, failed, or has work left for a person",
    ExitCode.UNKNOWN: "some unknown: something about a vault could not be read",
    ExitCode.NOT_APPROVED: "approval denied or expired",
    ExitCode.THRESHOLD: "error threshold reached; the campaign was paused",
    ExitCode.INTERRUPTED: "interrupted: what was started goes on in the app",
}
"""The one table that help texts and documents are made from."""

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


def help_text() -> str:
    """The table as it stands below ``--help``."""
    lines = [f"{code.value:>4}  {meaning}" for code, meaning in MEANINGS.items()]
    note = "Where several apply: 2 while anything is on its way, then the highest."
    return "\n".join(["Exit codes:", *lines, note])
