"""Looks whether the jobs of the vault's items have become visible."""

from datetime import datetime

from activities.attempts import attempt, failures
from activities.evidence import keep, keep_findings
from adapters.ports import Ports
from domain.checks.job_sync import JobsRead, findings_of
from domain.codec import JsonObject, to_json
from domain.jobs import LOOK_BACK, JobSources, jobs_window, judge_job_sync
from domain.readings import Attempt, FailedRead, tasks_of
from domain.settling import JobSyncReading, JobSyncRequest, JobSyncState, SettleRequest
from domain.summaries import StepSummary
from domain.vaults import Provenance

NO_WORKSPACE = FailedRead(what="Log Analytics", reason="no workspace is named for this vault")
"""ARM alone is enough to judge by; a workspace is a second source where there is one."""


async def run_read_job_sync(ports: Ports, request: JobSyncRequest) -> JobSyncReading:
    """One look at both sources; the look that settles the matter keeps the findings.

    Raises:
        ServiceError: The protected items could not be read.
        EvidenceError: The look could not be kept.
    """
    settle = request.settle
    now = ports.clock.now()
    # Raised and not attempted: without the items there is nothing to look for, and the orchestrator
    # counts such a look as unknown.
    items = await ports.recovery_services.list_items(settle.vault)
    since, until = jobs_window(items.value, now)
    jobs = await attempt("the jobs", ports.recovery_services.list_jobs(settle.vault, since, until))
    rows = await _read_log(ports, settle, now)
    sources = JobSources(
        items=items.value,
        arm_jobs=None if isinstance(jobs, FailedRead) else jobs.value,
        arm_since=since,
        log_rows=None if isinstance(rows, FailedRead) else rows.value,
    )
    sync = judge_job_sync(sources, upgrade_ended_at=settle.upgrade_ended_at, now=now)
    text = f"look {request.look_no}: {sync.state}"
    if sync.state is not JobSyncState.PROVEN and not request.is_last:
        await _keep_look(ports, request, to_json(sync), failures(jobs, rows))
        return JobSyncReading(state=sync.state, text=text, summary=StepSummary())
    read = JobsRead(items=items.provenance, arm=_source(jobs), log=_source(rows))
    findings = findings_of(sync, read)
    # One source that could be read decides; the other's failure is a gap only where neither could.
    is_blind = isinstance(jobs, FailedRead) and isinstance(rows, FailedRead)
    unread = failures(jobs, rows) if is_blind and sync.state is JobSyncState.UNKNOWN else ()
    summary = await keep_findings(
        ports, settle, "11-job-sync", findings, tasks_of(findings), unread
    )
    return JobSyncReading(state=sync.state, text=text, summary=summary)


def _source(read: Attempt[tuple[JsonObject, ...]]) -> Provenance | None:
    return None if isinstance(read, FailedRead) else read.provenance


async def _read_log(
    ports: Ports, settle: SettleRequest, now: datetime
) -> Attempt[tuple[JsonObject, ...]]:
    if settle.log_workspace_id is None:
        return NO_WORKSPACE
    read = ports.job_log.list_last_jobs(settle.log_workspace_id, settle.vault, now - LOOK_BACK)
    return await attempt("Log Analytics", read)


async def _keep_look(
    ports: Ports, request: JobSyncRequest, sync: JsonObject, unread: tuple[str, ...]
) -> None:
    await keep(
        ports,
        key=f"{request.settle.prefix}/11-jobs-look-{request.look_no}.json",
        kind="job-sync-look",
        vault=str(request.settle.vault),
        run_id=request.settle.run_id,
        data={"sync": sync, "unread": list(unread)},
    )
