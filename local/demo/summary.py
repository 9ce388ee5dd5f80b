"""The last words of a demo: one line per vault, and whether all ended as declared."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.tables import MIN_ID_WIDTH, finding_words, styled_state
from cli.views import FindingCounts
from domain.upgrade import RunState
from local.demo.expectations import Comparison
from reports.words import count, format_duration


def _state(state: RunState | None) -> str:
    return styled_state(state.value) if state else "-"


def _row(one: Comparison) -> tuple[str, ...]:
    # No end is a result as well: the run may be stuck, and the table must say so.
    outcome = one.report.outcome if one.report else None
    if outcome is None:
        return (escape(one.vault), "no end", _state(one.expected), "-", "-", "-", "-")
    tally = outcome.tally
    findings = FindingCounts(passed=tally.passed, failed=tally.failed, unknown=tally.unknown)
    return (
        escape(one.vault),
        _state(outcome.state),
        "as declared" if one.is_as_expected else _state(one.expected),
        escape(outcome.operation_id or "-"),
        format_duration((outcome.ended_at - outcome.started_at).total_seconds()),
        finding_words(findings),
        str(outcome.task_count or "-"),
    )


def summary_table(comparisons: Sequence[Comparison]) -> Table:
    """One line per vault: end, declared end, OperationId, virtual duration, findings, tasks."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Vault", "End", "Declared", "OperationId", "Duration", "Findings", "Tasks"):
        is_number = heading in {"Duration", "Tasks"}
        # An OperationId has some 60 characters, and cut off is of no use to support.
        may_break = heading in {"OperationId", "Findings"}
        table.add_column(
            heading,
            justify="right" if is_number else "left",
            no_wrap=not may_break,
            overflow="fold",
            min_width=MIN_ID_WIDTH if may_break else None,
        )
    for one in comparisons:
        table.add_row(*_row(one))
    return table


def verdict_line(comparisons: Sequence[Comparison], took_s: float) -> str:
    """The one sentence that counts, naming every vault that ended otherwise."""
    wrong = [one for one in comparisons if not one.is_as_expected]
    took = f"in {took_s:.0f} s"
    if not wrong:
        return f"{count(len(comparisons), 'vault')}, every one ended as its scenario says, {took}."
    texts = [
        f"{one.vault} ended {one.report.outcome.state if one.report else 'not at all'}"
        f" instead of {one.expected or 'not being there'}"
        for one in wrong
    ]
    return f"Not as declared, {took}: {'; '.join(texts)}."


def show(console: Console, comparisons: Sequence[Comparison]) -> None:
    """Prints the table; the reasons stand above it already, where the command printed them."""
    console.print("\nFrom the evidence, beside what each scenario declares:")
    console.print(summary_table(comparisons))
