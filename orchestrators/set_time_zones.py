"""Give every policy of a plan its time zone, a few at a time.

The vault takes 50 edits in 24 hours; what is left over waits in its child by a durable timer, so
this run may last days. It runs beside the other steps of ``settle_vault``.
"""

from itertools import zip_longest
from typing import Any

from durabletask import task

from domain.codec import JsonObject, from_json, to_object
from domain.settling import (
    PolicyChange,
    PolicyResult,
    PolicyWrite,
    WriteOutcome,
    ZoneResults,
    ZoneWrites,
)
from orchestrators import names
from orchestrators.flow import Flow, in_window, reason_of

POLICIES_AT_A_TIME = 4
"""Policy writes in flight per vault: the provider's own request bucket is small
(recovery-services 8 advises at most five)."""


def set_time_zones(ctx: task.OrchestrationContext, request: JsonObject) -> Flow[JsonObject]:
    """Changes the zones of the named policies.

    Args:
        ctx: The orchestration's context.
        request: ``to_json(ZoneWrites)``.

    Returns:
        ``to_json(ZoneResults)``, in the order of the names.
    """
    writes = from_json(ZoneWrites, request)
    # Numbered, not named: a policy's name may hold what an instance id may not.
    changes = [
        (
            f"policy{index}",
            PolicyChange(
                settle=writes.settle,
                policy_name=name,
                agreed=agreed,
                guard_requests=writes.guard_requests,
                round_no=writes.round_no,
            ),
        )
        for index, (name, agreed) in enumerate(
            zip_longest(writes.policy_names, writes.agreed, fillvalue="")
        )
    ]
    # A child per policy: following a write takes dozens of steps, which all would be replayed with
    # those of two hundred others.
    ends = yield from in_window(ctx, names.SET_POLICY_ZONE, changes, POLICIES_AT_A_TIME)
    results = tuple(_result(change, end) for (_, change), end in zip(changes, ends, strict=True))
    return to_object(ZoneResults(results=results))


def _result(change: PolicyChange, end: Any) -> PolicyResult:
    # A child that broke down may have sent something, so its end is unknown.
    if isinstance(end, task.TaskFailedError):
        write = PolicyWrite(outcome=WriteOutcome.UNKNOWN, message=reason_of(end))
        return PolicyResult(policy_name=change.policy_name, write=write)
    return from_json(PolicyResult, end)
