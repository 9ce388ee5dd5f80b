"""Whether reports are set up, whole, and whether their data arrives (MON-01, MON-02, MON-03)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.checks.catalog import REPORT_DATA, REPORTS
from domain.codec import JsonObject
from domain.diagnostics import (
    CATEGORIES,
    LEGACY_CATEGORY,
    ReportState,
    objection_to,
    report_state,
)
from domain.findings import Fact, Finding, Verdict
from domain.moments import parse_moment
from domain.readings import Attempt, FailedRead, unread

FIRST_PUSH = timedelta(hours=24)
"""How long the first rows may take (recovery-services 6.2)."""

DATA_WITHIN = timedelta(hours=48)
"""Items and policies are pushed once a day; two days without a row are a gap."""

BY_DESIGN_ABSENT = (
    "Not in the reports by design: log backups, the current partial day, and, in the portal's list"
    " of jobs, the jobs of DPM and Azure Backup Server."
)

_SET_UP = (
    f"Send the categories {', '.join(CATEGORIES)} to resource-specific tables of a Log Analytics"
    " workspace."
)
_ONE_FORM = (
    f"Switch the category {LEGACY_CATEGORY} off: the same data is sent twice to one workspace, and"
    " some policies refuse the pair."
)


def _judge(
    state: ReportState, workspace: str | None, *, is_wanted: bool
) -> tuple[Verdict, str, str]:
    # Whole and doubled is a fault of cost, and some landing zones deny the pair.
    if state.whole and state.is_doubled:
        text = f"whole, and the legacy category {LEGACY_CATEGORY} goes to the same workspace"
        return Verdict.FAIL, text, _ONE_FORM
    if state.whole:
        places = ", ".join(state.workspace_ids())
        if workspace and workspace.casefold() not in places.casefold().split(", "):
            text = f"reports go to {places}, and not to the workspace that was asked for"
            return Verdict.FAIL, text, _SET_UP
        return Verdict.PASS, f"reports go to {places}. {BY_DESIGN_ABSENT}", ""
    if state.partial:
        lacking = ", ".join(state.partial[0].missing)
        return Verdict.FAIL, f"setting {state.partial[0].name} lacks {lacking}", _SET_UP
    if state.legacy:
        text = f"only the legacy category {LEGACY_CATEGORY} is sent"
        return Verdict.FAIL, text, f"{_SET_UP} Then switch {LEGACY_CATEGORY} off."
    # Nobody has to want reports; who named a workspace does.
    if is_wanted:
        return Verdict.FAIL, "no diagnostic setting sends reports anywhere", _SET_UP
    text = "no reports are set up, and no workspace was named for them"
    return Verdict.NOT_APPLICABLE, text, ""


def _why_not_made(documents: tuple[JsonObject, ...], workspace: str | None) -> str:
    """Why the setting that was asked for was not made; empty where it was, or nobody asked."""
    if workspace is None:
        return ""
    objection = objection_to(documents, workspace)
    return f"; none is made beside it: {objection}" if objection else ""


def check(
    settings: Attempt[tuple[JsonObject, ...]],
    *,
    vault: str,
    is_wanted: bool,
    diagnostics_workspace: str | None = None,
) -> tuple[Finding, ...]:
    """One finding about the diagnostic settings.

    Args:
        settings: Every diagnostic setting of the vault, raw.
        vault: The vault's name.
        is_wanted: A workspace was named, so that none is a fault and not a choice.
        diagnostics_workspace: ARM id of the workspace a setting was asked for, where one was.
    """
    if isinstance(settings, FailedRead):
        return (unread(REPORTS.id, vault, settings),)
    state = report_state(settings.value)
    verdict, message, to_do = _judge(state, diagnostics_workspace, is_wanted=is_wanted)
    if verdict is Verdict.FAIL:
        message += _why_not_made(settings.value, diagnostics_workspace)
    names = ", ".join(one.name for one in state.whole + state.partial + state.legacy)
    fact = Fact(field="diagnosticSettings", value=names or None, provenance=settings.provenance)
    return (
        Finding(
            check_id=REPORTS.id,
            verdict=verdict,
            subject=vault,
            message=message,
            what_to_do=to_do,
            facts=(fact,),
        ),
    )


def _judge_arrivals(last: Iterable[datetime | None], *, is_early: bool) -> tuple[Verdict, str, str]:
    # One table is proof enough: some stay empty for want of anything to say.
    arrived = [moment for moment in last if moment is not None]
    if arrived:
        return Verdict.PASS, f"last rows arrived {max(arrived):%Y-%m-%d %H:%M} UTC", ""
    if is_early:
        return Verdict.NOT_APPLICABLE, "no rows yet; the first may take 24 hours", ""
    to_do = "Look whether the diagnostic setting still sends to this workspace."
    return Verdict.FAIL, "no rows about the vault arrived within 48 hours", to_do


def check_arrivals(
    rows: Attempt[tuple[JsonObject, ...]],
    *,
    vault: str,
    set_up_at: datetime | None,
    now: datetime,
) -> tuple[Finding, ...]:
    """One finding about the data: arrived, not yet due, or missing.

    Args:
        rows: The arrivals query's rows of the last 48 hours.
        vault: The vault's name.
        set_up_at: UTC; when the setting was made or the vault upgraded, whichever is known and
            later; None: long ago.
        now: UTC.
    """
    if isinstance(rows, FailedRead):
        return (unread(REPORT_DATA.id, vault, rows),)
    last = {str(row.get("TableName")): parse_moment(row.get("LastArrival")) for row in rows.value}
    facts = tuple(
        Fact(
            field=f"{table}.LastArrival",
            value=moment.isoformat() if (moment := last.get(table)) else None,
            provenance=rows.provenance,
        )
        for table in CATEGORIES
    )
    is_early = set_up_at is not None and now - set_up_at < FIRST_PUSH
    verdict, text, to_do = _judge_arrivals(last.values(), is_early=is_early)
    return (
        Finding(
            check_id=REPORT_DATA.id,
            verdict=verdict,
            subject=vault,
            message=text,
            what_to_do=to_do,
            facts=facts,
        ),
    )
