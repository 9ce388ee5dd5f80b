"""The table of everything wrong with what was handed in."""

from collections.abc import Iterable

from rich import box
from rich.markup import escape
from rich.table import Table

from domain.errors import Problem


def problem_table(problems: Iterable[Problem]) -> Table:
    """Everything wrong with an input, one row per problem."""
    # Only the rule below the head: tables are pasted into tickets, where frames break.
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Where", "Vault", "Field", "Problem"):
        # Folded and not cut: the end of a sentence is where it says what would be right.
        table.add_column(heading, overflow="fold")
    for problem in problems:
        cells = (problem.where, problem.vault or "-", problem.field, problem.message)
        table.add_row(*(escape(cell) for cell in cells))
    return table
