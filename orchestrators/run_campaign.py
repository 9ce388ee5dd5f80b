"""Steer a campaign: hundreds of vaults, so many in flight at a time, the largest first.

1. Send vaults into the queue while window, limits and maintenance hours allow.
2. Wait for whatever comes first: a vault's progress, an operator's command, or time to look.
3. Take it: free the slot, count the failure, pause at the threshold, do as the operator says.
4. Every quarter of an hour look at the runs themselves, so that a lost report stalls nothing.
5. When the end of every vault is known, write down how the campaign ended.

All decisions are those of :mod:`domain.steering`. Cancelling starts nothing any more and follows
what runs to its end. Continues as new after some events: ten thousand vaults fit.
"""

from typing import Any

from durabletask import task
from pydantic import ValidationError

from domain.campaign_steps import (
    CampaignRecord,
    InstructedAnswer,
    InstructedRequest,
    LookAnswer,
    LookRequest,
    NoteRecord,
    SendRequest,
)
from domain.campaigns import CampaignState, Cause, Command, VaultProgress
from domain.codec import JsonObject, from_json, to_json, to_object
from domain.steering import Steering
from domain.steps import Recorded
from orchestrators import names
from orchestrators.flow import READ_RETRY, RECORD_RETRY, Flow, call, now, reason_of
from orchestrators.inbox import Inbox

EVENTS_PER_HISTORY = 25
"""Events before the history is cut by continue-as-new: about a hundred rows (durable-2x 2)."""


def run_campaign(ctx: task.OrchestrationContext, request: JsonObject) -> Flow[JsonObject | None]:
    """Runs one campaign.

    Args:
        ctx: The orchestration's context.
        request: ``to_json(CampaignState)``.

    Returns:
        ``to_json(CampaignState)`` as the campaign ended.
    """
    state = from_json(CampaignState, request)
    steering = Steering(state)
    inbox = Inbox(ctx, names.SLOT_EVENT)
    # A new history begins without a status, and whoever looks in between should see one.
    ctx.set_custom_status(steering.status())
    events = 0
    if state.pending is not None:
        yield from _obey(ctx, steering, state.pending)
    while not steering.is_ended:
        yield from _keep_notes(ctx, steering)
        if not inbox.has_event:
            # An event that was delivered to this history is not carried into the next, so only
            # without one. Not after sending, which takes a while: a campaign that is never without
            # events by then would never cut its history.
            if events >= EVENTS_PER_HISTORY:
                ctx.continue_as_new(to_json(steering.state), save_events=True)
                return None
            yield from _send(ctx, steering)
            yield from _keep_notes(ctx, steering)
            ctx.set_custom_status(steering.status())
        events += yield from _await_news(ctx, steering, inbox)
    yield from _keep_notes(ctx, steering)
    ctx.set_custom_status(steering.status())
    end = CampaignRecord(state=steering.state, at=now(ctx))
    yield from call(ctx, names.RECORD_CAMPAIGN, end, Recorded, RECORD_RETRY)
    return to_object(steering.state)


def _send(ctx: task.OrchestrationContext, steering: Steering) -> Flow[None]:
    """Step 1. What may have been sent counts as in flight, whatever became of the call."""
    at = now(ctx)
    positions = steering.starts(at)
    if not positions:
        return
    # Before the call: a vault that may have been sent twice is harmless, one that is in flight and
    # not counted is over the limit.
    steering.send(positions, at)
    request = SendRequest(
        campaign_id=steering.state.campaign_id,
        request_id=steering.request_id,
        positions=positions,
    )
    try:
        # Repeating it is harmless: message ids are those of the requests (service-bus 6.2).
        yield from call(ctx, names.SEND_VAULTS, request, Recorded, READ_RETRY)
    except task.TaskFailedError as failure:
        steering.pause(Cause.FAILURE, f"Vaults could not be sent: {reason_of(failure)}")


def _await_news(ctx: task.OrchestrationContext, steering: Steering, inbox: Inbox) -> Flow[int]:
    """Step 2: everything that has come, or a look; how much it was.

    Taking a report takes no time, so all that are there are taken before anything is sent. A
    hundred vaults that end at once are one send of a hundred, and their failures count before it.
    """
    event = yield from inbox.next_before(steering.wake_at(now(ctx)))
    if event is None:
        if not steering.is_look_due(now(ctx)):
            return 0
        yield from _look(ctx, steering)
        return 1
    yield from _take(ctx, steering, event)
    taken = 1
    while inbox.has_event and not steering.is_ended:
        event = yield from inbox.next_before(None)
        yield from _take(ctx, steering, event)
        taken += 1
    return taken


def _take(ctx: task.OrchestrationContext, steering: Steering, event: Any) -> Flow[None]:
    """Step 3; an event that is neither progress nor command is passed over."""
    kind = event.get("kind") if isinstance(event, dict) else None
    try:
        if kind == "progress":
            steering.take_progress(from_json(VaultProgress, event))
        elif kind == "command":
            yield from _obey(ctx, steering, from_json(Command, event))
    except ValidationError:
        # Anybody with the management API may raise an event; a bad one must not end a campaign.
        return


def _obey(ctx: task.OrchestrationContext, steering: Steering, command: Command) -> Flow[None]:
    """Does what was asked; a failed upgrade is run again on Microsoft's instruction only."""
    instructed: tuple[int, ...] = ()
    failed = steering.needs_instruction(command)
    if failed:
        request = InstructedRequest(campaign_id=steering.state.campaign_id, positions=failed)
        try:
            answer = yield from call(ctx, names.FIND_INSTRUCTED, request, InstructedAnswer)
        except task.TaskFailedError:
            # Unknown is not allowed: the others are run again, these stay as they are.
            answer = InstructedAnswer(positions=())
        instructed = answer.positions
    steering.take_command(command, instructed)


def _look(ctx: task.OrchestrationContext, steering: Steering) -> Flow[None]:
    """Step 4; a look that fails is made again at the next turn."""
    in_flight, proving = steering.look(now(ctx))
    request = LookRequest(
        campaign_id=steering.state.campaign_id, in_flight=in_flight, proving=proving
    )
    try:
        answer = yield from call(ctx, names.LOOK_AT_RUNS, request, LookAnswer)
        steering.take_look(answer.progress, answer.missing)
        for lost in steering.resends():
            again = SendRequest(
                campaign_id=steering.state.campaign_id,
                request_id=lost.request_id,
                positions=(lost.position,),
            )
            yield from call(ctx, names.SEND_VAULTS, again, Recorded)
    except task.TaskFailedError:
        return


def _keep_notes(ctx: task.OrchestrationContext, steering: Steering) -> Flow[None]:
    """What happened goes into the trail before anything else happens (DESIGN rule 8)."""
    at = now(ctx)
    for number, note in enumerate(steering.take_notes()):
        record = NoteRecord(campaign_id=steering.state.campaign_id, at=at, number=number, note=note)
        yield from call(ctx, names.RECORD_NOTE, record, Recorded, RECORD_RETRY)
