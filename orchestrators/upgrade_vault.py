"""Upgrade one classic vault and see it settled and proven.

1.  Inspect the vault in the classic list. A record found there decides where the run goes on:
    in progress - adopt it; upgraded - settle only; failed - support, unless Microsoft's
    instruction to try again is on record.
2.  Check the prerequisites, the service's and ours; stop with every reason if one does not hold.
3.  Write the plan and get it approved, unless the request makes that automatic; register resource
    providers that the plan names.
4.  Start exactly once, under an OperationId chosen here.
5.  Await the end in a child, so that this history stays short.
6.  Confirm the new vault in ARM.
7.  - 10. Settle it: time zones, security, agents, job sync (``settle_vault``).
11. Write evidence and verdict.

Whatever fails ends in a state with a reason; an upgrade that failed is never started again here.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from durabletask import task

from domain.codec import JsonObject, from_json, to_object
from domain.outcomes import VaultOutcome
from domain.requests import UpgradeRequest
from domain.retries import FIRST_ATTEMPT, Attempt, is_superseded
from domain.sentences import join_sentences
from domain.settling import JobSyncReading, SettleRequest, SettleResult
from domain.steps import (
    AttemptRequest,
    AwaitRequest,
    AwaitResult,
    Confirmation,
    ConfirmRequest,
    InspectRequest,
    Run,
    VerdictRequest,
)
from domain.summaries import add_summaries
from domain.upgrade import ClassicVault, RunState, UpgradeRecord, UpgradeStatus
from domain.vaults import VaultRef
from orchestrators import names
from orchestrators.agree import agree_on_plan
from orchestrators.flow import (
    RECORD_RETRY,
    Flow,
    Journey,
    call,
    call_child,
    now,
    reason_of,
    tell_holder,
)
from orchestrators.launch import launch, record_failure

CONFIRM_INTERVAL = timedelta(minutes=2)
"""ARM may show the new vault a little after the classic record says Upgraded."""

CONFIRM_LOOKS = 15
"""Half an hour of looking before the run stops and says that ARM does not show the vault."""


END_INTERVAL = timedelta(minutes=1)
END_LOOKS = 5
"""The list may lag a little behind the operation, whose end was told first."""


@dataclass(kw_only=True)
class Trip:
    """What a run has learnt so far."""

    run: Run
    journey: Journey
    target: VaultRef | None = None
    record: UpgradeRecord | None = None
    attempt: Attempt = FIRST_ATTEMPT
    waited: AwaitResult | None = None
    reasons: list[str] = field(default_factory=list)

    @property
    def status(self) -> UpgradeStatus | None:
        """What the record says; None without one."""
        return self.record.status if self.record else None

    def end(self, state: RunState, *reasons: str) -> None:
        """Moves to an end state with the reasons for it."""
        self.reasons.extend(reasons)
        self.journey.move(state)


def upgrade_vault(ctx: task.OrchestrationContext, request: JsonObject) -> Flow[JsonObject]:
    """One vault from the request to its verdict.

    Args:
        ctx: The orchestration's context.
        request: ``to_json(UpgradeRequest)``.

    Returns:
        ``to_json(VaultOutcome)``.
    """
    run = Run(instance_id=ctx.instance_id, request=from_json(UpgradeRequest, request))
    trip = Trip(run=run, journey=Journey(ctx=ctx, subject=str(run.request.vault)))
    started_at = now(ctx)
    try:
        yield from _travel(ctx, trip)
    except task.TaskFailedError as failure:
        # Only what retries could not mend gets here. The verdict below is recorded all the same: a
        # run without one would leave its vault in nobody's list.
        trip.end(RunState.STOPPED, reason_of(failure))
    verdict = VerdictRequest(
        run=run,
        state=trip.journey.state,
        reasons=tuple(trip.reasons),
        operation_id=trip.journey.operation_id,
        target=trip.target,
        record=trip.record,
        milestones=tuple(trip.journey.milestones),
        started_at=started_at,
        ended_at=now(ctx),
    )
    outcome = yield from call(ctx, names.RECORD_VERDICT, verdict, VaultOutcome, RECORD_RETRY)
    # After the record: a holder that counts a vault as ended finds its verdict in the evidence.
    tell_holder(ctx, run.request, outcome.state)
    return to_object(outcome)


def _travel(ctx: task.OrchestrationContext, trip: Trip) -> Flow[None]:
    """Steps 1 to 10; leaves the journey in an end state."""
    classic = yield from _inspect(ctx, trip, "02-inspection")
    if (yield from _may_start(ctx, trip)) and not (yield from _start(ctx, trip, classic)):
        return
    if trip.status is UpgradeStatus.IN_PROGRESS:
        # Also one that somebody else began: it is followed to its end like ours.
        yield from _await(ctx, trip, classic)
    record = yield from _judge_end(ctx, trip)
    if record is None:
        return
    confirmation = yield from _confirm(ctx, trip, record)
    if confirmation is not None:
        yield from _settle(ctx, trip, confirmation)


def _inspect(ctx: task.OrchestrationContext, trip: Trip, step: str) -> Flow[ClassicVault]:
    """Reads the classic list's entry and takes over the record it carries."""
    request = InspectRequest(run=trip.run, step=step)
    classic = yield from call(ctx, names.INSPECT_VAULT, request, ClassicVault)
    record = classic.record
    # What is left of an earlier failure says nothing about this attempt.
    if record is not None and not is_superseded(record, trip.attempt.superseded):
        _take_record(trip, record)
    return classic


