"""Work lists: one CSV file for each owner of machines, to be sent to them as it is."""

import csv
import re
from collections.abc import Iterable
from pathlib import Path

from cli.settle_views import WorkView

NOBODY = "no-owner"
"""Name of the file with the machines nobody is named for."""
COLUMNS = ("machine", "vault", "what_to_do", "found", "check")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _cell(text: str) -> str:
    # A spreadsheet runs what looks like a formula, whoever wrote it.
    return f"'{text}" if text.startswith(_FORMULA) else text


def _file_name(owner: str) -> str:
    return re.sub(r"[^A-Za-z0-9@._-]+", "-", owner).strip("-.") or NOBODY


def write_work_lists(rows: Iterable[WorkView], folder: Path) -> tuple[Path, ...]:
    """Writes one file per owner and gives their paths, sorted; an older list is replaced.

    Args:
        rows: What has to be done at machines.
        folder: Made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    by_file: dict[str, list[WorkView]] = {}
    for row in rows:
        by_file.setdefault(_file_name(row.owner), []).append(row)
    for name, work in by_file.items():
        path = folder / f"{name}.csv"
        # The byte-order mark lets spreadsheets read names that are not ASCII.
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for one in sorted(work, key=lambda one: (one.machine.casefold(), one.check_id)):
                cells = (one.machine, one.vault, one.what_to_do, one.found, one.check_id)
                writer.writerow([_cell(cell) for cell in cells])
    return tuple(sorted(folder / f"{name}.csv" for name in by_file))
