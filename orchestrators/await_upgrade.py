"""Follow a running upgrade to its end.

1. Wait as long as the poll schedule says: tightest around the typical end.
2. Ask the service how the operation stands. A failed read is not an end: it is asked again, for
   as long as an outage may last.
3. At 100 minutes, where the service's own client gave up, write an escalation and go on.
4. After the last limit, give up waiting, never the upgrade: nothing is restarted.

Continues as new every ten polls: replay cost grows with the square of the polls
(performance 3c).
"""

from dataclasses import replace
from datetime import timedelta

from durabletask import task

from domain.codec import JsonObject, from_json, to_json, to_object
from domain.polling import is_escalation_due, is_stalled, next_delay
from domain.steps import AwaitRequest, AwaitResult, PollAnswer, Recorded
from orchestrators import names
from orchestrators.flow import Flow, call, now, reason_of

POLLS_PER_HISTORY = 10
"""Polls before the history is cut by continue-as-new."""


def await_upgrade(ctx: task.OrchestrationContext, request: JsonObject) -> Flow[JsonObject | None]:
    """Waits for the end of one upgrade.

    Args:
        ctx: The orchestration's context.
        request: ``to_json(AwaitRequest)``.

    Returns:
        ``to_json(AwaitResult)``.
    """
    wait = from_json(AwaitRequest, request)
    polls = wait.polls
    escalated = wait.escalated
    while polls < wait.polls + POLLS_PER_HISTORY:
        yield ctx.create_timer(next_delay(_elapsed(ctx, wait)))
        polls += 1
        # Taken before the answer: an app that was off in between must not call an old answer late.
        elapsed = _elapsed(ctx, wait)
        answer = yield from _poll(ctx, wait)
        if not answer.is_running or is_stalled(elapsed, is_read=answer.is_read):
            return to_object(_result(answer, polls, elapsed))
        if is_escalation_due(elapsed) and not escalated:
            yield from call(ctx, names.RECORD_ESCALATION, wait, Recorded)
            escalated = True
    # Both counters travel in the input: the next history knows nothing else of this one.
    ctx.continue_as_new(to_json(replace(wait, polls=polls, escalated=escalated)))
    return None


def _poll(ctx: task.OrchestrationContext, wait: AwaitRequest) -> Flow[PollAnswer]:
    """One look; what cannot be read counts as still running."""
    try:
        # No retry policy: the next poll is the retry, and an outage is not hurried by more calls.
        return (yield from call(ctx, names.READ_OPERATION, wait, PollAnswer, None))
    except task.TaskFailedError as failure:
        return PollAnswer(
            is_running=True, has_succeeded=False, text=reason_of(failure), is_read=False
        )


def _elapsed(ctx: task.OrchestrationContext, wait: AwaitRequest) -> timedelta:
    return now(ctx) - wait.started_at


def _result(answer: PollAnswer, polls: int, elapsed: timedelta) -> AwaitResult:
    """The end as the service tells it, or the end of our patience: then it is still running."""
    hours = elapsed // timedelta(hours=1)
    what = "Still running" if answer.is_read else "Nothing could be read about the upgrade"
    stalled = f"{what} after {hours} hours (last answer: {answer.text})."
    return AwaitResult(
        has_succeeded=answer.has_succeeded,
        is_stalled=answer.is_running,
        text=stalled if answer.is_running else answer.text,
        polls=polls,
        error_code=answer.error_code,
    )