def _may_start(ctx: task.OrchestrationContext, trip: Trip) -> Flow[bool]:
    """Whether there is something to start: no record, or a failure with an instruction for it."""
    record = trip.record
    if record is not None and record.status is not UpgradeStatus.FAILED:
        return False
    request = AttemptRequest(run=trip.run, record=record)
    trip.attempt = yield from call(ctx, names.READ_ATTEMPT, request, Attempt)
    if record is not None and trip.attempt.may_start:
        # The instruction makes that failure past: what is told from here on is about the attempt it
        # opens.
        trip.record = trip.journey.operation_id = None
    return trip.attempt.may_start


def _take_record(trip: Trip, record: UpgradeRecord) -> None:
    trip.record = record
    trip.journey.operation_id = record.operation_id


def _start(ctx: task.OrchestrationContext, trip: Trip, classic: ClassicVault) -> Flow[bool]:
    """Steps 2 to 4; False when the run has ended there."""
    trip.journey.move(RunState.CHECKING)
    agreement = yield from agree_on_plan(ctx, trip.run, trip.journey, classic, trip.attempt)
    if agreement.end is RunState.BLOCKED:
        # The check fails, too, when somebody else has started since the first look.
        yield from _inspect(ctx, trip, "05-second-look")
        if trip.record is not None:
            return True
    if agreement.end is not None:
        trip.end(agreement.end, *agreement.reasons)
        return False
    launched = yield from launch(ctx, trip.run, trip.journey, agreement.operation_id, trip.attempt)
    if launched.record is not None:
        _take_record(trip, launched.record)
    if launched.end is not None:
        trip.end(launched.end, *launched.reasons)
        return False
    return True


def _await(ctx: task.OrchestrationContext, trip: Trip, classic: ClassicVault) -> Flow[None]:
    """Step 5: follows the upgrade in a child, then reads the record it left."""
    trip.journey.move(RunState.UPGRADING)
    begun_at = trip.record.started_at if trip.record else None
    request = AwaitRequest(
        run=trip.run,
        classic=classic,
        operation_id=trip.journey.operation_id or "",
        # The service's own time where it tells one: an upgrade that was joined late has run since
        # then.
        started_at=begun_at or now(ctx),
        superseded=trip.attempt.superseded,
    )
    # No retry around it: the child answers failed reads itself, and never fails for that.
    trip.waited = yield from call_child(ctx, names.AWAIT_UPGRADE, request, AwaitResult, "await")
    try:
        yield from _read_end(ctx, trip, is_stalled=trip.waited.is_stalled)
    except task.TaskFailedError:
        # A failure that was told needs no record in the list to be one (DESIGN rule 2).
        if not trip.waited.has_failed:
            raise


def _read_end(ctx: task.OrchestrationContext, trip: Trip, *, is_stalled: bool) -> Flow[None]:
    for look_no in range(1, END_LOOKS + 1):
        step = "07-record" if look_no == 1 else f"07-record-{look_no}"
        yield from _inspect(ctx, trip, step)
        is_behind = trip.status in {None, UpgradeStatus.IN_PROGRESS}
        # An upgrade that nobody waits for any more has no end to look for.
        if is_stalled or not is_behind:
            return
        yield ctx.create_timer(END_INTERVAL)


