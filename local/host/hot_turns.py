"""Orchestrator turns without replay: the code of an execution stays in memory between its turns.

The official way hands a turn's whole history to the app's function, which runs the orchestrator
from its first line. Here the orchestrator behind that function is fed only what is new, by
:mod:`local.taskhub.hot`. What does not fit goes the official way: other engines, ``--replay``,
payloads kept elsewhere, functions without an orchestrator behind them, turns that fail here.
"""

import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal import tracing

from local.taskhub.consumers import HeldExecutions
from local.taskhub.hot import HotExecutions, Orchestrator

from .engine import Engine
from .functions import Function

_log = logging.getLogger("Host.DurableTask")


class Code(Protocol):
    """Runs code as an invocation; :class:`local.host.runtime.Runtime` is one."""

    async def run_code[T](
        self, function: Function, code: Callable[[], T], *, instance_id: str | None
    ) -> T:
        """Runs ``code`` in a thread; its log lines carry function, invocation and instance."""
        ...


@runtime_checkable
class HoldingEngine(Protocol):
    """An engine that leaves out past events of executions its caller holds."""

    leaves_out_held_history: bool
    """Tells such an engine from others, whose ``work_items`` looks the same from outside."""

    def work_items(
        self, *, max_orchestrations: int, max_activities: int, held: HeldExecutions | None = None
    ) -> AsyncGenerator[pb.WorkItem]:
        """As :meth:`local.host.engine.Engine.work_items`, with the executions that are held."""
        ...


class HotTurns:
    """Runs turns and holds their executions.

    Args:
        engine: Where work comes from.
        runtime: Runs the orchestrators' code.
        executions: The executions in memory.
        orchestrators: Function and orchestrator by the lower-case name they are started by.
    """

    def __init__(
        self,
        engine: HoldingEngine,
        runtime: Code,
        executions: HotExecutions,
        orchestrators: Mapping[str, tuple[Function, Orchestrator]],
    ) -> None:
        self._engine = engine
        self._runtime = runtime
        self._executions = executions
        self._orchestrators = orchestrators
        self._functions: dict[str, Function] = {}
        self._given_up: set[str] = set()

    def work_items(
        self, *, max_orchestrations: int, max_activities: int
    ) -> AsyncGenerator[pb.WorkItem]:
        """The engine's work, turns of held executions without past events."""
        return self._engine.work_items(
            max_orchestrations=max_orchestrations, max_activities=max_activities, held=self
        )

    def holds(self, instance_id: str, execution_id: str) -> bool:
        """Whether the execution is in memory."""
        return self._executions.holds(instance_id, execution_id)

    def forget(self, instance_id: str) -> None:
        """Lets an ended instance go."""
        self._executions.forget(instance_id)
        self._functions.pop(instance_id, None)
        self._given_up.discard(instance_id)

    async def run(self, request: pb.OrchestratorRequest) -> pb.OrchestratorResponse | None:
        """Runs a turn.

        Returns:
            The answer, without completion token, or None: the turn has to go the official way.
        """
        instance_id = request.instanceId
        name = started_name(request)
        function = self._function(instance_id, name)
        # The app's function replays from the start event, so a turn that came without it asks for
        # its history first.
        if function is None or instance_id in self._given_up:
            return None if name is not None else _ask_for_history(request)
        try:
            return await self._runtime.run_code(
                function, lambda: self._run_quietly(request), instance_id=instance_id
            )
        except Exception:  # noqa: BLE001 (internals may raise anything; the official way decides)
            _log.warning("%s is replayed from now on", instance_id, exc_info=True)
            # Its code may still be running in a thread, so no execution of it is trusted again.
            self._given_up.add(instance_id)
            self._executions.forget(instance_id)
            return None if name is not None else _ask_for_history(request)

    def _function(self, instance_id: str, name: str | None) -> Function | None:
        if name is None:
            return self._functions.get(instance_id)
        function, orchestrator = self._orchestrators.get(name.lower(), (None, None))
        if function is not None and orchestrator is not None:
            # Under the name it was started by: that is what the library looks for.
            self._executions.add(name, orchestrator)
            self._functions[instance_id] = function
        return function

    def _run_quietly(self, request: pb.OrchestratorRequest) -> pb.OrchestratorResponse:
        # The official worker leaves spans of orchestrations to the host.
        with tracing.suppress_span_emission():
            return self._executions.run(request)


def create_hot_turns(
    engine: Engine,
    runtime: Code,
    functions: Mapping[str, Function],
    code_of: Callable[[Function], Callable[..., Any]],
) -> HotTurns | None:
    """Hot turns for an app, or None where every turn has to go the official way.

    Args:
        engine: The host's engine.
        runtime: Runs the orchestrators' code.
        functions: The app's orchestrator functions by the lower-case name they are started by.
        code_of: The Python function behind a function.
    """
    if not functions or not isinstance(engine, HoldingEngine):
        return None
    try:
        # Not at the top: the app's own version of the library is found once the app is loaded.
        from . import durable_internals as internals  # noqa: PLC0415

        is_fit = not internals.keeps_payloads_elsewhere() and internals.agrees_with_worker()
        executions = internals.new_executions()
        behind = {
            name: internals.orchestrator_behind(code_of(functions[name])) for name in functions
        }
    except Exception:  # noqa: BLE001 (a library that changed may raise anything)
        _log.warning("every turn is replayed: this library cannot do without", exc_info=True)
        return None
    if not (is_fit and executions.is_available):
        _log.warning("every turn is replayed: payloads are elsewhere, or turns here would differ")
        return None
    orchestrators = {
        name: (functions[name], orchestrator)
        for name, orchestrator in behind.items()
        if orchestrator is not None
    }
    return HotTurns(engine, runtime, executions, orchestrators)


def started_name(request: pb.OrchestratorRequest) -> str | None:
    """The orchestrator's name, if the turn comes with the event that started the execution."""
    for events in (request.pastEvents, request.newEvents):
        for event in events:
            if event.HasField("executionStarted"):
                return event.executionStarted.name
    return None


def _ask_for_history(request: pb.OrchestratorRequest) -> pb.OrchestratorResponse:
    return pb.OrchestratorResponse(instanceId=request.instanceId, requiresHistory=True)
