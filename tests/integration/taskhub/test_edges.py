"""Where engines go wrong: generations, late results, names, ids, long histories."""

import asyncio
import threading
from datetime import timedelta

import pytest
from durabletask import task
from durabletask.client import OrchestrationStatus

from tests.integration.taskhub import workflows

STEPS = 300


class Gate:
    """An activity that tells when it runs and answers when it is let go."""

    def __init__(self):
        self.entered = threading.Event()
        self.opened = threading.Event()

    def pass_through(self, _context, name):
        if name == "old":
            self.entered.set()
            self.opened.wait(10)
        return name

    async def is_entered(self):
        assert await asyncio.to_thread(self.entered.wait, 10)


async def rows_are(hub, table, count):
    """Waits until a table has so many rows."""
    found = None
    async with asyncio.timeout(10):
        while found != count:
            query = f"select count(*) from {table}"  # noqa: S608 (a name of ours)
            found = await hub.engine._hub.reader.run(
                lambda db, q=query: db.execute(q).fetchone()[0]
            )


@pytest.fixture
def gate():
    """A gate nobody is kept behind when the test is over."""
    one = Gate()
    yield one
    one.opened.set()


def call_old_then_new(context, generation):
    """Leaves an activity of its first generation running, and waits for one of its second."""
    step = context.call_activity("pass_through", input=generation)
    if generation == "new":
        result = yield step
        go = yield context.wait_for_external_event("go")
        return [result, go]
    yield context.wait_for_external_event("next")
    context.continue_as_new("new")
    return None


async def test_the_result_of_an_earlier_generation_is_not_taken_for_this_ones(any_hub, gate):
    """Both activities are step 1 of their execution; only the execution tells them apart."""
    any_hub.work(call_old_then_new, activities=[gate.pass_through])
    await any_hub.client.schedule_new_orchestration(
        "call_old_then_new", input="old", instance_id="one"
    )
    await gate.is_entered()
    await any_hub.client.raise_orchestration_event("one", "next")
    await any_hub.client.raise_orchestration_event("one", "go", data=1)
    gate.opened.set()

    assert '["new", 1]' == (await any_hub.ended("one")).serialized_output


def outlive_timer(context, generation):
    """A race against two days, begun anew before they are over."""
    timer = context.create_timer(timedelta(days=2))
    event = context.wait_for_external_event("next")
    winner = yield task.when_any([event, timer])
    if generation == 1:
        context.continue_as_new(2)
        return None
    return "event" if winner is event else "timer"


async def test_a_timer_of_an_earlier_generation_is_gone(hub):
    """Only the timer that the second generation set itself is left."""
    hub.work(outlive_timer)
    await hub.client.schedule_new_orchestration("outlive_timer", input=1, instance_id="one")
    await hub.client.wait_for_orchestration_start("one", timeout=5)
    await hub.client.raise_orchestration_event("one", "next")

    await hub.until("one", lambda state: "2" == state.serialized_input)
    await rows_are(hub, "timers natural join instances", 1)
    await rows_are(hub, "timers", 1)
    await hub.client.raise_orchestration_event("one", "next")

    assert '"event"' == (await hub.ended("one")).serialized_output


def call_gate(context, name):
    """One activity."""
    return (yield context.call_activity("pass_through", input=name))


async def test_an_activity_that_outlives_its_termination_changes_nothing(any_hub, gate):
    """It runs to its end, as in Azure; what it says is thrown away."""
    any_hub.work(call_gate, activities=[gate.pass_through])
    await any_hub.client.schedule_new_orchestration("call_gate", input="old", instance_id="one")
    await gate.is_entered()
    await any_hub.client.terminate_orchestration("one", output="enough")
    kinds = await any_hub.event_kinds("one")
    gate.opened.set()
    await rows_are(any_hub, "tasks", 0)

    state = await any_hub.state("one")
    assert (OrchestrationStatus.TERMINATED, '"enough"') == (
        state.runtime_status,
        state.serialized_output,
    )
    assert kinds == await any_hub.event_kinds("one")


async def test_event_names_ignore_case(any_hub):
    """As everywhere in Durable Functions."""
    any_hub.work(workflows.await_go)
    await any_hub.client.schedule_new_orchestration("await_go", instance_id="one")
    await any_hub.client.raise_orchestration_event("one", "GO", data=1)

    assert "1" == (await any_hub.ended("one")).serialized_output


async def test_names_and_payloads_may_be_any_text(any_hub):
    """Letters outside ASCII, characters outside the basic plane, a zero byte."""
    text = "Tresor ü ☃ \U0001f512 \0 end"

    def pass_on(context, given):
        told = yield context.call_activity("double", input=given)
        event = yield context.wait_for_external_event("schlüssel")
        return told + event

    def double(_context, given):
        return given + given

    any_hub.work(pass_on, activities=[double])
    await any_hub.client.schedule_new_orchestration("pass_on", input=text, instance_id="tür-☃")
    await any_hub.client.raise_orchestration_event("tür-☃", "SCHLÜSSEL", data=text)

    assert text * 3 == (await any_hub.ended("tür-☃")).get_output()


async def test_a_child_cannot_bear_its_parents_id(any_hub):
    """The call fails instead of waiting for itself."""
    any_hub.work(workflows.call_child)
    child = {"child": "call_child", "id": "one"}

    state = await any_hub.run("call_child", input=child, instance_id="one")

    assert "already exists" in state.failure_details.message


def count_far(context, number):
    """Many activities in a row, then an event, then one more."""
    for _ in range(STEPS):
        number = yield context.call_activity("add_one", input=number)
    yield context.wait_for_external_event("go")
    return (yield context.call_activity("add_one", input=number))


async def test_a_long_history_is_replayed_after_a_restart(hub):
    """The events of hundreds of turns, in their order, lead back to where it stood."""
    hub.work(count_far, activities=[workflows.add_one])
    await hub.client.schedule_new_orchestration("count_far", input=0, instance_id="one")
    async with asyncio.timeout(30):
        # Each look is a call of the hub, so this does not spin.
        while (await hub.event_kinds("one")).count("TaskCompleted") < STEPS:
            pass
    await hub.restart()
    hub.work(count_far, activities=[workflows.add_one])
    await hub.client.raise_orchestration_event("one", "go")

    assert str(STEPS + 1) == (await hub.ended("one")).serialized_output
