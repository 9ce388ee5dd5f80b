"""Whether reports are set up, and whole (MON-01, MON-02)."""

from domain.checks.catalog import REPORTS
from domain.codec import JsonObject
from domain.diagnostics import (
    CATEGORIES,
    LEGACY_CATEGORY,
    ReportState,
    objection_to,
    report_state,
)
from domain.findings import Fact, Finding, Verdict
from domain.readings import Attempt, FailedRead, unread

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
        return _judge_place(state, workspace)
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


def _judge_place(state: ReportState, workspace: str | None) -> tuple[Verdict, str, str]:
    places = state.workspace_ids()
    named = ", ".join(places)
    # ARM ids are compared without case, as the services do (recovery-services 0).
    if workspace and workspace.casefold() not in [one.casefold() for one in places]:
        text = f"reports go to {named}, and not to the workspace that was asked for"
        return Verdict.FAIL, text, _SET_UP
    return Verdict.PASS, f"reports go to {named}. {BY_DESIGN_ABSENT}", ""


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
