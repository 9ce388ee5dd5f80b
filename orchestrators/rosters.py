"""Before machines are judged: today's roster of every subscription in scope is there, or was tried.

A roster that cannot be made becomes an ``unknown`` where it is read; nothing waits for it for ever.
"""

from datetime import timedelta

from durabletask import task

from domain.rosters import RosterAnswer, RosterRequest
from orchestrators import names
from orchestrators.flow import Flow, call

LOOK_INTERVAL = timedelta(minutes=1)
"""Somebody else is reading the subscription's vaults; 500 of them take some minutes."""

MAX_LOOKS = 20
"""Longer than a claim lasts: a reader that died has been followed by another by then."""


def gather_rosters(ctx: task.OrchestrationContext, subscriptions: tuple[str, ...]) -> Flow[None]:
    """Has the roster of each subscription made, by us or by whoever is faster."""
    # One subscription after the other: the first waiter finds most rosters made by others.
    for subscription_id in subscriptions:
        for look_no in range(1, MAX_LOOKS + 1):
            request = RosterRequest(subscription_id=subscription_id, look_no=look_no)
            try:
                answer = yield from call(ctx, names.REGISTER_MACHINES, request, RosterAnswer)
            except task.TaskFailedError:
                # The step that reads the rosters tells that this one is missing.
                break
            if answer.is_ready:
                break
            yield ctx.create_timer(LOOK_INTERVAL)
