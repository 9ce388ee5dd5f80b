"""Hot executions: an orchestration's code stays in memory and is fed only what is new.

A replaying worker runs an orchestrator from its first line in every turn, which costs the square
of the number of turns (performance 3c). Here the generator of a running execution is kept, fed the
new events, and then fed the events that confirm the actions it asked for, exactly as a replay of
the history would (durable-2x 3). An execution that is not held, because it is new here, was pushed
out or its last turn was not committed, is replayed from its history once and then held.

This is the one module that uses private names of durabletask (pinned in pyproject.toml). Whether
they still fit is tried out when a cache is made; if not, every turn is a plain replay.
"""

# ruff: noqa: SLF001 (the private names are the point of this module; see above)

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from durabletask import task
from durabletask import worker as durabletask_worker
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.serialization import DEFAULT_DATA_CONVERTER, DataConverter

from local.taskhub import events

_LOGGER = logging.getLogger(__name__)

# The worker tells of every turn at INFO; in a process that runs thousands a second that is noise.
_WORKER_LOGGER = logging.getLogger("durabletask-hot")
_WORKER_LOGGER.setLevel(logging.WARNING)

# Executions held: an execution with a handful of open tasks takes about 10 KB.
HELD_LIMIT = 20_000

# durabletask's own DEFAULT_MAXIMUM_TIMER_INTERVAL, at which longer timers are cut into pieces. With
# any other limit, a hot turn would ask for other timers than a replay of it.
_LONGEST_TIMER = timedelta(days=3)

type Orchestrator = Callable[[task.OrchestrationContext, Any], Any]


@dataclass(slots=True)
class _Execution:
    """One execution's code, as far as it has run."""

    execution_id: str
    executor: durabletask_worker._OrchestrationExecutor
    context: durabletask_worker._RuntimeOrchestrationContext

    def feed(self, new_events: Iterable[pb.HistoryEvent], *, is_replaying: bool) -> None:
        self.context._is_replaying = is_replaying
        for event in new_events:
            self.executor.process_event(self.context, event)


class HotExecutions:
    """Runs orchestrator turns and keeps their executions in memory.

    May be used from several threads, one turn of an instance at a time.

    Args:
        data_converter: How inputs and results are written; durabletask's own by default.
        limit: Executions held; the least recently used one goes first.
    """

    def __init__(
        self, data_converter: DataConverter = DEFAULT_DATA_CONVERTER, *, limit: int = HELD_LIMIT
    ) -> None:
        self._converter = data_converter
        self._limit = limit
        self._registry = _new_registry()
        self._held: OrderedDict[str, _Execution] = OrderedDict()
        self._lock = threading.Lock()
        self.is_available = _fits()

    def add(self, name: str, orchestrator: Orchestrator) -> None:
        """Registers an orchestrator; the same name again is ignored."""
        # The registry raises over a name it has, and the host adds one with every execution.
        if self._registry.get_orchestrator(name) is None:
            self._registry.add_named_orchestrator(name, orchestrator)

    def holds(self, instance_id: str, execution_id: str) -> bool:
        """Whether the execution is in memory, so that its next turn needs no past events."""
        # Without the lock: the look-up is one step, and an answer that is out of date by then is
        # put right by ``requiresHistory``.
        held = self._held.get(instance_id)
        return held is not None and held.execution_id == execution_id

    def forget(self, instance_id: str) -> None:
        """Lets an instance's execution go: it ended, or its last turn does not count."""
        with self._lock:
            self._held.pop(instance_id, None)

    def run(self, request: pb.OrchestratorRequest) -> pb.OrchestratorResponse:
        """Runs one turn.

        Returns:
            The answer, without completion token; with ``requiresHistory`` when the turn came
            without past events and the execution is not held.
        """
        # Taken out while it runs: a turn that ends badly must not leave a half-moved execution
        # behind.
        with self._lock:
            held = self._held.pop(request.instanceId, None)
        is_first = any(event.HasField("executionStarted") for event in request.newEvents)
        # Past events that were sent although the execution is held mean that it must not be used.
        if request.pastEvents or is_first:
            held = None
        elif held is None or held.execution_id != request.executionId.value:
            return pb.OrchestratorResponse(instanceId=request.instanceId, requiresHistory=True)
        rewinds = any(event.HasField("executionRewound") for event in request.newEvents)
        # A rewind rewrites the history; only a replay of it knows where the code then stands.
        if rewinds or not self.is_available:
            return self._replay(request)
        return self._advance(held or self._new_execution(request), request)

    def _replay(self, request: pb.OrchestratorRequest) -> pb.OrchestratorResponse:
        result = self._executor().execute(request.instanceId, request.pastEvents, request.newEvents)
        return _response(request, result.actions, result.encoded_custom_status)

    def _advance(
        self, execution: _Execution, request: pb.OrchestratorRequest
    ) -> pb.OrchestratorResponse:
        context = execution.context
        try:
            execution.feed(request.pastEvents, is_replaying=True)
            execution.feed(request.newEvents, is_replaying=False)
        except Exception as error:  # noqa: BLE001 (whatever the code raises fails the instance)
            context.set_failed(error)
        actions = context.get_actions()
        confirmations = [_confirmation(action) for action in actions]
        # An action that no event confirms cannot be fed back; its execution is replayed next time.
        confirmed = [event for event in confirmations if event is not None]
        if not context._is_complete and len(confirmed) == len(actions):
            execution.feed(confirmed, is_replaying=True)
            self._hold(request.instanceId, execution)
        return _response(request, actions, context._encoded_custom_status)

    def _hold(self, instance_id: str, execution: _Execution) -> None:
        with self._lock:
            self._held[instance_id] = execution
            # Pushed out is not lost: the next turn asks for the history and replays it once.
            while len(self._held) > self._limit:
                self._held.popitem(last=False)

    def _new_execution(self, request: pb.OrchestratorRequest) -> _Execution:
        executor = self._executor()
        # Only for log lines; the executor sets it in execute(), which is not called here.
        executor._orchestration_name = "<hot>"
        context = durabletask_worker._RuntimeOrchestrationContext(
            request.instanceId,
            self._registry,
            data_converter=self._converter,
            maximum_timer_interval=_LONGEST_TIMER,
            logger=_WORKER_LOGGER,
        )
        return _Execution(request.executionId.value, executor, context)

    def _executor(self) -> durabletask_worker._OrchestrationExecutor:
        return durabletask_worker._OrchestrationExecutor(
            self._registry,
            _WORKER_LOGGER,
            self._converter,
            maximum_timer_interval=_LONGEST_TIMER,
        )


