"""Steps 4 and 7 of ``settle_vault``: the zones are written in a child, and waited for at the end.

The owner of a Resource Guard is asked here and not in the child: an event reaches the settlement by
an id that people know. After the consent one more round is made, for the policies that need it.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from durabletask import task

from domain.codec import JsonObject, from_json, to_json
from domain.custom_status import shown_part
from domain.findings import Tally
from domain.guards import GuardNeed
from domain.settling import (
    PolicyResult,
    SettleRequest,
    SettlingAnswer,
    WriteOutcome,
    ZonePlan,
    ZoneResults,
    ZoneWrites,
)
from domain.steps import Recorded
from domain.summaries import StepSummary
from orchestrators import names
from orchestrators.flow import Flow, call, now, reason_of

GUARD_EXPIRY = timedelta(days=7)
"""The owner of a guard sits in another team; after a week the settlement ends without them."""


def start_writes(
    ctx: task.OrchestrationContext, settle: SettleRequest, plan: ZonePlan
) -> task.Task[Any] | None:
    """Starts the child that writes; gives its task, or None where there is nothing to write."""
    if not plan.to_change:
        return None
    writes = ZoneWrites(settle=settle, policy_names=plan.to_change, agreed=plan.changes)
    return _child(ctx, writes)


def _child(ctx: task.OrchestrationContext, writes: ZoneWrites) -> task.Task[Any]:
    # A write needs no machine, and two hundred policies with a thousand names each would make a
    # history of megabytes, which travels with every turn.
    settle = replace(writes.settle, known_machines=())
    writes = replace(writes, settle=settle)
    return ctx.call_sub_orchestrator(
        names.SET_TIME_ZONES,
        input=to_json(writes),
        instance_id=f"{ctx.instance_id}.zones{writes.round_no}",
        return_type=dict,
    )


def await_writes(
    ctx: task.OrchestrationContext,
    settle: SettleRequest,
    plan: ZonePlan,
    writing: task.Task[Any],
) -> Flow[StepSummary]:
    """Waits for the child and, where a guard was in the way, for its owner and a second round.

    What became of each policy is in the evidence and shows when the policies are read again, so
    only what stays unknown counts here.
    """
    try:
        # Yielded here and not where it was begun: a task begun earlier runs on while others are
        # awaited.
        results = from_json(ZoneResults, (yield writing))
        guarded = _guarded(results)
        # One more round at most: an owner who agreed to nothing is not asked again and again.
        if guarded and (yield from _ask_guard(ctx, settle, results)):
            need = _need(results)
            agreed = dict(zip(plan.to_change, plan.changes, strict=False))
            again = ZoneWrites(
                settle=settle,
                policy_names=guarded,
                agreed=tuple(agreed.get(one, "") for one in guarded),
                guard_requests=(need.request_id,) if need and need.request_id else (),
                round_no=2,
            )
            second = from_json(ZoneResults, (yield _child(ctx, again)))
            # About guarded policies only: of the others the first round has the last word.
            results = ZoneResults(results=(*_unguarded(results), *second.results))
    except task.TaskFailedError as failure:
        why = f"{names.SET_TIME_ZONES}: {reason_of(failure)}"
        return StepSummary(tally=Tally(unknown=1), unread=(why,))
    # Refused and guarded policies show as such when they are read again; unknown ones may not.
    open_ends = tuple(
        f"The write of policy {one.policy_name} has no known end: {one.write.message}"
        for one in results.results
        if one.write.outcome is WriteOutcome.UNKNOWN
    )
    return StepSummary(unread=open_ends)


def _is_guarded(result: PolicyResult) -> bool:
    return result.write.outcome is WriteOutcome.WAITING_FOR_GUARD


def _guarded(results: ZoneResults) -> tuple[str, ...]:
    return tuple(one.policy_name for one in results.results if _is_guarded(one))


def _unguarded(results: ZoneResults) -> tuple[PolicyResult, ...]:
    return tuple(one for one in results.results if not _is_guarded(one))


def _need(results: ZoneResults) -> GuardNeed | None:
    return next((one.write.guard for one in results.results if one.write.guard), None)


def _ask_guard(
    ctx: task.OrchestrationContext, settle: SettleRequest, results: ZoneResults
) -> Flow[bool]:
    """Shows what is needed and waits for the word that it was granted; False: it was not."""
    need = _need(results)
    shown: JsonObject = to_json(need) if need else {}
    guard = {**shown, "policies": shown_part(_guarded(results))}
    status = {"state": "waiting_for_guard", "guard": guard}
    ctx.set_custom_status(status)
    answer = yield from _next_word(ctx)
    is_granted = False
    decision, data = "expired", {}
    if answer is not None:
        # Anything but the one word counts as no: writing is what needs consent.
        is_granted = answer.get("decision") == "granted"
        decision = str(answer.get("decision"))
        data = {"by": str(answer.get("by") or "")}
    record = SettlingAnswer(
        settle=settle, question="guard", decision=decision, data=data, at=now(ctx)
    )
    yield from call(ctx, names.RECORD_ANSWER, record, Recorded)
    ctx.set_custom_status({"state": "settling"})
    return is_granted


def _next_word(ctx: task.OrchestrationContext) -> Flow[JsonObject | None]:
    """The next answer about a guard; None when nobody answered in time."""
    # Both from here on: an answer that came earlier is buffered by the engine.
    expiry = ctx.create_timer(GUARD_EXPIRY)
    while True:
        event = ctx.wait_for_external_event(names.GUARD_EVENT, data_type=dict)
        winner = yield task.when_any([event, expiry])
        if winner is expiry:
            return None
        answer = event.get_result()
        # What is no object is nobody's answer: anybody with the management API may raise an event.
        if isinstance(answer, dict):
            expiry.cancel()
            return answer
