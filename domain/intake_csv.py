"""Reads a CSV file of vaults row by row into an :class:`~domain.intake_rows.Intake`."""

import csv
import io
import re
from collections.abc import Iterator

from domain.intake_rows import WHOLE, Intake, Row

_VALUE = re.compile(r'[^\s,;"]')
"""Anything that is a value, and not only what stands between values."""


def _separator_problem(header: str) -> str | None:
    # A spreadsheet set to a language with decimal commas saves "CSV" with other separators.
    for mark, name in ((";", "semicolons"), ("\t", "tabs")):
        if mark in header and "," not in header:
            return f"the columns are separated by {name}; save the file with commas"
    return None


def _file_problem(text: str) -> str | None:
    if "\x00" in text or "\ufffd" in text:
        return "the file is not text in UTF-8; save it as CSV UTF-8"
    # A sheet whose cells were cleared is saved as nothing but separators.
    if not _VALUE.search(text):
        return "the file is empty"
    header = text.lstrip().partition("\n")[0]
    # The HTTP body's form, saved to a file and handed in here, is an easy mistake.
    if header[0] in {"{", "["}:
        return "the file is JSON, not CSV"
    return _separator_problem(header)


def _lines(intake: Intake, text: str) -> Iterator[tuple[int, list[str] | None]]:
    """Every row that is not blank, with the number of the line it begins on.

    None stands for a row that cannot be read; why has been reported.
    """
    # Strict: without it a quote that is never closed makes the rest of the file one cell, and the
    # vaults in it are silently gone.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            intake.report(f"line {begins}", WHOLE, _row_problem(error))
            # The reader goes on with the next line; what is wrong there is told as well.
            yield begins, None
        else:
            if any(cell.strip() for cell in cells):
                yield begins, [cell.strip() for cell in cells]
        # A cell in quotes may span lines; people look for a row where it begins.
        begins = reader.line_num + 1


def _row_problem(error: csv.Error) -> str:
    if "end of data" in str(error):
        return "a quotation mark is opened and never closed; the rest of the file is one value"
    return f"not CSV: {error}"


def _check_header(intake: Intake, where: str, header: list[str]) -> frozenset[str]:
    for name in dict.fromkeys(header):
        if not name:
            intake.report(where, WHOLE, "a column has no name")
        elif name not in intake.field_names:
            intake.report_unknown(where, name, intake.field_names, "column")
        elif header.count(name) > 1:
            intake.report(where, name, f"stands {header.count(name)} times in the header")
    absent = [name for name in intake.required_names if name not in header]
    for name in absent:
        intake.report(where, name, "the column is missing")
    return frozenset(absent)


def _read_table(intake: Intake, text: str) -> None:
    lines = _lines(intake, text)
    number, header = next(lines)
    # Without its header no other line can be judged.
    if header is None:
        return
    absent = _check_header(intake, f"line {number}", header)
    is_empty = True
    for number, cells in lines:
        is_empty = False
        if cells is None:
            continue
        where = f"line {number}"
        if len(cells) != len(header):
            # Which column the surplus or missing value belongs to is anybody's guess.
            intake.report(where, WHOLE, f"has {len(cells)} values for {len(header)} columns")
            continue
        # Unknown columns were reported once for the file; their cells need no second complaint.
        pairs = zip(header, cells, strict=True)
        given = {name: cell for name, cell in pairs if name in intake.field_names}
        intake.add(Row(where=where, given=given), absent=absent)
    if is_empty:
        intake.report("file", WHOLE, "the file lists no vaults")


def read_csv(intake: Intake, text: str) -> None:
    """Adds every row of a CSV file with a header line, or what is wrong with it."""
    problem = _file_problem(text)
    if problem:
        intake.report("file", WHOLE, problem)
        return
    _read_table(intake, text)
