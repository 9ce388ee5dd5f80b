"""Durable dispatch, with a fake engine and invoker."""

import asyncio
import base64
from dataclasses import replace
from typing import Any

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.wrappers_pb2 import StringValue

from local.host.durable import DurableDispatcher, by_durable_name, orchestration_name
from local.host.functions import InvocationResult
from local.host.messages import TypedData
from tests.unit.host.fakes import Call, FakeEngine, FakeInvoker, make_function

FUNCTIONS = [
    make_function("run", "orchestrationTrigger", orchestration=None),
    make_function("double", "activityTrigger", activity="Twice"),
    make_function("http", "httpTrigger"),
]


def turn(name: str = "run") -> pb.WorkItem:
    """An orchestrator turn."""
    started = pb.ExecutionStartedEvent(name=name)
    request = pb.OrchestratorRequest(
        instanceId="one", newEvents=[pb.HistoryEvent(executionStarted=started)]
    )
    return pb.WorkItem(orchestratorRequest=request, completionToken="t")


def activity(name: str = "twice", number: int = 0, text: str | None = "21") -> pb.WorkItem:
    """An activity's work."""
    request = pb.ActivityRequest(
        name=name,
        taskId=3,
        input=None if text is None else StringValue(value=text),
        orchestrationInstance=pb.OrchestrationInstance(instanceId="one"),
    )
    return pb.WorkItem(activityRequest=request, completionToken=f"a{number}")


async def dispatch(
    engine: FakeEngine, invoker: FakeInvoker, *, activities: int = 9, timeout_s: float = 5
) -> None:
    """Dispatches until every work item came back."""
    dispatcher = DurableDispatcher(
        engine, invoker, FUNCTIONS, max_orchestrations=9, max_activities=activities
    )
    dispatcher.start()
    await engine.wait_settled(len(engine.items))
    await dispatcher.stop(timeout_s)


def returning(value: TypedData | None) -> FakeInvoker:
    """An invoker whose functions return ``value``."""

    async def behave(_call: Call) -> TypedData | None:
        return value

    return FakeInvoker(behave)


def failing(message: str) -> FakeInvoker:
    """An invoker whose functions fail."""

    async def behave(_call: Call) -> TypedData | None:
        raise ValueError(message)

    return FakeInvoker(behave)


async def test_a_turn_goes_to_its_orchestrator_and_back():
    """The request travels as base64; the response comes back with the item's token."""
    action = pb.OrchestratorAction(id=1)
    answer = pb.OrchestratorResponse(instanceId="one", actions=[action])
    invoker = returning(TypedData(string=base64.b64encode(answer.SerializeToString()).decode()))
    engine = FakeEngine([turn()])

    await dispatch(engine, invoker)
    sent = pb.OrchestratorRequest.FromString(base64.b64decode(invoker.calls[0].value.string))

    assert (invoker.calls[0].function, sent.instanceId) == ("run", "one")
    assert engine.turns == [
        pb.OrchestratorResponse(instanceId="one", actions=[action], completionToken="t")
    ]


async def test_an_activity_is_found_by_its_own_name_in_any_case():
    """The decorator's name counts; input and result are passed as JSON."""
    engine, invoker = FakeEngine([activity("TWICE")]), returning(TypedData(json="42"))

    await dispatch(engine, invoker)

    assert (invoker.calls[0].function, invoker.calls[0].value.json) == ("double", "21")
    assert invoker.calls[0].instance_id == "one"
    assert engine.activities == [
        pb.ActivityResponse(
            instanceId="one", taskId=3, completionToken="a0", result=StringValue(value="42")
        )
    ]


async def test_an_activity_without_input_gets_null():
    """No input is JSON null, which reads as None."""
    engine, invoker = FakeEngine([activity(text=None)]), returning(None)

    await dispatch(engine, invoker)

    assert invoker.calls[0].value.json == "null"
    assert not engine.activities[0].HasField("result")


