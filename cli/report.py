"""``vaultlift report``: make the HTML and JSON reports from evidence."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.evidence_source import EvidenceSource, FolderSource, find_source
from cli.exit_codes import ExitCode
from cli.options import Json, Quiet
from cli.output import Output
from cli.work_lists import write_work_lists
from domain.errors import ConfigurationError
from domain.version import VERSION
from reports import report_html, report_json
from reports.gathering import Gathered, gather
from reports.model import Report, build_report, settled_since
from reports.words import count

Evidence = Annotated[
    str,
    typer.Option(
        "--evidence",
        metavar="DIR|URL",
        help="Folder the evidence is in, or the address of its blob container.",
    ),
]
OutDir = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder to put the reports into.")
]

WORK_LISTS = "work-lists"
"""Folder of the work lists, beside the reports."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """The reports and where they are."""

    report: Report
    html: Path
    json: Path
    work_lists: tuple[Path, ...]
    """One CSV file for each owner of machines; none where nothing is left to do at any."""


def write_reports(
    evidence: Path | EvidenceSource,
    out: Path,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    clock_rate: float = 1.0,
) -> Written:
    """Makes reports and work lists in ``out`` from the evidence in a folder or another source.

    Args:
        evidence: The folder or source.
        out: Folder of the reports; made where it is not there.
        now: Tells when the report is made.
        clock_rate: How much faster than real time the clock of ``now`` and of the evidence runs.

    Raises:
        ConfigurationError: There is no such evidence folder, or ``out`` cannot be written.
        EvidenceError: A document of the evidence cannot be read.
    """
    source = FolderSource(path=evidence) if isinstance(evidence, Path) else evidence
    gathered = asyncio.run(_gather(source))
    report = build_report(
        gathered.reports,
        settlements=gathered.settlements,
        unfinished=gathered.unfinished,
        generated_at=now(),
        tool_version=VERSION,
        clock_rate=clock_rate,
    )
    html, json = out / "report.html", out / "report.json"
    try:
        out.mkdir(parents=True, exist_ok=True)
        html.write_text(report_html.render(report, evidence_path=source.links(out)), "utf-8")
        json.write_text(report_json.render(report), "utf-8")
        lists = _write_lists(report, out / WORK_LISTS)
    except OSError as error:
        raise ConfigurationError(
            f"cannot be written: {error.strerror or error}", subject=str(out)
        ) from error
    return Written(report=report, html=html, json=json, work_lists=lists)


async def _gather(source: EvidenceSource) -> Gathered:
    try:
        return await gather(source.open())
    finally:
        await source.aclose()


def _write_lists(report: Report, folder: Path) -> tuple[Path, ...]:
    # Nobody is sent to a machine for what was open once: the later look has the last word.
    since = settled_since(report)
    upgraded = [
        row
        for entry in report.vaults
        if entry.report.outcome.vault.key not in since
        for row in entry.report.work_list
    ]
    settled = [row for entry in report.settlements for row in entry.report.work_list]
    # A settlement that could not read everything leaves the machines of a vault in both.
    rows = list(dict.fromkeys((*upgraded, *settled)))
    # An empty folder would look like something that went wrong.
    return write_work_lists(rows, folder) if rows or folder.is_dir() else ()


def report(
    *,
    evidence: Evidence,
    out: OutDir,
    as_json: Json = False,
    is_quiet: Quiet = False,
) -> ExitCode:
    """Make report.html, report.json and a work list per owner of machines from evidence."""
    output = Output(as_json=as_json, is_quiet=is_quiet)
    written = write_reports(find_source(evidence), out)
    summary = written.report.summary
    output.event(
        "report",
        html=str(written.html),
        json=str(written.json),
        vaults=summary.vaults,
        settlements=summary.settlements,
        workLists=[str(path) for path in written.work_lists],
    )
    settled = f", {count(summary.settlements, 'settlement')}" if summary.settlements else ""
    lists = f", {count(len(written.work_lists), 'work list')}" if written.work_lists else ""
    output.say(
        f"{count(summary.vaults, 'vault')}{settled}, {count(summary.unfinished, 'run')} without an"
        f" end: {written.html} and {written.json}{lists}"
    )
    return ExitCode.CLEAN
