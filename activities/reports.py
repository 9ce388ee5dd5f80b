"""Reads, and where it was agreed makes, the diagnostic setting that reports are made from."""

from datetime import datetime

from activities.attempts import attempt, failures
from activities.evidence import keep, keep_findings
from adapters.ports import Ports
from domain.checks import report_data
from domain.checks import reports as reports_check
from domain.codec import JsonObject
from domain.diagnostics import SETTING_NAME, objection_to, report_state, setting_body
from domain.errors import NotFoundError, OutcomeUnknownError, RefusedError
from domain.evidence_marks import ReportsMadeData
from domain.findings import Finding
from domain.readings import tasks_of
from domain.settling import ReportsPlan, SettleRequest
from domain.summaries import StepSummary
from domain.vaults import Provenance, Reading

MADE_STEP = "10-reports-made"


async def run_plan_reports(ports: Ports, settle: SettleRequest) -> ReportsPlan:
    """Whether a diagnostic setting would be made; none where whole reports go somewhere already.

    Raises:
        ServiceError: The settings could not be read.
    """
    if settle.diagnostics_workspace is None:
        return ReportsPlan(change="")
    reading = await ports.recovery_services.list_diagnostic_settings(settle.vault)
    state = report_state(reading.value)
    wanted = settle.diagnostics_workspace.casefold()
    if wanted in {one.casefold() for one in state.workspace_ids()}:
        return ReportsPlan(change="")
    # A setting that would be refused, or would double the data, is no change to agree to.
    if objection_to(reading.value, settle.diagnostics_workspace):
        return ReportsPlan(change="")
    change = f"diagnostic setting {SETTING_NAME}: six categories to {settle.diagnostics_workspace}"
    return ReportsPlan(change=change)


async def run_make_reports(ports: Ports, settle: SettleRequest) -> StepSummary:
    """Makes the diagnostic setting once; what is there already is left as it is.

    Raises:
        ServiceError: The settings could not be read.
        EvidenceError: The intention could not be kept; nothing was made by this call.
    """
    plan = await run_plan_reports(ports, settle)
    if not plan.change or settle.diagnostics_workspace is None:
        return StepSummary()
    body = setting_body(settle.diagnostics_workspace)
    # The intent first, and only the call that keeps it sends: a second execution cannot tell
    # whether the first one's write arrived.
    entry = await keep(
        ports,
        key=f"{settle.prefix}/{MADE_STEP}.json",
        kind="reports-made",
        vault=str(settle.vault),
        run_id=settle.run_id,
        data=ReportsMadeData(name=SETTING_NAME, before=None, intended=body),
    )
    if not entry.is_new:
        # Sent before, perhaps: what came of it shows in the next reading.
        return StepSummary()
    arm = ports.recovery_services
    try:
        await arm.write_diagnostic_setting(settle.vault, SETTING_NAME, body)
    except OutcomeUnknownError:
        # The reading that follows tells; nothing is sent twice.
        return StepSummary()
    except RefusedError as refused:
        return StepSummary(decisions=(f"The reports could not be set up: {refused}",))
    return StepSummary()


async def run_read_reports(ports: Ports, settle: SettleRequest) -> StepSummary:
    """Judges the diagnostic settings, and whether data arrives where a workspace is known.

    Raises:
        EvidenceError: The findings could not be kept.
    """
    vault = settle.vault
    read = ports.recovery_services.list_diagnostic_settings(vault)
    settings = await attempt("the diagnostic settings", read)
    is_wanted = settle.log_workspace_id is not None or settle.diagnostics_workspace is not None
    findings = reports_check.check(
        settings,
        vault=vault.name,
        is_wanted=is_wanted,
        diagnostics_workspace=settle.diagnostics_workspace,
    )
    arrivals, unread = await _arrivals(ports, settle)
    findings = (*findings, *arrivals)
    return await keep_findings(
        ports,
        settle,
        "10-reports",
        findings,
        tasks_of(findings),
        unread=(*failures(settings), *unread),
    )


async def _arrivals(
    ports: Ports, settle: SettleRequest
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    if settle.log_workspace_id is None:
        return (), ()
    now = ports.clock.now()
    read = _read_arrivals(ports, settle, settle.log_workspace_id, now)
    rows = await attempt("the arrivals in Log Analytics", read)
    findings = report_data.check(
        rows, vault=settle.vault.name, set_up_at=await _set_up_at(ports, settle), now=now
    )
    return findings, failures(rows)


async def _read_arrivals(
    ports: Ports, settle: SettleRequest, workspace_id: str, now: datetime
) -> Reading[tuple[JsonObject, ...]]:
    try:
        return await ports.job_log.list_arrivals(
            workspace_id, settle.vault, now - report_data.DATA_WITHIN
        )
    except NotFoundError as missing:
        # Tables are made by the first row: a workspace without them is an answer, not a gap.
        source = f"no backup table in workspace {workspace_id}"
        provenance = Provenance(source=source, request_id=missing.request_id, read_at=now)
        return Reading(value=(), provenance=provenance)


async def _set_up_at(ports: Ports, settle: SettleRequest) -> datetime | None:
    """When the first rows could have begun to flow, where that is known."""
    made = await ports.evidence.read(f"{settle.prefix}/{MADE_STEP}.json")
    made_at = _recorded(made)
    return max((one for one in (made_at, settle.upgrade_ended_at) if one is not None), default=None)


def _recorded(document: JsonObject | None) -> datetime | None:
    return None if document is None else datetime.fromisoformat(document["recordedAt"])
