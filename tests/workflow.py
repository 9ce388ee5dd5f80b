"""Runs orchestrations in virtual time without an engine, replaying the whole history every turn.

Each turn goes through durabletask's own executor with everything that happened so far, exactly as
the Functions host does it for Python; an orchestrator that is not deterministic fails here. The
histories can be written out and replayed against later code (tests/replay).
"""

import hashlib
import heapq
import itertools
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.durable_functions.internal.serialization import DEFAULT_FUNCTIONS_DATA_CONVERTER
from durabletask.internal import helpers
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.worker import _OrchestrationExecutor, _Registry

from domain.custom_status import LONGEST_STATUS
from orchestrators import ORCHESTRATORS
from tests.fake_base import FakeClock

MAX_TURNS = 5_000
"""A workflow that needs more turns than this does not end."""

type ActivityBody = Callable[[Any], Awaitable[Any]]


def registry() -> _Registry:
    """Every orchestrator of the app, registered as the worker does it."""
    known = _Registry()
    for name, orchestrator in ORCHESTRATORS.items():
        known.add_named_orchestrator(name, orchestrator)
    return known


def execute(
    known: _Registry,
    instance_id: str,
    past: list[pb.HistoryEvent],
    new: list[pb.HistoryEvent],
) -> Any:
    """One turn by full replay: the actions and custom status the orchestrator answers with."""
    executor = _OrchestrationExecutor(
        known, logging.getLogger("tests.workflow"), DEFAULT_FUNCTIONS_DATA_CONVERTER
    )
    return executor.execute(instance_id, past, new)


class RememberedTurns:
    """Tells a turn that was played before, instead of playing it again.

    For tests that run one workflow hundreds of times, each time with something else going wrong:
    the same history has the same actions (DESIGN rule 7), and most histories are the same. Within
    one run none is, so each is still replayed in full the first time it occurs.
    """

    def __init__(self) -> None:
        self._told: dict[bytes, Any] = {}

    def execute(
        self,
        known: _Registry,
        instance_id: str,
        past: list[pb.HistoryEvent],
        new: list[pb.HistoryEvent],
    ) -> Any:
        """As :func:`execute`."""
        turn = hashlib.sha256(f"{instance_id} {len(past)}".encode())
        for event in (*past, *new):
            turn.update(event.SerializeToString(deterministic=True))
        key = turn.digest()
        if key not in self._told:
            self._told[key] = execute(known, instance_id, past, new)
        return self._told[key]


@dataclass
class Instance:
    """One orchestration and everything that happened to it."""

    name: str
    started_at: datetime
    parent: tuple[str, int] | None = None
    input: str | None = None
    history: list[pb.HistoryEvent] = field(default_factory=list)
    statuses: list[Any] = field(default_factory=list)
    executions: int = 1
    longest_history: int = 0
    """Of all its executions that ended; events."""
    status: str = "RUNNING"
    ended_at: datetime | None = None
    output: Any = None
    failure: str | None = None