def _new_registry() -> durabletask_worker._Registry:
    create: Any = durabletask_worker._Registry
    registry: durabletask_worker._Registry = create()
    return registry


def _response(
    request: pb.OrchestratorRequest,
    actions: Sequence[pb.OrchestratorAction],
    custom_status: str | None,
) -> pb.OrchestratorResponse:
    return pb.OrchestratorResponse(
        instanceId=request.instanceId,
        actions=actions,
        customStatus=events.optional(custom_status),
        orchestrationTraceContext=(
            request.orchestrationTraceContext
            if request.HasField("orchestrationTraceContext")
            else None
        ),
    )


def _confirmation(action: pb.OrchestratorAction) -> pb.HistoryEvent | None:
    """The history event that confirms an action, as far as the executor reads it."""
    event = pb.HistoryEvent(eventId=action.id)
    match action.WhichOneof("orchestratorActionType"):
        case "scheduleTask":
            event.taskScheduled.name = action.scheduleTask.name
        case "createTimer":
            event.timerCreated.fireAt.CopyFrom(action.createTimer.fireAt)
        case "createSubOrchestration":
            event.subOrchestrationInstanceCreated.name = action.createSubOrchestration.name
        case "sendEvent":
            event.eventSent.name = action.sendEvent.name
            event.eventSent.instanceId = action.sendEvent.instance.instanceId
        case _:
            return None
    return event


def _fits() -> bool:
    """Whether durabletask's private names still do what this module needs of them."""
    try:
        hot, cold = _rehearse(is_hot=True), _rehearse(is_hot=False)
    except Exception:
        _LOGGER.warning(
            "this durabletask cannot keep executions in memory; every turn is replayed",
            exc_info=True,
        )
        return False
    if hot != cold:
        _LOGGER.warning("hot executions differ from replayed ones; every turn is replayed")
        return False
    return True


def _rehearsal(
    context: task.OrchestrationContext, start: int
) -> Generator[task.Task[Any], Any, int]:
    # An activity, a timer and an event: each comes back as an event of another kind, and the first
    # two are confirmed besides.
    done: int = yield context.call_activity("add", input=start)
    yield context.create_timer(timedelta(seconds=1))
    context.set_custom_status("waiting")
    added: int = yield context.wait_for_external_event("more")
    return done + added


def _rehearse(*, is_hot: bool) -> list[bytes]:
    """Plays a small orchestration, hot or by replaying, and gives what each turn answered."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    now_us = int(now.timestamp()) * 1_000_000
    # Past the constructor, which would rehearse again, and so without end.
    cache = HotExecutions.__new__(HotExecutions)
    cache._converter, cache._limit, cache.is_available = DEFAULT_DATA_CONVERTER, 1, is_hot
    cache._registry = _new_registry()
    cache._held, cache._lock = OrderedDict(), threading.Lock()
    cache.add("rehearsal", _rehearsal)
    started = pb.ExecutionStartedEvent(name="rehearsal", input=events.optional("1"))
    done = pb.TaskCompletedEvent(taskScheduledId=1, result=events.optional("2"))
    arrivals = [
        pb.HistoryEvent(executionStarted=started),
        pb.HistoryEvent(taskCompleted=done),
        events.timer_fired(now_us + 1_000_000, 2),
        events.event_raised(now_us, "more", "40"),
    ]
    past: list[pb.HistoryEvent] = []
    answers: list[bytes] = []
    for arrival in arrivals:
        request = pb.OrchestratorRequest(
            instanceId="rehearsal",
            newEvents=[events.orchestrator_started(now_us), arrival],
            pastEvents=[] if is_hot else past,
        )
        answer = cache.run(request)
        # As bytes, so that members nobody thought of are compared, too.
        answers.append(answer.SerializeToString(deterministic=True))
        confirmations = [_confirmation(action) for action in answer.actions]
        past += [*request.newEvents, *(event for event in confirmations if event is not None)]
    return answers
