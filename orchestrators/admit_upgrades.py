"""Start the vaults that came by a message of somebody else's, so many at a time.

1. Start the next vaults in the order of arrival, while slots are free.
2. Wait for whatever comes first: another arrival, a vault's progress, or time to look.
3. Every quarter of an hour look at the runs themselves, so that a lost report stalls nothing.

There is one instance, and it never ends: an arrival could find it ending and be lost. It carries no
vault that waits, only where to look for them (:mod:`domain.admission`).
"""

from typing import Any

from durabletask import task
from pydantic import ValidationError

from domain.admission import (
    Admission,
    AdmissionState,
    AdmitAnswer,
    AdmittedAnswer,
    Arrival,
)
from domain.campaigns import VaultProgress
from domain.codec import JsonObject, from_json, to_json
from orchestrators import names
from orchestrators.flow import Flow, call, now
from orchestrators.inbox import Inbox

EVENTS_PER_HISTORY = 25
"""Events before the history is cut by continue-as-new: about a hundred rows (durable-2x 2)."""


def admit_upgrades(ctx: task.OrchestrationContext, request: JsonObject) -> Flow[None]:
    """Paces the starts of vaults that are not part of a campaign.

    Args:
        ctx: The orchestration's context.
        request: ``to_json(AdmissionState)``.
    """
    admission = Admission(from_json(AdmissionState, request))
    inbox = Inbox(ctx, names.SLOT_EVENT)
    # A new history begins without a status, and whoever looks in between should see one.
    ctx.set_custom_status(admission.status())
    events = 0
    # An event that was delivered to this history is not carried into the next: take it before.
    while events < EVENTS_PER_HISTORY or inbox.has_event:
        if not inbox.has_event:
            # Events first: a thousand arrivals are one look at the order, not a thousand.
            yield from _admit(ctx, admission)
        ctx.set_custom_status(admission.status())
        event = yield from inbox.next_before(admission.wake_at(now(ctx)))
        if event is None:
            yield from _look(ctx, admission)
        else:
            _take(admission, event)
        events += 1
    # save_events carries what arrives between this turn and the next history.
    ctx.continue_as_new(to_json(admission.state), save_events=True)


def _admit(ctx: task.OrchestrationContext, admission: Admission) -> Flow[None]:
    """Step 1; what cannot be started now is tried again in a minute, and nothing is lost."""
    while (request := admission.next_request(now(ctx), ctx.new_uuid())) is not None:
        try:
            answer = yield from call(ctx, names.ADMIT_WAITING, request, AdmitAnswer)
        except task.TaskFailedError:
            # Held and not raised: this instance serves everybody, and must not end over one bad
            # minute.
            admission.hold(now(ctx))
        else:
            admission.take_answer(answer)


def _look(ctx: task.OrchestrationContext, admission: Admission) -> Flow[None]:
    """Step 3; a look that fails is made again at the next turn."""
    request = admission.look(now(ctx))
    if request is None:
        return
    try:
        answer = yield from call(ctx, names.LOOK_AT_ADMITTED, request, AdmittedAnswer)
    except task.TaskFailedError:
        return
    admission.take_look(answer)


def _take(admission: Admission, event: Any) -> None:
    """Step 2; an event that is neither arrival nor progress is passed over."""
    kind = event.get("kind") if isinstance(event, dict) else None
    try:
        if kind == "arrival":
            admission.take_arrival(from_json(Arrival, event))
        elif kind == "progress":
            admission.take_progress(from_json(VaultProgress, event))
    except ValidationError:
        # Anybody with the management API may raise an event; a bad one must not end admission.
        return
