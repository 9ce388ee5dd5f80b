"""Do what an upgrade leaves to do, on a vault just upgraded or upgraded years ago.

1. Look at the vault's own record of its upgrade (unless ``upgrade_vault`` has): one that failed or
   still runs is left alone.
2. Plan the time zone of every policy, and the diagnostic setting where one was asked for.
3. Get the plan approved where the request says so; a dry run writes nothing.
4. Write the zones in a child, beside everything else: the edit budget may spread it over days.
5. Read security settings, machines, items and reports.
6. Prove that jobs arrive (``prove_job_sync``), unless the caller does.
7. Wait for the writes, and for the consent of a Resource Guard's owner where one is needed.
8. Read every policy again: the findings are about what is there, not about what was sent.
9. Record the verdict, unless the caller records its own.

A part that cannot be read becomes an ``unknown`` finding of its own; the other parts go on. Run
again, nothing is written that is as it should be.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from durabletask import task

from domain.codec import JsonObject, from_json, to_object
from domain.findings import Tally
from domain.outcomes import SettlementOutcome
from domain.settling import (
    JobSyncReading,
    JobSyncRequest,
    JobSyncState,
    Lineage,
    ReportsPlan,
    SettlementVerdictRequest,
    SettleRequest,
    SettleResult,
    ZonePlan,
)
from domain.summaries import StepSummary, add_summaries
from orchestrators import names
from orchestrators.flow import RECORD_RETRY, Flow, call, call_child, now, reason_of
from orchestrators.rosters import gather_rosters
from orchestrators.settle_approval import agree_on_changes
from orchestrators.settle_writes import await_writes, start_writes

READINGS = (names.READ_SECURITY, names.LIST_AGENTS, names.READ_ITEMS, names.READ_REPORTS)
"""Step 5, in the order of the evidence."""


@dataclass(kw_only=True)
class Settling:
    """What a settlement has learnt so far; rebuilt by replay."""

    settle: SettleRequest
    plan: ZonePlan | None = None
    changes: tuple[str, ...] = ()
    makes_reports: bool = False
    summaries: list[StepSummary] = field(default_factory=list)
    stopped: tuple[str, ...] = ()
    not_approved: str = ""
    needs_support: bool = False
    job_sync: JobSyncState | None = None

    @property
    def may_write(self) -> bool:
        """Something is to be written, and nothing forbids it."""
        return bool(self.changes) and not self.settle.is_dry_run and not self.not_approved


def settle_vault(ctx: task.OrchestrationContext, request: JsonObject) -> Flow[JsonObject]:
    """Settles one vault.

    Args:
        ctx: The orchestration's context.
        request: ``to_json(SettleRequest)``.

    Returns:
        ``to_json(SettleResult)``.
    """
    run = Settling(settle=from_json(SettleRequest, request))
    started_at = now(ctx)
    ctx.set_custom_status({"state": "settling"})
    # A vault that is left alone still gets its verdict, with the reason.
    if (yield from _look_at_lineage(ctx, run)):
        yield from _plan(ctx, run)
        if (yield from _agree(ctx, run)):
            yield from _settle(ctx, run)
    summary = add_summaries(run.summaries)
    outcome = yield from _record(ctx, run, summary, started_at)
    return to_object(SettleResult(summary=summary, job_sync=run.job_sync, outcome=outcome))


def _look_at_lineage(ctx: task.OrchestrationContext, run: Settling) -> Flow[bool]:
    """Step 1; False when the vault is to be left alone."""
    # upgrade_vault has compared both records already, and knows that the upgrade ended well.
    if not run.settle.is_alone:
        return True
    try:
        lineage = yield from call(ctx, names.READ_LINEAGE, run.settle, Lineage)
    except task.TaskFailedError as failure:
        run.summaries.append(unread(names.READ_LINEAGE, reason_of(failure)))
        return False
    run.summaries.append(lineage.summary)
    run.settle = replace(run.settle, upgrade_ended_at=lineage.upgrade_ended_at)
    run.needs_support = lineage.needs_support
    if lineage.blocker:
        run.stopped = (lineage.blocker,)
    return not lineage.blocker


def _plan(ctx: task.OrchestrationContext, run: Settling) -> Flow[None]:
    """Step 2."""
    reports = ReportsPlan(change="")
    try:
        run.plan = yield from call(ctx, names.PLAN_TIME_ZONES, run.settle, ZonePlan)
        reports = yield from call(ctx, names.PLAN_REPORTS, run.settle, ReportsPlan)
    except task.TaskFailedError as failure:
        step = names.PLAN_TIME_ZONES if run.plan is None else names.PLAN_REPORTS
        run.summaries.append(unread(step, reason_of(failure)))
    run.makes_reports = bool(reports.change)
    planned = run.plan.changes if run.plan is not None else ()
    run.changes = (*planned, *([reports.change] if reports.change else []))
    if run.plan is not None:
        run.summaries.append(StepSummary(decisions=run.plan.decisions))
        # From here on every step means the zone that was found, whoever named it.
        run.settle = replace(run.settle, time_zone=run.plan.zone)


def _agree(ctx: task.OrchestrationContext, run: Settling) -> Flow[bool]:
    """Step 3; False when the answer could not be kept: nothing may rest on it (DESIGN rule 8)."""
    if not run.changes or run.settle.is_dry_run:
        return True
    try:
        run.not_approved = yield from agree_on_changes(ctx, run.settle, run.changes)
    except task.TaskFailedError as failure:
        run.stopped = (f"{names.RECORD_ANSWER}: {reason_of(failure)}",)
        return False
    return True


def _settle(ctx: task.OrchestrationContext, run: Settling) -> Flow[None]:
    """Steps 4 to 8."""
    writing: task.Task[Any] | None = None
    if run.may_write and run.plan is not None:
        writing = start_writes(ctx, run.settle, run.plan)
    # Only what was shown: a setting that went missing since the plan was agreed to by nobody.
    if run.may_write and run.makes_reports:
        run.summaries.append((yield from read(ctx, names.MAKE_REPORTS, run.settle)))
    # Beside the writes: their edits may be spread over days, and nothing here waits for them.
    yield from gather_rosters(ctx, run.settle.subscriptions)
    for name in READINGS:
        run.summaries.append((yield from read(ctx, name, run.settle)))
    if run.settle.prove_jobs:
        yield from _prove(ctx, run)
    if writing is not None and run.plan is not None:
        run.summaries.append((yield from await_writes(ctx, run.settle, run.plan, writing)))
    # After the writes: the findings are about what is there by then.
    if run.plan is not None:
        run.summaries.append((yield from read(ctx, names.VERIFY_TIME_ZONES, run.settle)))


def _prove(ctx: task.OrchestrationContext, run: Settling) -> Flow[None]:
    """Step 6; a dry run takes one look and does not wait for the twelve hours."""
    ctx.set_custom_status({"state": "proving"})
    if run.settle.is_dry_run:
        look = JobSyncRequest(settle=run.settle, look_no=1, is_last=True)
        try:
            reading = yield from call(ctx, names.READ_JOB_SYNC, look, JobSyncReading)
        except task.TaskFailedError as failure:
            run.summaries.append(unread(names.READ_JOB_SYNC, reason_of(failure)))
            return
    else:
        reading = yield from call_child(
            ctx, names.PROVE_JOB_SYNC, run.settle, JobSyncReading, "prove"
        )
    run.summaries.append(reading.summary)
    run.job_sync = reading.state
    ctx.set_custom_status({"state": "settling"})


def _record(
    ctx: task.OrchestrationContext, run: Settling, summary: StepSummary, started_at: datetime
) -> Flow[SettlementOutcome | None]:
    """Step 9."""
    if not run.settle.is_alone:
        return None
    verdict = SettlementVerdictRequest(
        settle=run.settle,
        instance_id=ctx.instance_id,
        summary=summary,
        stopped=run.stopped,
        not_approved=run.not_approved,
        needs_support=run.needs_support,
        pending_changes=run.changes if run.settle.is_dry_run else (),
        started_at=started_at,
        ended_at=now(ctx),
    )
    return (yield from call(ctx, names.RECORD_SETTLEMENT, verdict, SettlementOutcome, RECORD_RETRY))


def read(ctx: task.OrchestrationContext, name: str, settle: SettleRequest) -> Flow[StepSummary]:
    """One reading step; what cannot be read counts as one unknown, never as a pass."""
    try:
        return (yield from call(ctx, name, settle, StepSummary))
    except task.TaskFailedError as failure:
        return unread(name, reason_of(failure))


def unread(name: str, why: str) -> StepSummary:
    """What a step that could not be carried out counts as."""
    return StepSummary(tally=Tally(unknown=1), unread=(f"{name}: {why}",))
