"""Give one policy its time zone (DESIGN rule 5).

1. Read the whole policy, change the one member, keep the before-image, write it back once.
2. A write answered with 202 is followed to its end by durable timers.
3. A write whose answer was lost is never sent again here: the policy is read and judged as it is.
"""

from datetime import timedelta

from durabletask import task

from domain.codec import JsonObject, from_json, to_object
from domain.settling import PolicyChange, PolicyFollowUp, PolicyWrite, WriteOutcome
from orchestrators import names
from orchestrators.flow import Flow, call

FOLLOW_INTERVAL = timedelta(seconds=60)
"""The service's own Retry-After for a policy write (recovery-services 1.4)."""

MAX_FOLLOWS = 30
"""Half an hour; an item's reconfiguration takes minutes."""


def set_policy_zone(ctx: task.OrchestrationContext, request: JsonObject) -> Flow[JsonObject]:
    """Changes the zone of one policy.

    Args:
        ctx: The orchestration's context.
        request: ``to_json(PolicyChange)``.

    Returns:
        ``to_json(PolicyWrite)``; ``accepted`` only when the write had not ended in time.
    """
    change = from_json(PolicyChange, request)
    # No retry policy: the write may have been sent. The activity keeps an intent, so that a
    # second execution after a crash reads before it writes.
    write = yield from call(ctx, names.WRITE_POLICY_ZONE, change, PolicyWrite, None)
    follows = 0
    while write.outcome is WriteOutcome.ACCEPTED and follows < MAX_FOLLOWS:
        yield ctx.create_timer(FOLLOW_INTERVAL)
        follows += 1
        follow_up = PolicyFollowUp(change=change, operation_id=write.operation_id or "")
        write = yield from call(ctx, names.READ_POLICY_WRITE, follow_up, PolicyWrite)
    return to_object(write)
