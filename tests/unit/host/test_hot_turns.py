"""Hot turns of the host, with a runtime that runs code on the spot."""

from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from adapters.clock import ScaledClock
from local.host.durable_internals import new_executions, orchestrator_behind
from local.host.functions import Function
from local.host.hot_turns import HotTurns, create_hot_turns, started_name
from local.taskhub.consumers import HeldExecutions
from local.taskhub.engine import SqliteEngine
from tests.unit.host.fakes import FakeEngine, make_function

# The library says once per process that results are read without a type.
pytestmark = pytest.mark.filterwarnings("ignore:.*df_loads")

RUN = make_function("run", "orchestrationTrigger", orchestration="Run")


def two_steps(context, number):
    """An orchestrator of two activities."""
    number = yield context.call_activity("first", input=number)
    return (yield context.call_activity("second", input=number))


def trigger_function():
    """Stands for the function that the library registers for an orchestrator."""


trigger_function.orchestrator_function = two_steps


class OnTheSpot:
    """A runtime without threads; notes whose code ran."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.ran: list[tuple[str, str | None]] = []

    async def run_code[T](
        self, function: Function, code: Callable[[], T], *, instance_id: str | None
    ) -> T:
        self.ran.append((function.name, instance_id))
        if self.failure is not None:
            raise self.failure
        return code()


class HoldingEngine:
    """Notes what it is told of held executions."""

    leaves_out_held_history = True

    def __init__(self) -> None:
        self.held: list[HeldExecutions | None] = []

    async def work_items(
        self, *, max_orchestrations: int, max_activities: int, held: HeldExecutions | None = None
    ) -> AsyncGenerator[pb.WorkItem]:
        self.held.append(held)
        yield pb.WorkItem(completionToken=f"{max_orchestrations}/{max_activities}")


def make_turns(runtime: OnTheSpot) -> HotTurns:
    """Hot turns of an app with one orchestrator."""
    orchestrators = {"run": (RUN, orchestrator_behind(trigger_function))}
    return HotTurns(HoldingEngine(), runtime, new_executions(), orchestrators)


def turn(*new: pb.HistoryEvent, past: tuple[pb.HistoryEvent, ...] = ()) -> pb.OrchestratorRequest:
    """A turn of one execution."""
    request = pb.OrchestratorRequest(instanceId="one", newEvents=new, pastEvents=past)
    request.executionId.value = "e1"
    return request


def started(name: str = "RUN") -> pb.HistoryEvent:
    """The event that starts an execution."""
    event = pb.HistoryEvent(executionStarted=pb.ExecutionStartedEvent(name=name))
    event.executionStarted.input.value = "1"
    return event


def completed(task_id: int) -> pb.HistoryEvent:
    """The end of an activity."""
    event = pb.HistoryEvent(taskCompleted=pb.TaskCompletedEvent(taskScheduledId=task_id))
    event.taskCompleted.result.value = "2"
    return event


def scheduled_names(response: pb.OrchestratorResponse | None) -> list[str]:
    """The activities an answer asks for."""
    assert response is not None
    return [action.scheduleTask.name for action in response.actions]


async def test_a_held_execution_goes_on_with_what_is_new():
    """The second turn needs neither past events nor the orchestrator's name."""
    turns = make_turns(OnTheSpot())
    first = await turns.run(turn(started()))

    is_held = turns.holds("one", "e1")
    second = await turns.run(turn(completed(1)))

    assert is_held
    assert [["first"], ["second"]] == [scheduled_names(first), scheduled_names(second)]


async def test_every_turn_is_an_invocation_of_its_function():
    """The runtime is told function and instance, so that log lines carry them."""
    runtime = OnTheSpot()
    turns = make_turns(runtime)

    await turns.run(turn(started()))
    await turns.run(turn(completed(1)))

    assert [("run", "one")] * 2 == runtime.ran


async def test_an_orchestrator_that_is_not_known_here_goes_the_official_way():
    """What has no orchestrator behind it is left to the app's function."""
    assert await make_turns(OnTheSpot()).run(turn(started("other"))) is None


async def test_a_turn_of_an_unknown_execution_asks_for_its_history():
    """Without name and history nothing can be run."""
    answer = await make_turns(OnTheSpot()).run(turn(completed(1)))

    assert answer == pb.OrchestratorResponse(instanceId="one", requiresHistory=True)


async def test_a_turn_that_fails_here_goes_the_official_way_from_then_on():
    """Whatever went wrong, the instance is replayed by the app's function."""
    runtime = OnTheSpot(failure=TimeoutError())
    turns = make_turns(runtime)
    first = await turns.run(turn(started()))
    runtime.failure = None

    second = await turns.run(turn(completed(1), past=(started(),)))

    assert (None, None, 1) == (first, second, len(runtime.ran))


async def test_a_held_turn_that_fails_asks_for_its_history():
    """It came without past events, which the official way needs."""
    runtime = OnTheSpot()
    turns = make_turns(runtime)
    await turns.run(turn(started()))
    runtime.failure = RuntimeError("internals changed")

    answer = await turns.run(turn(completed(1)))

    assert answer == pb.OrchestratorResponse(instanceId="one", requiresHistory=True)
    assert not turns.holds("one", "e1")


async def test_an_instance_that_ended_is_forgotten():
    """Neither its execution nor its function is kept."""
    turns = make_turns(OnTheSpot())
    await turns.run(turn(started()))

    turns.forget("one")

    assert not turns.holds("one", "e1")
    assert turns._functions == {}


async def test_the_engine_is_told_what_is_held():
    """Work is asked for with the limits, and with the executions in memory."""
    engine = HoldingEngine()
    turns = HotTurns(engine, OnTheSpot(), new_executions(), {})

    items = [item async for item in turns.work_items(max_orchestrations=3, max_activities=5)]

    assert (["3/5"], [turns]) == ([item.completionToken for item in items], engine.held)


def sqlite_engine(folder: Path) -> SqliteEngine:
    """An engine that can leave out past events; not started."""
    return SqliteEngine(folder / "hub.sqlite", ScaledClock(1, 0))


def test_the_pinned_library_can_be_run_hot(tmp_path: Path):
    """The check at start passes with the library this repository pins."""
    turns = create_hot_turns(
        sqlite_engine(tmp_path), OnTheSpot(), {"run": RUN}, lambda _: trigger_function
    )

    assert turns is not None
    assert set(turns._orchestrators) == {"run"}


def test_an_engine_that_sends_all_history_is_replayed():
    """Only the SQLite engine can leave past events out."""
    engine = FakeEngine([])

    assert create_hot_turns(engine, OnTheSpot(), {"run": RUN}, lambda _: two_steps) is None


def test_a_library_that_does_not_fit_is_replayed(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """A failing check is told and changes nothing but speed."""

    def code_of(_function: Function) -> Callable[..., object]:
        raise AttributeError("no such internal")

    turns = create_hot_turns(sqlite_engine(tmp_path), OnTheSpot(), {"run": RUN}, code_of)

    assert turns is None
    assert "every turn is replayed" in caplog.text


@pytest.mark.parametrize("place", ["pastEvents", "newEvents"])
def test_the_name_is_found_wherever_the_start_is(place: str):
    """The start of an execution is new in its first turn and past in every other."""
    assert started_name(pb.OrchestratorRequest(**{place: [started("walk")]})) == "walk"
