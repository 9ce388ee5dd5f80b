"""Give one policy its time zone (DESIGN rule 5).

1. One attempt: read the whole policy, keep the before-image, change the one member, send once.
2. A write answered with 202 is followed to its end, and the jobs it starts with it.
3. Read the policy back. A write whose answer was lost is looked for, and never sent again before.
4. Try anew, always from a fresh read, where another editor or a used-up edit budget was in the way.

A Resource Guard ends the run here with what to ask for; the caller waits for the consent.
"""

from dataclasses import replace
from datetime import timedelta

from durabletask import task

from domain.codec import JsonObject, from_json, to_object
from domain.custom_status import shortened
from domain.settling import (
    PolicyChange,
    PolicyCheck,
    PolicyFollowUp,
    PolicyResult,
    PolicyWrite,
    WriteOutcome,
)
from orchestrators import names
from orchestrators.flow import Flow, call, now, reason_of

FOLLOW_INTERVAL = timedelta(seconds=60)
"""The service's own Retry-After for a policy write (recovery-services 1.4)."""

MAX_FOLLOWS = 30
"""Half an hour; an item's reconfiguration takes minutes."""

LOOKS_AFTER = (timedelta(0), timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=10))
"""Pauses before the looks at a policy that was, or may have been, written. A write that takes
effect does so within a minute; what does not show after the last look did not take effect."""

TRY_AGAIN_AFTER = timedelta(minutes=5)
"""Another editor has finished by then, and the service has let go of its lock."""

MAX_ATTEMPTS = 6
"""Somebody who edits the same policy time and again has to be talked to."""

MAX_BUDGET_WAITS = 40
"""A vault may have 200 policies, 50 of them written a day; the rest is other people's edits."""

_ENDS = frozenset(
    {
        WriteOutcome.CHANGED,
        WriteOutcome.UNCHANGED,
        WriteOutcome.REFUSED,
        WriteOutcome.WAITING_FOR_GUARD,
    }
)


def set_policy_zone(ctx: task.OrchestrationContext, request: JsonObject) -> Flow[JsonObject]:
    """Changes the zone of one policy.

    Args:
        ctx: The orchestration's context.
        request: ``to_json(PolicyChange)``.

    Returns:
        ``to_json(PolicyResult)``; its outcome is changed, unchanged, refused, unknown or
        waiting_for_guard.
    """
    change = from_json(PolicyChange, request)
    tries = waits = 0
    while True:
        # A number of its own for every attempt, waits included: each has markers of its own in
        # evidence.
        change = replace(change, attempt=tries + waits + 1)
        write = yield from _attempt(ctx, change)
        if write.outcome in _ENDS:
            break
        # Counted apart: waiting for the budget is no failure, and may take days.
        if write.outcome is WriteOutcome.WAITING_FOR_BUDGET:
            waits += 1
        else:
            tries += 1
        if tries >= MAX_ATTEMPTS or waits >= MAX_BUDGET_WAITS:
            write = _given_up(write, tries + waits)
            break
        shown = {"state": write.outcome.value, "message": shortened(write.message)}
        ctx.set_custom_status(shown)
        yield ctx.create_timer(_pause(ctx, write))
    return to_object(PolicyResult(policy_name=change.policy_name, write=write))


def _attempt(ctx: task.OrchestrationContext, change: PolicyChange) -> Flow[PolicyWrite]:
    """Steps 1 to 3."""
    try:
        # No retry policy: the write may have been sent. Run again, the activity finds its marker
        # and says unknown, so that the policy is read before anything else.
        write = yield from call(ctx, names.WRITE_POLICY_ZONE, change, PolicyWrite, None)
    except task.TaskFailedError as failure:
        write = PolicyWrite(outcome=WriteOutcome.UNKNOWN, message=reason_of(failure))
    if write.outcome is WriteOutcome.ACCEPTED:
        write = yield from _follow(ctx, change, write)
    if write.outcome in {WriteOutcome.SENT, WriteOutcome.UNKNOWN}:
        return (yield from _read_back(ctx, change, write))
    return write


def _follow(
    ctx: task.OrchestrationContext, change: PolicyChange, write: PolicyWrite
) -> Flow[PolicyWrite]:
    """Step 2; ``unknown`` when the operation had not ended in time."""
    follow_up = PolicyFollowUp(change=change, operation_id=write.operation_id or "")
    message = write.message
    for _ in range(MAX_FOLLOWS):
        yield ctx.create_timer(FOLLOW_INTERVAL)
        try:
            write = yield from call(ctx, names.READ_POLICY_WRITE, follow_up, PolicyWrite)
        except task.TaskFailedError as failure:
            # What cannot be read has not ended; the policy itself is read in any case.
            message = reason_of(failure)
            continue
        if write.outcome is not WriteOutcome.ACCEPTED:
            return write
        message = write.message
    return PolicyWrite(outcome=WriteOutcome.UNKNOWN, message=message)


def _read_back(
    ctx: task.OrchestrationContext, change: PolicyChange, write: PolicyWrite
) -> Flow[PolicyWrite]:
    """Step 3; ``unknown`` when the policy could not be read."""
    was_answered = write.outcome is WriteOutcome.SENT
    seen = write
    for look_no, pause in enumerate(LOOKS_AFTER, start=1):
        if pause:
            yield ctx.create_timer(pause)
        check = PolicyCheck(
            change=change,
            was_answered=was_answered,
            is_last=look_no == len(LOOKS_AFTER),
            problems=write.problems,
        )
        try:
            seen = yield from call(ctx, names.CHECK_POLICY_WRITE, check, PolicyWrite)
        except task.TaskFailedError as failure:
            seen = PolicyWrite(outcome=WriteOutcome.UNKNOWN, message=reason_of(failure))
            continue
        if seen.outcome is not WriteOutcome.SENT:
            break
    # What the operation told of single items is not in the policy, so it has to be carried along.
    return replace(seen, problems=write.problems)


def _pause(ctx: task.OrchestrationContext, write: PolicyWrite) -> timedelta:
    if write.retry_at is None:
        return TRY_AGAIN_AFTER
    # Never at once: "now" from the ledger means that neighbours were faster, and they still are.
    return max(write.retry_at - now(ctx), timedelta(minutes=1))


def _given_up(write: PolicyWrite, attempts: int) -> PolicyWrite:
    """An attempt that could not be finished: refused when nothing was sent, else unknown."""
    # After these three nothing of ours is under way, so the policy is certainly as it was.
    is_unsent = write.outcome in {
        WriteOutcome.BUSY,
        WriteOutcome.ABSENT,
        WriteOutcome.WAITING_FOR_BUDGET,
    }
    return replace(
        write,
        outcome=WriteOutcome.REFUSED if is_unsent else WriteOutcome.UNKNOWN,
        message=f"Given up after {attempts} attempts. {write.message}",
        what_to_do="Settle the vault again once nobody else edits its policies.",
    )
