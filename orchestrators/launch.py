"""Step 4 of ``upgrade_vault``: start the upgrade exactly once (DESIGN rule 1).

The OperationId is chosen by the orchestrator and is the client request id of the upgrade call.
Each call of ``start_upgrade`` may send at most once, and says ``wait`` whenever a send may have
happened whose effect does not show yet. Then this loop waits and has it look again; only a look
that finds nothing after the grace period sends again, with the same OperationId.
"""

from dataclasses import dataclass
from datetime import timedelta

from durabletask import task

from domain.retries import Attempt
from domain.sentences import join_sentences
from domain.steps import FailureRecord, Recorded, Run, StartAnswer, StartKind, StartRequest
from domain.upgrade import RunState, UpgradeRecord
from orchestrators import names
from orchestrators.flow import Flow, Journey, call, now, reason_of

LOOK_INTERVAL = timedelta(minutes=3)
"""Between two looks for a start whose answer was lost; the recorded service showed it in 40 s."""

FAILURE_RETRY = task.RetryPolicy(
    first_retry_interval=timedelta(seconds=15),
    max_number_of_attempts=350,
    backoff_coefficient=2.0,
    max_retry_interval=timedelta(minutes=30),
)
"""A week: a run that ended before its failure is on record would let the next one start again,
should the service forget it (DESIGN rule 2)."""

MAX_LOOKS = 20
"""An hour, and four sends at most: without a trace by then, a person must see why."""


@dataclass(frozen=True, kw_only=True)
class Launched:
    """How starting ended: either a record to follow, or an end of the run."""

    record: UpgradeRecord | None = None
    end: RunState | None = None
    reasons: tuple[str, ...] = ()


def launch(
    ctx: task.OrchestrationContext,
    run: Run,
    journey: Journey,
    operation_id: str,
    attempt: Attempt,
) -> Flow[Launched]:
    """Starts the upgrade, or adopts the one that runs already."""
    journey.operation_id = operation_id
    journey.move(RunState.STARTING)
    last_reason = ""
    for look_no in range(1, MAX_LOOKS + 1):
        request = StartRequest(
            run=run,
            operation_id=operation_id,
            attempt=attempt.number,
            look_no=look_no,
            superseded=attempt.superseded,
        )
        try:
            # No retry policy: a failure here may have sent something. Waiting and looking is the
            # only safe answer to it, and that is what the loop does.
            answer = yield from call(ctx, names.START_UPGRADE, request, StartAnswer, None)
        except task.TaskFailedError as failure:
            last_reason = reason_of(failure)
        else:
            # That of an earlier run where one left its intent: the service knows the upgrade by
            # that one.
            journey.operation_id = answer.operation_id
            if answer.kind is not StartKind.WAIT:
                return (yield from _launched(ctx, run, answer, attempt))
            last_reason = "; ".join(answer.reasons)
        # After a failure as well: whatever the call has sent needs its time to show.
        yield ctx.create_timer(LOOK_INTERVAL)
    return Launched(
        end=RunState.STOPPED,
        reasons=(join_sentences(f"No trace of the upgrade after {MAX_LOOKS} looks", last_reason),),
    )


def _launched(
    ctx: task.OrchestrationContext, run: Run, answer: StartAnswer, attempt: Attempt
) -> Flow[Launched]:
    """What an answer other than ``wait`` means for the run."""
    if answer.kind is StartKind.REFUSED:
        return Launched(end=RunState.BLOCKED, reasons=answer.reasons)
    if answer.kind is StartKind.FAILED:
        yield from record_failure(ctx, run, answer.record, attempt)
        return Launched(record=answer.record, end=RunState.NEEDS_SUPPORT, reasons=answer.reasons)
    return Launched(record=answer.record)


def record_failure(
    ctx: task.OrchestrationContext, run: Run, record: UpgradeRecord | None, attempt: Attempt
) -> Flow[None]:
    """Keeps the failure and its support bundle; from now on nothing is sent (DESIGN rule 2)."""
    request = FailureRecord(run=run, record=record, at=now(ctx), attempt=attempt.number)
    yield from call(ctx, names.RECORD_FAILURE, request, Recorded, FAILURE_RETRY)