class Workflow:
    """A minute engine for tests: one thread, virtual time, nothing kept."""

    def __init__(
        self,
        activities: Mapping[str, ActivityBody],
        clock: FakeClock,
        *,
        max_turns: int = MAX_TURNS,
    ) -> None:
        self.activities = activities
        self.clock = clock
        self.instances: dict[str, Instance] = {}
        self.max_turns = max_turns
        self.activity_calls: list[str] = []
        self.lost_events: set[tuple[str, str]] = set()
        """Sender and name of events between instances that never arrive."""
        self.execute = execute
        """Plays a turn."""
        self._due: list[tuple[datetime, int, str, int | None, pb.HistoryEvent]] = []
        self._order = itertools.count()
        self._registry = registry()

    def start(self, name: str, request: Any, instance_id: str) -> None:
        """Starts an orchestration now."""
        self._create(instance_id, self._new(name), json.dumps(request))

    def raise_event(
        self, instance_id: str, name: str, data: Any, after: timedelta = timedelta(0)
    ) -> None:
        """Raises an external event ``after`` some time."""
        event = helpers.new_event_raised_event(name, json.dumps(data))
        self._later(self.clock.now() + after, instance_id, event, is_external=True)

    async def run(self, name: str, request: Any, instance_id: str = "instance") -> Instance:
        """Starts an orchestration and lets time pass until nothing is left to happen."""
        self.start(name, request, instance_id)
        await self.settle()
        return self.instances[instance_id]

    async def settle(self, until: datetime | None = None) -> None:
        """Lets time pass until nothing is left to happen, or nothing before ``until``."""
        for _ in range(self.max_turns):
            if not self._due or (until is not None and self._due[0][0] > until):
                return
            await self._step()
        raise AssertionError(f"not at rest after {self.max_turns} turns")

    def _new(self, name: str, **members: Any) -> Instance:
        return Instance(name=name, started_at=self.clock.now(), **members)

    def _create(self, instance_id: str, instance: Instance, encoded: str | None) -> None:
        instance.input = encoded
        self.instances[instance_id] = instance
        event = helpers.new_execution_started_event(instance.name, instance_id, encoded)
        self._later(self.clock.now(), instance_id, event)

    def _later(
        self, at: datetime, instance_id: str, event: pb.HistoryEvent, *, is_external: bool = False
    ) -> None:
        # A timer or a result belongs to one execution; what comes from outside, to the instance.
        target = self.instances.get(instance_id)
        execution = None if is_external or target is None else target.executions
        heapq.heappush(self._due, (at, next(self._order), instance_id, execution, event))

    async def _step(self) -> None:
        at, _, instance_id, execution, event = heapq.heappop(self._due)
        instance = self.instances.get(instance_id)
        if instance is None or instance.status != "RUNNING":
            return
        if execution not in {None, instance.executions}:
            return
        self.clock.time = max(self.clock.time, at)
        new = [helpers.new_orchestrator_started_event(self.clock.now()), event]
        result = self.execute(self._registry, instance_id, instance.history, new)
        instance.history.extend(new)
        if result.encoded_custom_status:
            # What Azure would fail the orchestration for must not pass here.
            assert len(result.encoded_custom_status) <= LONGEST_STATUS
            instance.statuses.append(json.loads(result.encoded_custom_status))
        for action in result.actions:
            await self._act(instance_id, instance, action)

    async def _act(
        self, instance_id: str, instance: Instance, action: pb.OrchestratorAction
    ) -> None:
        kind = action.WhichOneof("orchestratorActionType")
        if kind == "scheduleTask":
            await self._run_activity(instance_id, instance, action)
        elif kind == "createTimer":
            fire_at = action.createTimer.fireAt.ToDatetime(tzinfo=UTC)
            instance.history.append(helpers.new_timer_created_event(action.id, fire_at))
            self._later(fire_at, instance_id, helpers.new_timer_fired_event(action.id, fire_at))
        elif kind == "createSubOrchestration":
            self._start_child(instance_id, instance, action)
        elif kind == "sendEvent":
            self._send_event(instance_id, instance, action)
        elif kind == "completeOrchestration":
            self._complete(instance_id, instance, action.completeOrchestration)
        else:
            raise AssertionError(f"the test engine knows no action {kind}")

    async def _run_activity(
        self, instance_id: str, instance: Instance, action: pb.OrchestratorAction
    ) -> None:
        scheduled = action.scheduleTask
        encoded = scheduled.input.value
        instance.history.append(
            helpers.new_task_scheduled_event(action.id, scheduled.name, encoded)
        )
        self.activity_calls.append(scheduled.name)
        try:
            result = await self.activities[scheduled.name](json.loads(encoded))
        except Exception as error:  # noqa: BLE001 - as in the host, whatever is raised is history
            event = helpers.new_task_failed_event(action.id, error)
        else:
            event = helpers.new_task_completed_event(action.id, json.dumps(result))
        self._later(self.clock.now(), instance_id, event)

    def _start_child(
        self, instance_id: str, instance: Instance, action: pb.OrchestratorAction
    ) -> None:
        child = action.createSubOrchestration
        instance.history.append(
            helpers.new_sub_orchestration_created_event(
                action.id, child.name, child.instanceId, child.input.value
            )
        )
        parent = (instance_id, action.id)
        self._create(child.instanceId, self._new(child.name, parent=parent), child.input.value)

    def _send_event(
        self, instance_id: str, instance: Instance, action: pb.OrchestratorAction
    ) -> None:
        sent = action.sendEvent
        target, data = sent.instance.instanceId, sent.data.value
        instance.history.append(
            helpers.new_event_sent_event(action.id, target, data, name=sent.name)
        )
        if (instance_id, sent.name) not in self.lost_events:
            self.raise_event(target, sent.name, json.loads(data))

    def _complete(
        self, instance_id: str, instance: Instance, end: pb.CompleteOrchestrationAction
    ) -> None:
        if end.orchestrationStatus == pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW:
            again = self._new(
                instance.name, parent=instance.parent, executions=instance.executions + 1
            )
            again.started_at = instance.started_at
            again.statuses = instance.statuses
            again.longest_history = max(instance.longest_history, len(instance.history))
            self._create(instance_id, again, end.result.value)
            for event in end.carryoverEvents:
                self._later(self.clock.now(), instance_id, event, is_external=True)
            return
        failed = end.orchestrationStatus == pb.ORCHESTRATION_STATUS_FAILED
        instance.status = "FAILED" if failed else "COMPLETED"
        instance.ended_at = self.clock.now()
        instance.failure = end.failureDetails.errorMessage if failed else None
        instance.output = json.loads(end.result.value) if end.result.value else None
        if instance.parent is not None:
            self._tell_parent(instance.parent, instance)

    def _tell_parent(self, parent: tuple[str, int], child: Instance) -> None:
        parent_id, task_id = parent
        if child.failure is not None:
            error = RuntimeError(child.failure)
            event = helpers.new_sub_orchestration_failed_event(task_id, error)
        else:
            event = helpers.new_sub_orchestration_completed_event(task_id, json.dumps(child.output))
        self._later(self.clock.now(), parent_id, event)
