"""The tables of the command line."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from rich import box
from rich.console import Group, OverflowMethod
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cli.views import FindingCounts, UpgradeView
from domain.upgrade import RunState
from reports.words import Tone, count, format_duration, state_wording

STYLES = {
    Tone.GOOD: "green",
    Tone.ATTENTION: "yellow",
    Tone.BAD: "bold red",
    Tone.NEUTRAL: "cyan",
}

MIN_ID_WIDTH = 13
"""Columns an OperationId keeps on a narrow terminal while a table is live."""


def _table() -> Table:
    # Only the rule below the head: tables are pasted into tickets, where frames break.
    return Table(box=box.SIMPLE_HEAD, pad_edge=False)


def styled_state(state: str) -> str:
    """The state with its colour, as rich markup."""
    wording = state_wording(state)
    return f"[{STYLES[wording.tone]}]{escape(wording.label)}[/]"


def finding_words(findings: FindingCounts) -> str:
    """Counts of findings, the ones to act upon first; ``-`` when there is none."""
    parts = [
        f"{number} {word}"
        for number, word in (
            (findings.failed, "fail"),
            (findings.unknown, "unknown"),
            (findings.passed, "pass"),
        )
        if number
    ]
    return ", ".join(parts) or "-"


def duration_s(view: UpgradeView, now: datetime) -> float | None:
    """Seconds the run took, or has been taking until ``now`` of the app's clock."""
    # The app's figure where it has one; it alone knows when the run ended.
    if view.duration_seconds is not None or view.started_at is None:
        return view.duration_seconds
    return (now - view.started_at).total_seconds()


def approval_hint(view: UpgradeView) -> str | None:
    """The command that approves an upgrade which waits for that."""
    if view.state != RunState.AWAITING_APPROVAL or view.plan is None:
        return None
    command = f"vaultlift approve {view.id} --plan {view.plan.hash} --approver NAME"
    return f"{view.vault.name} waits for approval: {command}"


def summary_line(views: Sequence[UpgradeView]) -> str:
    """How many vaults are in which state: ``8 vaults: 5 closed, 3 upgrading``."""
    # By label: two states that read the same to people are one figure.
    counts = Counter(state_wording(view.state).label for view in views)
    states = ", ".join(f"{number} {label}" for label, number in counts.most_common())
    return f"{count(len(views), 'vault')}: {states}" if views else "no vaults"


def upgrade_table(views: Sequence[UpgradeView], *, now: datetime, is_live: bool = False) -> Table:
    """One line per vault.

    Args:
        views: The upgrades, in the order to show them.
        now: The time by the app's clock, for upgrades on their way.
        is_live: The table redraws itself: lines are cut rather than broken, so that it stays put.
    """
    table = _table()
    # While it is live the OperationId alone gives way: it takes what the other columns leave.
    table.expand = is_live
    # At the end nothing may be cut: support asks for the whole OperationId (vault-upgrade 3.4).
    overflow: OverflowMethod = "ellipsis" if is_live else "fold"
    table.add_column("Vault", no_wrap=True)
    table.add_column("State", no_wrap=True)
    table.add_column(
        "OperationId",
        no_wrap=is_live,
        overflow=overflow,
        min_width=MIN_ID_WIDTH,
        ratio=1 if is_live else None,
    )
    table.add_column("Duration", justify="right", no_wrap=True)
    table.add_column("Findings", no_wrap=is_live, overflow=overflow)
    table.add_column("Tasks", justify="right", no_wrap=True)
    for view in views:
        table.add_row(
            escape(view.vault.name),
            styled_state(view.state),
            escape(view.operation_id or "-"),
            format_duration(duration_s(view, now)),
            finding_words(view.findings),
            str(view.task_count) if view.task_count else "-",
        )
    return table


def live_view(views: Sequence[UpgradeView], now: datetime) -> Group:
    """What is redrawn while upgrades are followed: the table, the counts, and who is waited for."""
    # As plain text: a vault's name may hold what rich would read as markup.
    hints = [Text(hint) for hint in map(approval_hint, views) if hint]
    return Group(upgrade_table(views, now=now, is_live=True), Text(summary_line(views)), *hints)
