"""The last words of a demo, as text."""

import io

from rich.console import Console

from domain.upgrade import RunState
from local.demo.expectations import Comparison
from local.demo.summary import show, verdict_line
from tests.unit.reports.samples import OPERATION_ID, blocked_report, failed_report, report


def comparison(made, expected):
    """A run beside its declared end."""
    return Comparison(vault=made.outcome.vault.name, expected=expected, report=made)


def lines_of(comparisons):
    """The printed table without trailing blanks."""
    console = Console(file=io.StringIO(), width=200, no_color=True)
    show(console, comparisons)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines() if line.strip()]


def test_line_holds_everything_about_a_vault():
    """One line has end, declared end, OperationId, virtual duration, findings and tasks."""
    lines = lines_of([comparison(report(), RunState.CLOSED)])

    assert f"vault-clean closed as declared {OPERATION_ID} 12 h 00 min - -" == lines[-1]


def test_other_end_stands_beside_the_declared_one():
    """Where the ends differ both are shown."""
    lines = lines_of([comparison(blocked_report(), RunState.CLOSED)])

    assert "vault-old-agent blocked closed - 3 s - -" == lines[-1]


def test_vault_that_never_ended_has_a_line():
    """A vault without an end is shown as such."""
    lines = lines_of([Comparison(vault="lost", expected=RunState.CLOSED, report=None)])

    assert "lost no end closed - - - -" == lines[-1]


def test_verdict_names_only_what_is_wrong():
    """The verdict names each vault that ended otherwise, and no other."""
    line = verdict_line(
        [comparison(report(), RunState.CLOSED), comparison(failed_report(), RunState.CLOSED)], 61.4
    )

    assert "Not as declared, in 61 s: vault-failing ended needs_support instead of closed." == line


def test_verdict_of_a_good_demo():
    """A good demo says how many vaults and how long."""
    line = verdict_line([comparison(report(), RunState.CLOSED)], 61.4)

    assert "1 vault, every one ended as its scenario says, in 61 s." == line
