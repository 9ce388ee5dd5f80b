"""``vaultlift report``: make the HTML and JSON reports from an evidence folder."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from adapters.evidence_folder import EvidenceFolder
from cli.exit_codes import ExitCode
from cli.options import Json, Quiet
from cli.output import Output
from cli.version import tool_version
from domain.errors import ConfigurationError
from reports import report_html, report_json
from reports.gathering import gather
from reports.model import Report, build_report
from reports.words import count

EvidenceDir = Annotated[
    Path, typer.Option("--evidence", metavar="DIR", help="Folder the evidence is in.")
]
OutDir = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder to put the reports into.")
]


@dataclass(frozen=True, kw_only=True)
class Written:
    """The reports and where they are."""

    report: Report
    html: Path
    json: Path


def write_reports(
    evidence: Path, out: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Written:
    """Makes ``report.html`` and ``report.json`` in ``out`` from the evidence below ``evidence``.

    Raises:
        ConfigurationError: There is no such evidence folder, or ``out`` cannot be written.
        EvidenceError: A document of the evidence cannot be read.
    """
    # An empty folder is no mistake, a folder that is not there is a misspelt one.
    if not evidence.is_dir():
        raise ConfigurationError("there is no such evidence folder", subject=str(evidence))
    gathered = asyncio.run(gather(EvidenceFolder(evidence)))
    report = build_report(
        gathered.reports,
        unfinished=gathered.unfinished,
        generated_at=now(),
        tool_version=tool_version(),
    )
    # Links stay relative, so that a folder with report and evidence can be moved or zipped.
    path = Path(os.path.relpath(evidence.resolve(), out.resolve())).as_posix()
    written = Written(report=report, html=out / "report.html", json=out / "report.json")
    try:
        out.mkdir(parents=True, exist_ok=True)
        written.html.write_text(report_html.render(report, evidence_path=path), "utf-8")
        written.json.write_text(report_json.render(report), "utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"cannot be written: {error.strerror or error}", subject=str(out)
        ) from error
    return written


def report(
    *,
    evidence: EvidenceDir,
    out: OutDir,
    as_json: Json = False,
    is_quiet: Quiet = False,
) -> ExitCode:
    """Make report.html and report.json from evidence."""
    output = Output(as_json=as_json, is_quiet=is_quiet)
    written = write_reports(evidence, out)
    summary = written.report.summary
    output.event("report", html=str(written.html), json=str(written.json), vaults=summary.vaults)
    output.say(
        f"{count(summary.vaults, 'vault')}, {count(summary.unfinished, 'run')} without an end: "
        f"{written.html} and {written.json}"
    )
    return ExitCode.CLEAN
