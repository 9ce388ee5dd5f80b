"""Do what an upgrade leaves to do, on a vault just upgraded or upgraded years ago.

1. Plan the time zone of every policy that has one.
2. Write the zones that have to change, a few policies at a time, each in a child.
3. Read every policy again: the findings are about what is there, not about what was sent.
4. Read the security settings and list the agents.
5. Prove that jobs arrive (``prove_job_sync``), unless the caller does.

A part that cannot be read becomes an ``unknown`` finding of its own; the other parts go on.
"""

from durabletask import task

from domain.codec import JsonObject, from_json, to_object
from domain.findings import Tally
from domain.settling import JobSyncReading, PolicyChange, SettleRequest, SettleResult, ZonePlan
from domain.summaries import StepSummary, add_summaries
from orchestrators import names
from orchestrators.flow import Flow, call, call_child, in_window, reason_of

POLICIES_AT_A_TIME = 4
"""Policy writes in flight per vault: the provider's own request bucket is small
(recovery-services 8 advises at most five)."""


def settle_vault(ctx: task.OrchestrationContext, request: JsonObject) -> Flow[JsonObject]:
    """Settles one vault.

    Args:
        ctx: The orchestration's context.
        request: ``to_json(SettleRequest)``.

    Returns:
        ``to_json(SettleResult)``.
    """
    settle = from_json(SettleRequest, request)
    ctx.set_custom_status({"state": "settling"})
    zones = yield from _set_time_zones(ctx, settle)
    security = yield from _read(ctx, names.READ_SECURITY, settle)
    agents = yield from _read(ctx, names.LIST_AGENTS, settle)
    summaries = [zones, security, agents]
    job_sync = None
    if settle.prove_jobs:
        ctx.set_custom_status({"state": "proving"})
        reading = yield from call_child(ctx, names.PROVE_JOB_SYNC, settle, JobSyncReading, "prove")
        summaries.append(reading.summary)
        job_sync = reading.state
    return to_object(SettleResult(summary=add_summaries(summaries), job_sync=job_sync))


def _set_time_zones(ctx: task.OrchestrationContext, settle: SettleRequest) -> Flow[StepSummary]:
    """Steps 1 to 3."""
    try:
        plan = yield from call(ctx, names.PLAN_TIME_ZONES, settle, ZonePlan)
    except task.TaskFailedError as failure:
        return _unread(names.PLAN_TIME_ZONES, reason_of(failure))
    changes = [
        (f"policy{index}", PolicyChange(settle=settle, policy_name=name))
        for index, name in enumerate(plan.to_change)
    ]
    # What became of each write is in the evidence and shows in the reading below, so a child that
    # failed needs no handling here: its policy simply does not have the zone.
    yield from in_window(ctx, names.SET_POLICY_ZONE, changes, POLICIES_AT_A_TIME)
    summary = yield from _read(ctx, names.VERIFY_TIME_ZONES, settle)
    return add_summaries((StepSummary(decisions=plan.decisions), summary))


def _read(ctx: task.OrchestrationContext, name: str, settle: SettleRequest) -> Flow[StepSummary]:
    """One reading step; what cannot be read counts as one unknown, never as a pass."""
    try:
        return (yield from call(ctx, name, settle, StepSummary))
    except task.TaskFailedError as failure:
        return _unread(name, reason_of(failure))


def _unread(name: str, why: str) -> StepSummary:
    return StepSummary(tally=Tally(unknown=1), unread=(f"{name}: {why}",))
