"""Orchestrators that do not do the same thing twice."""

import itertools

from durabletask.client import OrchestrationStatus

from tests.integration.taskhub.running import RunningHub
from tests.integration.taskhub.workflows import add_one


def fickle():
    """An orchestrator that calls another activity each time its code runs from the start."""
    names = itertools.cycle(["add_one", "add_two"])

    def wander(context, number):
        name = next(names)
        number = yield context.call_activity(name, input=number)
        number = yield context.call_activity(name, input=number)
        return number

    return wander


def add_two(_context, number):
    """An activity."""
    return number + 2


async def run_fickle(path, mode):
    """Runs the fickle orchestrator; gives its end and its history's event kinds."""
    hub = RunningHub(path / "hub.sqlite", mode)
    await hub.start()
    hub.work(fickle(), activities=[add_one, add_two])
    state = await hub.run("wander", input=1)
    kinds = await hub.event_kinds(state.instance_id)
    await hub.stop()
    return state, kinds


async def test_replay_finds_non_deterministic_code(tmp_path):
    """With --replay the first step that differs fails the instance and says what differs."""
    state, _ = await run_fickle(tmp_path, "replay")

    assert OrchestrationStatus.FAILED == state.runtime_status
    assert "NonDeterminismError" in state.failure_details.error_type
    assert "add_one" in state.failure_details.message
    assert "add_two" in state.failure_details.message


async def test_a_worker_over_grpc_finds_non_deterministic_code(tmp_path):
    """A worker that replays finds it just as well."""
    state, _ = await run_fickle(tmp_path, "grpc")

    assert "NonDeterminismError" in state.failure_details.error_type


async def test_the_history_of_a_non_deterministic_instance_stays(tmp_path):
    """What really happened is still there, and no step of the wrong turn was started."""
    _, kinds = await run_fickle(tmp_path, "replay")

    assert [
        "OrchestratorStarted",
        "ExecutionStarted",
        "TaskScheduled",
        "OrchestratorCompleted",
        "OrchestratorStarted",
        "TaskCompleted",
        "OrchestratorCompleted",
        "ExecutionCompleted",
    ] == kinds


async def test_a_hot_execution_is_not_run_again_from_its_start(tmp_path):
    """Without --replay the code runs once, line by line, however long it waits."""
    state, _ = await run_fickle(tmp_path, "hot")

    assert (OrchestrationStatus.COMPLETED, "3") == (
        state.runtime_status,
        state.serialized_output,
    )
