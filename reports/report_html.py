"""The report for people: one HTML file that needs nothing else.

It opens from disk, asks no server for anything and prints. A content security policy inside the
file allows exactly its own style and script, by hash: should a name out of a vault ever get past
the escaping, it still cannot run.
"""

import base64
import hashlib
from collections.abc import Callable
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from domain.findings import Finding
from domain.upgrade import PrerequisiteReason, RunState
from reports.model import Report, SettlementEntry, Summary, VaultEntry, settled_since
from reports.timeline import timeline
from reports.words import (
    DECISIONS,
    STATEMENT_TONES,
    STATES,
    VERDICTS,
    Wording,
    count,
    format_duration,
    format_moment,
    settled_wording,
    state_wording,
)

_TEMPLATES = "templates"
_VERDICT_ORDER = {verdict: place for place, verdict in enumerate(VERDICTS)}


def sort_findings(findings: tuple[Finding, ...]) -> list[Finding]:
    """Findings with the ones to act upon first, then by check and subject."""
    return sorted(findings, key=lambda f: (_VERDICT_ORDER[f.verdict], f.check_id, f.subject))


def prerequisite_rows(
    reasons: tuple[PrerequisiteReason, ...],
) -> list[tuple[PrerequisiteReason, str, str]]:
    """One row per machine (or other subject): the reason, what it is about, the other columns.

    The service's message is a table without column names (vault-upgrade 3.3); its first column
    names the subject wherever there is more than one.
    """
    rows: list[tuple[PrerequisiteReason, str, str]] = []
    for reason in reasons:
        for cells in reason.rows or ((reason.message,),):
            # One cell alone is a sentence, not the name of a machine.
            subject, rest = (cells[0], cells[1:]) if len(cells) > 1 else ("", cells)
            rows.append((reason, subject, " · ".join(rest)))
    return rows


def page_title(summary: Summary) -> str:
    """What the page is about: upgrades, settlements, or both."""
    if summary.settlements and summary.vaults:
        return "Vault upgrades and settlements"
    return "Settled vaults" if summary.settlements else "Vault upgrades"


type Group = tuple[str, int, dict[RunState, int], Callable[[RunState], Wording]]


def summary_groups(summary: Summary) -> list[Group]:
    """The counts by state: heading, vaults, counts and their words; headed only where both are."""
    groups: list[Group] = []
    is_both = bool(summary.vaults and summary.settlements)
    if summary.vaults:
        heading = "Upgrades" if is_both else ""
        groups.append((heading, summary.vaults, summary.by_state, state_wording))
    if summary.settlements:
        heading = "Settlements" if is_both else ""
        counts = summary.settled_by_state
        groups.append((heading, summary.settlements, counts, settled_wording))
    return groups


def needs_attention(entry: VaultEntry | SettlementEntry) -> bool:
    """Whether a reader should see this vault's details without asking for them."""
    outcome = entry.report.outcome
    is_clean = outcome.state is RunState.CLOSED and not outcome.task_count
    return not is_clean or bool(outcome.tally.failed or outcome.tally.unknown)


def _since(report: Report) -> dict[str, tuple[int, SettlementEntry]]:
    """By key of the upgraded vault: its later settlement, and the number of its section."""
    numbers = {
        entry.report.outcome.evidence_prefix: number
        for number, entry in enumerate(report.settlements, start=report.summary.vaults + 1)
    }
    return {
        key: (numbers[entry.report.outcome.evidence_prefix], entry)
        for key, entry in settled_since(report).items()
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports", _TEMPLATES),
        # Names of vaults and machines, and messages of the service, come from outside.
        autoescape=True,
        # A misspelt member fails the report instead of leaving a blank that reads as "nothing".
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"duration": format_duration, "moment": format_moment}
    environment.globals |= {
        "count": count,
        "state_wording": state_wording,
        "statement_tone": STATEMENT_TONES.__getitem__,
        "states": STATES,
        "verdicts": VERDICTS,
        "sort_findings": sort_findings,
        "prerequisite_rows": prerequisite_rows,
        "needs_attention": needs_attention,
        "timeline": timeline,
        "settled_wording": settled_wording,
        "decisions": DECISIONS,
        "groups": summary_groups,
        "title": page_title,
    }
    return environment


@cache
def _asset(name: str) -> tuple[Markup, str]:
    """A file to be put inline, and its hash as a content security policy names it."""
    text = resources.files("reports").joinpath(_TEMPLATES, name).read_text("utf-8")
    # Over exactly the characters that go into the page, or the browser refuses it.
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"sha256-{digest}"  # noqa: S704 - our own file, not data


def render(report: Report, *, evidence_path: str = "evidence") -> str:
    """The report as one HTML page.

    Args:
        report: What to show.
        evidence_path: Where the evidence lies as seen from the page; evidence keys are linked
            below it.
    """
    style, style_hash = _asset("report.css")
    script, script_hash = _asset("report.js")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            since=_since(report),
            evidence_path=evidence_path.rstrip("/"),
            style=style,
            style_hash=style_hash,
            script=script,
            script_hash=script_hash,
        )
    )