async def test_a_failed_activity_reports_its_exception():
    """Type, message and stack of user code, retriable."""
    engine = FakeEngine([activity()])

    await dispatch(engine, failing("no"))
    details = engine.activities[0].failureDetails

    assert (details.errorType, details.errorMessage) == ("ValueError", "no")
    assert (details.stackTrace.value, details.isNonRetriable) == ("stack", False)


async def test_an_unknown_activity_fails_for_good():
    """It is not worth trying again, and the message names what there is."""
    engine = FakeEngine([activity("thrice")])

    await dispatch(engine, returning(None))
    details = engine.activities[0].failureDetails

    assert (details.errorType, details.isNonRetriable) == ("ActivityNotRegistered", True)
    assert details.errorMessage == "no activity function is named 'thrice'; the app has twice"


async def test_an_unknown_orchestrator_fails_its_instance():
    """The instance ends failed instead of being handed out for ever."""
    engine = FakeEngine([turn("walk")])

    await dispatch(engine, returning(None))
    action = engine.turns[0].actions[0].completeOrchestration

    assert action.orchestrationStatus == pb.ORCHESTRATION_STATUS_FAILED
    assert action.failureDetails.errorType == "OrchestratorNotRegistered"


async def test_a_turn_the_engine_refuses_is_given_back():
    """Whatever the engine raises, the item is abandoned and the pump lives."""
    body = base64.b64encode(pb.OrchestratorResponse().SerializeToString()).decode()
    engine = FakeEngine([turn()], refusal=RuntimeError("disk full"))

    await dispatch(engine, returning(TypedData(string=body)))

    assert engine.abandoned == ["t"]


async def test_refused_work_is_not_repeated_at_once():
    """A second passes before it is given back, or an engine in trouble would be hammered."""
    engine = FakeEngine([activity()], refusal=RuntimeError("disk full"))
    loop = asyncio.get_running_loop()
    began = loop.time()
    await dispatch(engine, returning(None))

    assert engine.abandoned == ["a0"]
    assert loop.time() - began >= 1.0


@pytest.mark.parametrize(
    ("invoker", "cause"),
    [(failing("no text"), "ValueError: no text"), (returning(None), "it returned nothing")],
    ids=["raises", "answers nothing"],
)
async def test_an_orchestrator_function_that_fails_ends_its_instance(
    invoker: FakeInvoker, cause: str
):
    """As the extension does it: given back, it would fail the same way for ever."""
    engine = FakeEngine([turn()])

    await dispatch(engine, invoker)
    action = engine.turns[0].actions[0].completeOrchestration

    assert action.orchestrationStatus == pb.ORCHESTRATION_STATUS_FAILED
    assert action.failureDetails.errorMessage == (
        f"function 'run' failed with an unhandled exception: {cause}"
    )


async def test_a_turn_that_took_too_long_is_given_back():
    """It may be quicker next time; the extension aborts such a turn and repeats it."""

    class SlowInvoker(FakeInvoker):
        async def invoke(self, *arguments: Any, **named: Any) -> InvocationResult:
            result = await super().invoke(*arguments, **named)
            return replace(result, has_timed_out=True)

    engine = FakeEngine([turn()])

    await dispatch(engine, SlowInvoker(failing("too slow").behaviour))

    assert (engine.turns, engine.abandoned) == ([], ["t"])


@pytest.mark.parametrize("item", [turn(), activity()], ids=["turn", "activity"])
async def test_what_fails_while_the_host_stops_is_given_back(item: pb.WorkItem):
    """What it was calling may have been stopped by the same Ctrl-C; it is no failure to record."""
    release = asyncio.Event()

    async def behave(_call: Call) -> None:
        await release.wait()
        raise ValueError("connection refused")

    engine, invoker = FakeEngine([item]), FakeInvoker(behave)
    dispatcher = DurableDispatcher(
        engine, invoker, FUNCTIONS, max_orchestrations=1, max_activities=1
    )
    dispatcher.start()
    await invoker.wait_called(1)
    stopping = asyncio.create_task(dispatcher.stop(5))
    await asyncio.sleep(0)
    release.set()
    await stopping

    assert (engine.turns, engine.activities) == ([], [])
    assert engine.abandoned == [item.completionToken]


