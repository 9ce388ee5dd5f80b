"""Rewinding failed instances."""

import itertools
from collections import Counter
from datetime import timedelta

from durabletask import task
from durabletask.client import OrchestrationStatus

from tests.integration.taskhub import workflows


class Calls:
    """Activities that count their calls; ``shaky`` fails the first time."""

    def __init__(self):
        self.count = Counter()

    def functions(self):
        def steady(_context, value):
            self.count["steady"] += 1
            return value

        def shaky(_context, value):
            self.count["shaky"] += 1
            if self.count["shaky"] == 1:
                raise ConnectionError("the line is down")
            return value * 10

        return [steady, shaky]


def two_steps(context, value):
    """One step that works and one that may not."""
    kept = yield context.call_activity("steady", input=value)
    result = yield context.call_activity("shaky", input=kept)
    return result


async def test_rewind_runs_the_failed_step_again_and_no_other(any_hub):
    """What worked before the failure is not repeated."""
    calls = Calls()
    any_hub.work(two_steps, activities=calls.functions())
    failed = await any_hub.run("two_steps", input=4, instance_id="one")

    await any_hub.client.rewind_orchestration("one", reason="line repaired")

    rewound = await any_hub.ended("one")
    assert (OrchestrationStatus.FAILED, "40") == (
        failed.runtime_status,
        rewound.serialized_output,
    )
    assert {"steady": 1, "shaky": 2} == dict(calls.count)


async def test_rewind_leaves_its_trace_in_the_history(any_hub):
    """The history says that, and why, the instance was rewound."""
    any_hub.work(two_steps, activities=Calls().functions())
    await any_hub.run("two_steps", input=4, instance_id="one")

    await any_hub.client.rewind_orchestration("one", reason="line repaired")

    await any_hub.ended("one")
    history = await any_hub.client.get_orchestration_history("one")
    reasons = [event.reason for event in history if hasattr(event, "reason")]
    assert ["line repaired"] == reasons


async def test_rewind_reaches_into_failed_children(any_hub):
    """A parent that failed for its child goes on when the child's failed step works."""
    calls = Calls()
    any_hub.work(workflows.call_child, two_steps, activities=calls.functions())
    await any_hub.run(
        "call_child", input={"child": "two_steps", "input": 3, "id": "kid"}, instance_id="mother"
    )

    await any_hub.client.rewind_orchestration("mother")

    assert "30" == (await any_hub.ended("mother")).serialized_output
    assert {"steady": 1, "shaky": 2} == dict(calls.count)


async def test_rewind_of_a_parent_whose_child_was_purged_begins_the_child_anew(hub):
    """A child that is no longer there runs again from its start."""
    calls = Calls()
    hub.work(workflows.call_child, two_steps, activities=calls.functions())
    await hub.run(
        "call_child", input={"child": "two_steps", "input": 3, "id": "kid"}, instance_id="mother"
    )
    await hub.client.purge_orchestration("kid")

    await hub.client.rewind_orchestration("mother")

    assert "30" == (await hub.ended("mother")).serialized_output
    assert {"steady": 2, "shaky": 2} == dict(calls.count)


async def test_rewind_waits_again_for_what_was_still_open(hub):
    """A timer and a child that outlived the failure count once their instance is rewound."""
    attempts = itertools.count(1)

    def shaky(_context, _input):
        if next(attempts) == 1:
            raise ConnectionError("the line is down")
        return "up"

    def wait_for_all(context, _):
        timer = context.create_timer(timedelta(minutes=20))
        child = context.call_sub_orchestrator("nap", instance_id="kid")
        line = yield context.call_activity("shaky")
        slept = yield child
        yield timer
        return [line, slept]

    def nap(context, _):
        yield context.create_timer(timedelta(minutes=5))
        return "slept"

    hub.work(wait_for_all, nap, activities=[shaky])
    await hub.run("wait_for_all", instance_id="one")
    await hub.ended("kid")

    await hub.client.rewind_orchestration("one")

    assert '["up", "slept"]' == (await hub.ended("one")).serialized_output


async def test_rewind_keeps_parallel_work_that_was_done(hub):
    """In a fan-out only the failed branch runs again, and a branch still running is kept."""
    counts = Counter()

    def branch(_context, number):
        counts[number] += 1
        if number == 1 and counts[1] == 1:
            raise ValueError("one fails first")
        return number

    def fan(context, _):
        numbers = yield task.when_all([context.call_activity("branch", input=n) for n in range(4)])
        return sum(numbers)

    hub.work(fan, activities=[branch])
    await hub.run("fan", instance_id="one")

    await hub.client.rewind_orchestration("one")

    assert "6" == (await hub.ended("one")).serialized_output
    assert 2 == counts[1]