def _judge_end(ctx: task.OrchestrationContext, trip: Trip) -> Flow[UpgradeRecord | None]:
    """The record that says Upgraded; any other end is written down, ends the run and gives None."""
    record = trip.record
    if record is not None and record.status is UpgradeStatus.UPGRADED:
        trip.journey.move(RunState.CONFIRMING)
        return record
    # Evidence remembers a failure that the service shows no more, and one that the list never
    # showed: the next run would find neither, and start again.
    is_told = trip.waited is not None and trip.waited.has_failed
    if trip.status is UpgradeStatus.FAILED or is_told or not trip.attempt.may_start:
        yield from record_failure(ctx, trip.run, record, trip.attempt)
        trip.end(RunState.NEEDS_SUPPORT, _failure_text(record, trip.waited))
    else:
        trip.end(RunState.STOPPED, _unended_text(trip))
    return None


def _unended_text(trip: Trip) -> str:
    return join_sentences(
        trip.waited.text if trip.waited else "",
        f"The upgrade has not ended; the record says {trip.status or UpgradeStatus.UNKNOWN}",
        "Nothing was restarted: run the vault again to go on following it",
    )


def _failure_text(record: UpgradeRecord | None, waited: AwaitResult | None) -> str:
    message = record.message if record else "earlier, and the service shows no record of it"
    if waited and waited.has_failed and record and record.status is not UpgradeStatus.FAILED:
        message = f"{waited.text}, and the record in the list says {record.status}"
    said = message.strip() or "the service gave no message"
    code = f"{waited.error_code}: " if waited and waited.error_code else ""
    return join_sentences(
        f"The upgrade failed: {code}{said}",
        "Do not retry unless Microsoft says so; the support bundle is in the evidence",
    )


def _confirm(
    ctx: task.OrchestrationContext, trip: Trip, record: UpgradeRecord
) -> Flow[Confirmation | None]:
    """Step 6: looks until ARM shows the vault as ready; None when it does not."""
    state = ""
    for look_no in range(1, CONFIRM_LOOKS + 1):
        request = ConfirmRequest(run=trip.run, record=record, look_no=look_no)
        confirmation = yield from call(ctx, names.CONFIRM_UPGRADE, request, Confirmation)
        trip.target = confirmation.target
        if confirmation.is_ready:
            return confirmation
        state = confirmation.provisioning_state
        yield ctx.create_timer(CONFIRM_INTERVAL)
    trip.end(
        RunState.STOPPED,
        f"The classic record says Upgraded, but ARM shows {trip.target} as {state}. "
        "Look at the vault in the portal, then run it again.",
    )
    return None


def _settle(ctx: task.OrchestrationContext, trip: Trip, confirmation: Confirmation) -> Flow[None]:
    """Steps 7 to 10 in a child, and the end state they come to."""
    request = trip.run.request
    trip.journey.move(RunState.SETTLING)
    settle = SettleRequest(
        vault=confirmation.target,
        run_id=trip.run.run_id,
        prefix=trip.run.prefix,
        time_zone=request.time_zone,
        time_zone_mode=request.time_zone_mode,
        upgrade_ended_at=confirmation.upgrade_ended_at,
        log_workspace_id=request.log_workspace_id,
        # Proved below by the run itself, once the slot is given back: jobs may take twelve hours to
        # arrive (vault-upgrade 1.7).
        prove_jobs=False,
    )
    # As wide as for a settlement by itself: a machine may be registered in another subscription.
    wide = replace(settle, scope=confirmation.scope)
    settled = yield from call_child(ctx, names.SETTLE_VAULT, wide, SettleResult, "settle")
    trip.journey.move(RunState.PROVING)
    # Waiting for jobs is no load on anything: the next vault may start now.
    tell_holder(ctx, request, RunState.PROVING)
    jobs = yield from call_child(ctx, names.PROVE_JOB_SYNC, settle, JobSyncReading, "prove")
    total = add_summaries((settled.summary, jobs.summary))
    left = confirmation.summary.task_count + total.task_count
    # In the order of urgency, as for a settlement by itself: what nobody could read comes first.
    if total.unread:
        trip.end(RunState.STOPPED, *total.unread)
    elif total.decisions:
        trip.end(RunState.NEEDS_DECISION, *total.decisions)
    elif left or total.tally.failed or total.tally.unknown:
        trip.end(RunState.CLOSED_WITH_TASKS)
    else:
        trip.end(RunState.CLOSED)
