"""Prove that the vault's jobs have become visible after the upgrade.

1. Look at growing distances after the upgrade's end; jobs usually show within the first hours.
2. Stop at the first look that proves every item.
3. The service promises 12 hours: the last look is just after that, and its verdict stands.
"""

from datetime import datetime, timedelta

from durabletask import task

from domain.codec import JsonObject, from_json, to_object
from domain.findings import Tally
from domain.settling import JobSyncReading, JobSyncRequest, JobSyncState, SettleRequest
from domain.summaries import StepSummary
from orchestrators import names
from orchestrators.flow import Flow, call, now, reason_of

LOOKS_AFTER = (
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=9),
    timedelta(hours=12, minutes=15),
)
"""Distances of the looks from the upgrade's end. Six calls at most; the last one lies a quarter of
an hour beyond the 12 hours the article allows (vault-upgrade 1.7)."""


def prove_job_sync(ctx: task.OrchestrationContext, request: JsonObject) -> Flow[JsonObject]:
    """Looks for the jobs until they are proven or the 12 hours are over.

    Args:
        ctx: The orchestration's context.
        request: ``to_json(SettleRequest)``.

    Returns:
        ``to_json(JobSyncReading)`` of the last look.
    """
    settle = from_json(SettleRequest, request)
    moments = _moments(settle.upgrade_ended_at, now(ctx))
    reading = None
    for look_no, moment in enumerate(moments, start=1):
        # A look that is overdue, as after a day without the app, is taken at once.
        if moment > now(ctx):
            yield ctx.create_timer(moment - now(ctx))
        look = JobSyncRequest(settle=settle, look_no=look_no, is_last=look_no == len(moments))
        reading = yield from _look(ctx, look)
        if reading.state is JobSyncState.PROVEN:
            break
    return to_object(reading)


def _moments(ended_at: datetime | None, at: datetime) -> list[datetime]:
    """The looks still ahead; at least one, which is now for an upgrade of long ago."""
    if ended_at is None:
        return [at]
    return [ended_at + after for after in LOOKS_AFTER if ended_at + after > at] or [at]


def _look(ctx: task.OrchestrationContext, look: JobSyncRequest) -> Flow[JobSyncReading]:
    """One look; what cannot be read is unknown, never missing (DESIGN rule 4)."""
    try:
        return (yield from call(ctx, names.READ_JOB_SYNC, look, JobSyncReading))
    except task.TaskFailedError as failure:
        why = reason_of(failure)
        return JobSyncReading(
            state=JobSyncState.UNKNOWN,
            text=why,
            summary=StepSummary(tally=Tally(unknown=1), unread=(f"{names.READ_JOB_SYNC}: {why}",)),
        )
