"""What every orchestrator shares: typed calls, retry rules, a bounded fan-out, the run's journey.

Nothing here reads a clock, an environment or a service: time comes from the context only
(DESIGN rule 7).
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from durabletask import task

from domain.campaigns import VaultProgress
from domain.codec import from_json, to_json
from domain.errors import asked_wait_s
from domain.outcomes import Milestone
from domain.requests import UpgradeRequest
from domain.transitions import advance
from domain.upgrade import END_STATES, RunState
from orchestrators import names

type Flow[T] = Generator[task.Task[Any], Any, T]
"""A phase of an orchestrator: yields durable tasks, returns ``T``."""


def now(ctx: task.OrchestrationContext) -> datetime:
    """The orchestration's time, aware; the context gives it without a zone, meaning UTC."""
    return ctx.current_utc_datetime.replace(tzinfo=UTC)


READ_RETRY = task.RetryPolicy(
    first_retry_interval=timedelta(seconds=15),
    max_number_of_attempts=5,
    backoff_coefficient=2.0,
    max_retry_interval=timedelta(minutes=2),
)
"""For steps that only read, or write evidence that is kept once: about four minutes of trying,
on top of the retries inside each HTTP call."""

RECORD_RETRY = task.RetryPolicy(
    first_retry_interval=timedelta(seconds=15),
    max_number_of_attempts=20,
    backoff_coefficient=2.0,
    max_retry_interval=timedelta(minutes=30),
)
"""For the last step of a run: an evidence store that is away for hours must not lose a verdict."""

LONGEST_ASKED_WAIT = timedelta(hours=6)
"""Of what a service asks in Retry-After no more is waited before it is asked again: the hour of the
longest quota seen, and some (recovery-services 8)."""

MAX_ASKED_WAITS = 4
"""Waits of one step: a day at most, after which a person should know."""


def call[T](
    ctx: task.OrchestrationContext,
    name: str,
    request: Any,
    result: type[T],
    retry: task.RetryPolicy | None = READ_RETRY,
) -> Flow[T]:
    """Runs one activity and gives its typed result.

    A service that asks to wait longer than ``retry`` lasts is given that time, and asked again.
    Without ``retry`` nothing is repeated, whatever the service says.

    Raises:
        task.TaskFailedError: The activity failed, after the retries of ``retry`` and the waits.
    """
    waits = 0
    while True:
        try:
            answer = yield ctx.call_activity(
                name, input=to_json(request), retry_policy=retry, return_type=dict
            )
        except task.TaskFailedError as failure:
            wait = _asked_wait(failure)
            if retry is None or wait is None or waits == MAX_ASKED_WAITS:
                raise
        else:
            return from_json(result, answer)
        # A timer and not a sleep in the activity: it holds no worker, and outlives a restart.
        yield ctx.create_timer(wait)
        waits += 1


def _asked_wait(failure: task.TaskFailedError) -> timedelta | None:
    # Read out of the text: that is all that reaches a workflow of an error on every backend.
    seconds = asked_wait_s(failure.details.message)
    return None if seconds is None else min(timedelta(seconds=seconds), LONGEST_ASKED_WAIT)


def call_child[T](
    ctx: task.OrchestrationContext, name: str, request: Any, result: type[T], suffix: str
) -> Flow[T]:
    """Runs a sub-orchestration whose id is the parent's with a suffix, and gives its result."""
    # A derived id: whoever looks from outside finds the child, and a second start would join it.
    answer = yield ctx.call_sub_orchestrator(
        name, input=to_json(request), instance_id=f"{ctx.instance_id}.{suffix}", return_type=dict
    )
    return from_json(result, answer)


def in_window(
    ctx: task.OrchestrationContext, name: str, requests: Sequence[tuple[str, Any]], width: int
) -> Flow[list[Any]]:
    """Runs sub-orchestrations, at most ``width`` at a time, the next as soon as one ends.

    ``requests`` are pairs of id suffix and request. Gives one entry per request in the same order:
    the raw result, or the TaskFailedError.
    """
    results: list[Any] = [None] * len(requests)
    running: dict[task.Task[Any], int] = {}
    waiting = iter(enumerate(requests))

    # An iterator shared by all calls: whichever child ends, the next in line takes its place, and
    # no vault waits for the slowest of a batch (performance 4).
    def start_next() -> None:
        for index, (suffix, request) in waiting:
            child: task.Task[Any] = ctx.call_sub_orchestrator(
                name,
                input=to_json(request),
                instance_id=f"{ctx.instance_id}.{suffix}",
                return_type=dict,
            )
            running[child] = index
            return

    for _ in range(width):
        start_next()
    while running:
        done = yield task.when_any(list(running))
        index = running.pop(done)
        # As a value: one child that failed must not end the parent and orphan those still running.
        results[index] = done.get_exception() if done.is_failed else done.get_result()
        start_next()
    return results


def tell_holder(ctx: task.OrchestrationContext, request: UpgradeRequest, state: RunState) -> None:
    """Tells whoever paces the starts how far the vault is; nothing where nobody does.

    One way: a holder that is gone loses nothing, and one that misses it looks for itself.
    """
    slot = request.slot
    if slot is not None:
        progress = VaultProgress(position=slot.position, request_id=request.request_id, state=state)
        ctx.send_event(slot.holder, names.SLOT_EVENT, data=to_json(progress))


def reason_of(failure: task.TaskFailedError) -> str:
    """The failure as one line for people: the message the activity raised."""
    return failure.details.message.strip() or str(failure)


@dataclass(kw_only=True)
class Journey:
    """Where a run stands: checks every step against the state table and shows it as custom status.

    Lives inside one orchestrator execution and is rebuilt by replay.
    """

    ctx: task.OrchestrationContext
    subject: str
    state: RunState = RunState.INSPECTING
    operation_id: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    milestones: list[Milestone] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._enter()

    def move(self, state: RunState, **extra: Any) -> None:
        """Enters the next state; ``extra`` is shown with it until the next move.

        Raises:
            TransitionError: The state table does not allow the step.
        """
        self.state = advance(self.state, state, subject=self.subject)
        self.extra = extra
        self._enter()

    def show(self, **extra: Any) -> None:
        """Shows something else with the state the run is in."""
        self.extra = extra
        self._show()

    def _enter(self) -> None:
        self.milestones.append(Milestone(state=self.state, at=now(self.ctx)))
        self._show()

    def _show(self) -> None:
        # An end shows only once its verdict is recorded: the run's output tells it then.
        if self.state in END_STATES:
            return
        status = {"state": self.state.value, "operationId": self.operation_id, **self.extra}
        self.ctx.set_custom_status(status)
