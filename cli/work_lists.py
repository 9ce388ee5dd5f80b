"""Work lists: one CSV file for each owner of machines, to be sent to them as it is."""

import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from domain.errors import ConfigurationError

NOBODY = "no-owner"
"""Name of the file with the machines nobody is named for."""
COLUMNS = ("machine", "vault", "what_to_do", "found", "check")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# What spreadsheets pass over before they look for a formula, byte-order marks included.
_PASSED_OVER = " \u00a0\ufeff"


class WorkRow(Protocol):
    """One thing to do at one machine, as the app shows it or as evidence keeps it."""

    @property
    def owner(self) -> str:
        """Who looks after the machine; empty where nobody is named."""
        ...

    @property
    def machine(self) -> str:
        """Its name."""
        ...

    @property
    def vault(self) -> str:
        """The vault it is registered to."""
        ...

    @property
    def check_id(self) -> str:
        """The check that asks for it."""
        ...

    @property
    def found(self) -> str:
        """What was found."""
        ...

    @property
    def what_to_do(self) -> str:
        """The next step."""
        ...


def _cell(text: str) -> str:
    # A spreadsheet runs what looks like a formula, whoever wrote it: names of machines come from
    # outside, and white space in front of the sign does not stop it. Full-width signs count too.
    start = text.lstrip(_PASSED_OVER)
    is_formula = start.startswith(_FORMULA) or start[:1] in {"\uff1d", "\uff0b", "\uff0d", "\uff20"}
    return f"'{text}" if is_formula else text


def _file_name(owner: str) -> str:
    # Owners come from a file of the operator's: a name like ../x must not leave the folder.
    return re.sub(r"[^A-Za-z0-9@._-]+", "-", owner).strip("-.") or NOBODY


def _write(path: Path, rows: Iterable[WorkRow]) -> None:
    # The byte-order mark lets spreadsheets read names that are not ASCII.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for one in sorted(rows, key=lambda one: (one.machine.casefold(), one.check_id)):
            cells = (one.machine, one.vault, one.what_to_do, one.found, one.check_id)
            writer.writerow([_cell(cell) for cell in cells])


def _is_ours(path: Path) -> bool:
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        return tuple(next(csv.reader(file), ())) == COLUMNS


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Within it, what the file system says comes out as an error about the folder."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"cannot be written: {error.strerror or error}", subject=str(folder)
        ) from error


def make_folder(folder: Path) -> None:
    """Makes the folder of work lists that will be written later.

    Raises:
        ConfigurationError: It cannot be made.
    """
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)


def write_work_lists(rows: Iterable[WorkRow], folder: Path) -> tuple[Path, ...]:
    """Writes one file per owner and gives their paths, sorted; an older list is replaced.

    Args:
        rows: What has to be done at machines.
        folder: Made if it is not there. Earlier lists in it of owners who have nothing left to do
            are emptied; files of other kinds are left alone.

    Raises:
        ConfigurationError: They cannot be written there.
    """
    make_folder(folder)
    by_file: dict[str, list[WorkRow]] = {}
    for row in rows:
        by_file.setdefault(_file_name(row.owner), []).append(row)
    with _told(folder):
        for name, work in by_file.items():
            _write(folder / f"{name}.csv", work)
        # Last week's list of somebody who is done would send them to their machines again.
        for old in folder.glob("*.csv"):
            if old.stem not in by_file and _is_ours(old):
                _write(old, ())
    return tuple(sorted(folder / f"{name}.csv" for name in by_file))
