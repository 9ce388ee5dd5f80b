"""What orchestrations can count on, however their work is run."""

import asyncio
import itertools
from datetime import timedelta

from durabletask import task
from durabletask.client import OrchestrationStatus

from tests.integration.taskhub import workflows
from tests.integration.taskhub.workflows import add_one, fail_oddly


async def test_activities_run_in_sequence(any_hub):
    """Each activity gets the result of the one before."""
    any_hub.work(workflows.count_up, activities=[add_one])

    state = await any_hub.run("count_up", input=4)

    assert "7" == state.serialized_output


async def test_fanned_out_activities_all_report(any_hub):
    """A fan-out of fifty comes back whole."""
    any_hub.work(workflows.fan_out, activities=[add_one])

    state = await any_hub.run("fan_out", input=50)

    assert str(sum(range(1, 51))) == state.serialized_output


async def test_a_long_timer_follows_the_virtual_clock(any_hub):
    """Half a virtual hour passes in half a second, for timer and orchestrator alike."""
    any_hub.work(workflows.sleep_long)

    state = await any_hub.run("sleep_long", input=0.5)

    assert 1800 <= state.get_output(float) < 7200


async def test_an_event_wins_over_a_later_timer(any_hub):
    """An event that arrives first decides a race against a timer."""
    any_hub.work(workflows.await_go_or_time_out)
    instance_id = await any_hub.client.schedule_new_orchestration("await_go_or_time_out", input=600)

    await any_hub.client.raise_orchestration_event(instance_id, "go")

    assert '"went"' == (await any_hub.ended(instance_id)).serialized_output


async def test_a_timer_wins_over_an_event_that_never_comes(any_hub):
    """A timer that falls due first decides a race against an event."""
    any_hub.work(workflows.await_go_or_time_out)

    state = await any_hub.run("await_go_or_time_out", input=1)

    assert '"timed out"' == state.serialized_output


async def test_a_failed_activity_fails_the_orchestration_with_its_cause(any_hub):
    """The failure keeps the activity's error type, message and stack as its inner failure."""
    any_hub.work(workflows.call_failing, activities=[fail_oddly])

    state = await any_hub.run("call_failing", input=3)

    assert OrchestrationStatus.FAILED == state.runtime_status
    assert "3 is odd" in state.failure_details.message
    inner = state.failure_details.inner_failure
    assert "ValueError" in inner.error_type
    assert "fail_oddly" in inner.stack_trace


async def test_a_retry_policy_tries_again_until_it_works(any_hub):
    """Two failures and a success make a success; the pauses are durable timers."""
    attempts = itertools.count(1)

    def flaky(_context, _input):
        if next(attempts) < 3:
            raise ConnectionError("not yet")
        return "done"

    def insist(context, _):
        policy = task.RetryPolicy(
            first_retry_interval=timedelta(seconds=30), max_number_of_attempts=5
        )
        result = yield context.call_activity("flaky", retry_policy=policy)
        return result

    any_hub.work(insist, activities=[flaky])

    state = await any_hub.run("insist")

    assert '"done"' == state.serialized_output
    assert 2 == (await any_hub.event_kinds(state.instance_id)).count("TimerFired")


async def test_a_child_gives_its_result_to_its_parent(any_hub):
    """A sub-orchestration's output is what the parent's call returns."""
    any_hub.work(workflows.call_child, workflows.count_up, activities=[add_one])

    state = await any_hub.run("call_child", input={"child": "count_up", "input": 1, "id": "kid"})

    assert "4" == state.serialized_output
    assert "4" == (await any_hub.state("kid")).serialized_output


async def test_a_child_knows_its_parent(any_hub):
    """The parent's id is there for the child and in the child's state."""
    any_hub.work(workflows.call_child, workflows.tell_parent)

    state = await any_hub.run(
        "call_child", input={"child": "tell_parent", "id": "kid"}, instance_id="mother"
    )

    assert '"mother"' == state.serialized_output


async def test_a_failed_child_fails_its_parent_with_its_cause(any_hub):
    """The child's failure details reach the parent whole."""
    any_hub.work(workflows.call_child, workflows.fail_at_once)

    state = await any_hub.run("call_child", input={"child": "fail_at_once", "input": "broken"})

    assert OrchestrationStatus.FAILED == state.runtime_status
    assert "ValueError" in state.failure_details.inner_failure.error_type
    assert "broken" in state.failure_details.inner_failure.message


async def test_a_child_under_the_id_of_a_live_instance_fails(any_hub):
    """Two live instances cannot share an id: the call fails and the other goes on."""
    any_hub.work(workflows.call_child, workflows.await_go)
    await any_hub.client.schedule_new_orchestration("await_go", instance_id="taken")

    state = await any_hub.run("call_child", input={"child": "await_go", "id": "taken"})

    assert "already exists" in state.failure_details.message
    assert OrchestrationStatus.RUNNING == (await any_hub.state("taken")).runtime_status


async def test_continue_as_new_keeps_events_and_sheds_history(any_hub):
    """Events that arrive in a burst are all seen by the executions that follow one another."""
    any_hub.work(workflows.collect_events)
    instance_id = await any_hub.client.schedule_new_orchestration("collect_events", input=[])

    for number in range(3):
        await any_hub.client.raise_orchestration_event(instance_id, "item", data=number)

    assert "[0, 1, 2]" == (await any_hub.ended(instance_id)).serialized_output
    assert 1 == (await any_hub.event_kinds(instance_id)).count("ExecutionStarted")


async def test_one_orchestration_sends_another_an_event(any_hub):
    """``send_event`` reaches the instance it names."""
    any_hub.work(workflows.await_go, workflows.send_go)
    await any_hub.client.schedule_new_orchestration("await_go", instance_id="listener")

    await any_hub.run("send_go", input="listener")

    assert '"hello"' == (await any_hub.ended("listener")).serialized_output


async def test_the_custom_status_shows_while_it_runs(any_hub):
    """What the orchestrator says about itself is there before it ends."""
    any_hub.work(workflows.await_go)
    instance_id = await any_hub.client.schedule_new_orchestration("await_go")

    state = await any_hub.until(instance_id, lambda state: state.serialized_custom_status)

    assert '"waiting"' == state.serialized_custom_status


async def test_an_unknown_orchestrator_fails_its_instance(any_hub):
    """A name nobody registered is a failure that says so, not a hang."""
    any_hub.work(workflows.count_up)

    state = await any_hub.run("no_such_thing")

    assert OrchestrationStatus.FAILED == state.runtime_status
    assert "no_such_thing" in state.failure_details.message


async def test_a_large_payload_passes(any_hub):
    """One megabyte goes through an activity and comes back."""

    def echo(_context, text):
        return text

    def pass_on(context, text):
        result = yield context.call_activity("echo", input=text)
        return len(result)

    any_hub.work(pass_on, activities=[echo])

    state = await any_hub.run("pass_on", input="x" * 1_000_000)

    assert "1000000" == state.serialized_output


async def test_an_activity_left_running_does_not_disturb_the_end(any_hub):
    """An orchestration may end while an activity it did not wait for still runs."""
    finished = asyncio.Event()
    loop = asyncio.get_running_loop()

    def linger(_context, _input):
        loop.call_soon_threadsafe(finished.set)

    def walk_away(context, _):
        context.call_activity("linger")
        yield context.create_timer(timedelta(seconds=0))
        return "left"

    any_hub.work(walk_away, activities=[linger])

    state = await any_hub.run("walk_away")

    assert '"left"' == state.serialized_output
    await asyncio.wait_for(finished.wait(), 5)