async def test_activities_keep_to_their_limit():
    """No more run at once than allowed."""
    running, most = 0, 0

    async def behave(_call: Call) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1

    engine = FakeEngine([activity(number=number) for number in range(10)])

    await dispatch(engine, FakeInvoker(behave), activities=3)

    assert (most, engine.limits) == (3, (9, 3))


async def test_stopping_finishes_what_runs_and_gives_back_what_waits():
    """Running work ends normally; work without a slot goes back to the engine."""
    release = asyncio.Event()

    async def behave(_call: Call) -> TypedData:
        await release.wait()
        return TypedData(json="1")

    engine, invoker = FakeEngine([activity(number=1), activity(number=2)]), FakeInvoker(behave)
    dispatcher = DurableDispatcher(
        engine, invoker, FUNCTIONS, max_orchestrations=1, max_activities=1
    )
    dispatcher.start()
    await asyncio.sleep(0.01)
    stopping = asyncio.create_task(dispatcher.stop(5))
    await asyncio.sleep(0.01)
    release.set()
    await stopping

    assert [one.completionToken for one in engine.activities] == ["a1"]
    assert engine.abandoned == ["a2"]


async def test_stopping_does_not_wait_longer_than_allowed():
    """Work that does not end is given back."""

    async def behave(_call: Call) -> None:
        await asyncio.Event().wait()

    engine = FakeEngine([activity()])
    dispatcher = DurableDispatcher(
        engine, FakeInvoker(behave), FUNCTIONS, max_orchestrations=1, max_activities=1
    )
    dispatcher.start()
    await asyncio.sleep(0.01)
    await dispatcher.stop(0.01)

    assert engine.abandoned == ["a0"]


class FakeHotTurns:
    """Answers turns itself, or leaves them to the app's function."""

    def __init__(self, engine: FakeEngine, answer: pb.OrchestratorResponse | None) -> None:
        self.engine = engine
        self.answer = answer

    def work_items(self, *, max_orchestrations: int, max_activities: int):
        return self.engine.work_items(
            max_orchestrations=max_orchestrations, max_activities=max_activities
        )

    async def run(self, request: pb.OrchestratorRequest) -> pb.OrchestratorResponse | None:
        return self.answer


@pytest.mark.parametrize("is_hot", [True, False], ids=["hot", "left to the function"])
async def test_a_hot_turn_does_not_reach_the_function(is_hot: bool):
    """What hot turns answer is completed with the item's token; the rest is invoked as ever."""
    answer = pb.OrchestratorResponse(instanceId="one")
    engine = FakeEngine([turn()])
    invoker = returning(TypedData(string=base64.b64encode(answer.SerializeToString()).decode()))
    dispatcher = DurableDispatcher(
        engine,
        invoker,
        FUNCTIONS,
        max_orchestrations=9,
        max_activities=9,
        hot=FakeHotTurns(engine, answer if is_hot else None),
    )
    dispatcher.start()
    await engine.wait_settled(1)
    await dispatcher.stop(5)

    assert [pb.OrchestratorResponse(instanceId="one", completionToken="t")] == engine.turns
    assert ([] if is_hot else ["run"]) == [call.function for call in invoker.calls]


def test_durable_names_come_from_the_decorator():
    """The name in the binding counts, else the function's own; lower case."""
    assert set(by_durable_name(FUNCTIONS, "activityTrigger", "activity")) == {"twice"}
    assert set(by_durable_name(FUNCTIONS, "orchestrationTrigger", "orchestration")) == {"run"}


def test_a_turn_without_a_start_is_refused():
    """There is no orchestrator to run."""
    with pytest.raises(ValueError, match="no ExecutionStarted"):
        orchestration_name(pb.OrchestratorRequest(instanceId="x"))
