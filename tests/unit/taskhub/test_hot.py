"""Hot executions answer as a replay would, and ask for history when they must."""

import pytest
from durabletask import task
from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub import events
from local.taskhub.hot import HotExecutions


def two_calls(context, start):
    """An orchestrator with two activities in sequence."""
    first = yield context.call_activity("first", input=start)
    context.set_custom_status("half way")
    second = yield context.call_activity("second", input=first)
    return second


def turn(*arrivals, past=(), execution_id="e1"):
    """A work item with these new events."""
    request = pb.OrchestratorRequest(
        instanceId="one",
        newEvents=[events.orchestrator_started(0), *arrivals],
        pastEvents=past,
    )
    request.executionId.value = execution_id
    return request


def started(name="two_calls"):
    """The event that begins an execution."""
    event = pb.ExecutionStartedEvent(name=name, input=events.optional("1"))
    return pb.HistoryEvent(executionStarted=event)


def completed(task_id, result):
    """An activity's result."""
    event = pb.TaskCompletedEvent(taskScheduledId=task_id, result=events.optional(result))
    return pb.HistoryEvent(taskCompleted=event)


def scheduled(task_id, name):
    """The confirmation of an activity."""
    return pb.HistoryEvent(eventId=task_id, taskScheduled=pb.TaskScheduledEvent(name=name))


PAST = (events.orchestrator_started(0), started(), scheduled(1, "first"))
"""The history after the first turn."""


@pytest.fixture
def executions():
    """A cache that knows two_calls."""
    cache = HotExecutions()
    cache.add("two_calls", two_calls)
    return cache


def test_the_pinned_durabletask_can_be_kept_hot(executions):
    """The private names this depends on still fit; if not, everything is replayed, slowly."""
    assert executions.is_available


def test_a_held_execution_needs_only_what_is_new(executions):
    """The second turn, without past events, goes on where the first one stopped."""
    executions.run(turn(started()))

    answer = executions.run(turn(completed(1, "7")))

    assert ("second", "7", '"half way"') == (
        answer.actions[0].scheduleTask.name,
        answer.actions[0].scheduleTask.input.value,
        answer.customStatus.value,
    )


def test_a_hot_turn_answers_as_a_replayed_one(executions):
    """Fed with new events or with everything, the answer is the same to the byte."""
    executions.run(turn(started()))
    hot = executions.run(turn(completed(1, "7")))

    cold = HotExecutions()
    cold.add("two_calls", two_calls)
    replayed = cold.run(turn(completed(1, "7"), past=PAST))

    assert replayed == hot


def test_an_execution_that_is_not_held_asks_for_its_history(executions):
    """A turn without past events for an unknown execution cannot be run."""
    assert executions.run(turn(completed(1, "7"))).requiresHistory


def test_another_execution_of_the_instance_is_not_mistaken_for_it(executions):
    """After continue-as-new the old execution's memory is worthless."""
    executions.run(turn(started()))

    answer = executions.run(turn(completed(1, "7"), execution_id="e2"))

    assert answer.requiresHistory


def test_past_events_overrule_what_is_held(executions):
    """A turn that comes with history is replayed from it, and held from there on."""
    executions.run(turn(started()))
    executions.run(turn(completed(1, "7")))

    answer = executions.run(turn(completed(1, "9"), past=PAST))

    assert "9" == answer.actions[0].scheduleTask.input.value


def test_the_least_recently_used_execution_goes_first():
    """Memory is bounded: with room for one, the older one is let go."""
    cache = HotExecutions(limit=1)
    cache.add("two_calls", two_calls)
    for name in ("old", "new"):
        request = turn(started())
        request.instanceId = name
        cache.run(request)

    assert (False, True) == (cache.holds("old", "e1"), cache.holds("new", "e1"))


def test_an_ended_execution_is_not_held(executions):
    """What has ended takes no memory."""
    executions.run(turn(started()))
    executions.run(turn(completed(1, "7")))

    answer = executions.run(turn(completed(2, "8")))

    assert "8" == answer.actions[0].completeOrchestration.result.value
    assert not executions.holds("one", "e1")


def test_a_forgotten_execution_is_not_held(executions):
    """The hub can tell the cache that an instance is over."""
    executions.run(turn(started()))

    executions.forget("one")

    assert not executions.holds("one", "e1")


def test_code_that_raises_fails_its_instance(executions):
    """An exception ends the execution with its type and message."""

    def explode(_context, _input):
        raise task.OrchestrationStateError("boom")
        yield

    executions.add("explode", explode)

    answer = executions.run(turn(started("explode")))

    failure = answer.actions[0].completeOrchestration.failureDetails
    assert ("boom", True) == (failure.errorMessage, "OrchestrationStateError" in failure.errorType)


def test_a_cache_that_does_not_fit_replays_every_turn(executions):
    """With another durabletask nothing is held and everything still works."""
    executions.is_available = False
    executions.run(turn(started()))

    answer = executions.run(turn(completed(1, "7"), past=PAST))

    assert "second" == answer.actions[0].scheduleTask.name
    assert not executions.holds("one", "e1")
