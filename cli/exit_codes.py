"""Every exit code of ``vaultlift`` and when it is given (DESIGN 6)."""

from enum import IntEnum


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


def help_text() -> str:
    """The table as it stands below ``--help``."""
    lines = [f"{code.value:>4}  {meaning}" for code, meaning in MEANINGS.items()]
    note = "Where several apply: 2 while anything is on its way, then the highest."
    return "\n".join(["Exit codes:", *lines, note])
