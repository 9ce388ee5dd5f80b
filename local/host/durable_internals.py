"""The one module that uses internals of ``azure.durable_functions`` (pinned in pyproject.toml).

Imported once the app is loaded, and only then: an app may bring a version of the library of its
own, in which what is named here may be missing. Then importing fails and turns are replayed.
"""

import base64
from collections.abc import Callable, Generator, Sequence
from typing import Any

from azure.durable_functions.internal.compat.orchestration_context import wrap_orchestrator
from azure.durable_functions.internal.payloads import get_transport_payload_store
from azure.durable_functions.internal.serialization import DEFAULT_FUNCTIONS_DATA_CONVERTER
from azure.durable_functions.worker import DurableFunctionsWorker
from durabletask import task
from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub.hot import HotExecutions, Orchestrator

_BEHIND = "orchestrator_function"
"""Where the library's decorator leaves the app's own orchestrator."""


def new_executions() -> HotExecutions:
    """An empty store of executions that reads and writes payloads as the library does."""
    return HotExecutions(DEFAULT_FUNCTIONS_DATA_CONVERTER)


def keeps_payloads_elsewhere() -> bool:
    """Whether the app keeps payloads outside the hub, which only the library's worker can read."""
    return get_transport_payload_store() is not None


def orchestrator_behind(code: Callable[..., Any]) -> Orchestrator | None:
    """The app's orchestrator behind the function of a trigger; None if the function is itself it.

    Orchestrators in the style of version 1, with one argument, are adapted as the library does.
    """
    behind = getattr(code, _BEHIND, None)
    return None if behind is None else wrap_orchestrator(behind)


def agrees_with_worker() -> bool:
    """Whether a first turn gives the same answer here as from the library's worker."""
    started = pb.ExecutionStartedEvent(name="rehearsal")
    started.input.value = '["a", "b"]'
    request = pb.OrchestratorRequest(
        instanceId="rehearsal", newEvents=[pb.HistoryEvent(executionStarted=started)]
    )
    body = base64.b64encode(request.SerializeToString())
    answer = DurableFunctionsWorker().execute_orchestration_request(_rehearsal, body)
    executions = new_executions()
    executions.add("rehearsal", wrap_orchestrator(_rehearsal))
    official = pb.OrchestratorResponse.FromString(base64.b64decode(answer))
    return _essence(executions.run(request)) == _essence(official)


def _rehearsal(
    context: task.OrchestrationContext, given: Sequence[str]
) -> Generator[task.Task[Any], Any]:
    context.set_custom_status({"given": list(given)})
    yield context.call_activity("step", input={"names": given})


def _essence(response: pb.OrchestratorResponse) -> tuple[str, list[bytes]]:
    actions = [action.SerializeToString(deterministic=True) for action in response.actions]
    return response.customStatus.value, actions
