"""How each vault of the sample estate is meant to end, and whether it did."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from domain.outcomes import VaultReport
from domain.upgrade import END_STATES, RunState
from local.demo.errors import DemoError


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One vault: how it was meant to end, and how it did."""

    vault: str
    expected: RunState | None
    """None: the vault is not in the file of expected ends."""
    report: VaultReport | None
    """None: no run of it has ended."""

    @property
    def is_as_expected(self) -> bool:
        """Whether it ended as its scenario says."""
        return self.report is not None and self.report.outcome.state is self.expected


def read_expected(path: Path) -> dict[str, RunState]:
    """Vault names and their declared ends, from a CSV file with ``vault_name`` and ``end``.

    Raises:
        DemoError: The file cannot be read, or names something that is no end.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(row["vault_name"], row["end"]) for row in csv.DictReader(file)]
    except (OSError, KeyError) as error:
        raise DemoError(f"cannot be read as vault_name,end: {error}", subject=str(path)) from error
    ends = {state.value: state for state in END_STATES}
    for vault, end in rows:
        # Told before anything is started: a misspelt end could never come true.
        if end not in ends:
            raise DemoError(
                f"{vault}: {end!r} is not an end; one of {', '.join(sorted(ends))}",
                subject=str(path),
            )
    return {vault: ends[end] for vault, end in rows}


def compare(
    expected: Mapping[str, RunState], reports: Iterable[VaultReport]
) -> tuple[Comparison, ...]:
    """Every vault that was expected or ran, in the order of the file, others after them."""
    ended = {report.outcome.vault.name: report for report in reports}
    # A dict keeps the order; a vault nobody declared is shown too, and fails the demo.
    names = dict.fromkeys([*expected, *ended])
    return tuple(
        Comparison(vault=name, expected=expected.get(name), report=ended.get(name))
        for name in names
    )
