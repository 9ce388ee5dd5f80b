"""A hub that is stopped and started again goes on where it was."""

import asyncio
from datetime import timedelta

from durabletask.client import OrchestrationStatus

from local.taskhub.hubclock import resume_clock
from tests.integration.taskhub import workflows
from tests.integration.taskhub.workflows import add_one


async def test_an_instance_goes_on_after_a_restart(any_hub):
    """An instance that waits is found again, and its history is replayed to where it stood."""
    any_hub.work(workflows.await_go)
    await any_hub.client.schedule_new_orchestration("await_go", instance_id="one")
    await any_hub.client.wait_for_orchestration_start("one", timeout=5)
    await any_hub.restart()
    any_hub.work(workflows.await_go)

    await any_hub.client.raise_orchestration_event("one", "go", data=1)

    assert "1" == (await any_hub.ended("one")).serialized_output


async def test_work_that_was_waiting_is_found_again(hub):
    """An instance, an event and a suspension from before the restart are all still there."""
    await hub.client.schedule_new_orchestration("await_go", instance_id="fresh")
    await hub.client.schedule_new_orchestration("await_go", instance_id="frozen")
    await hub.client.raise_orchestration_event("fresh", "go", data="kept")
    await hub.client.suspend_orchestration("frozen")

    await hub.restart()
    hub.work(workflows.await_go)

    assert '"kept"' == (await hub.ended("fresh")).serialized_output
    assert OrchestrationStatus.SUSPENDED == (await hub.state("frozen")).runtime_status


async def test_an_activity_that_had_not_reported_runs_again(hub):
    """At least once: an activity whose result was never committed is handed out again."""
    starts = []
    started, stuck = asyncio.Event(), asyncio.Event()

    async def work_hard(_context, _input):
        starts.append(1)
        started.set()
        if len(starts) == 1:
            await stuck.wait()
        return "done"

    def call(context, _):
        result = yield context.call_activity("work_hard")
        return result

    hub.work(call, activities=[work_hard])
    await hub.client.schedule_new_orchestration("call", instance_id="one")
    await asyncio.wait_for(started.wait(), 5)
    await hub.restart()

    hub.work(call, activities=[work_hard])

    assert '"done"' == (await hub.ended("one")).serialized_output
    assert 2 == len(starts)


async def test_a_timer_fires_after_a_restart(hub):
    """A timer is a row: it falls due whether or not the hub ran all the time."""
    hub.work(workflows.sleep_long)
    instance_id = await hub.client.schedule_new_orchestration("sleep_long", input=0.3)
    await hub.client.wait_for_orchestration_start(instance_id, timeout=5)

    await hub.restart()
    hub.work(workflows.sleep_long)

    assert OrchestrationStatus.COMPLETED == (await hub.ended(instance_id)).runtime_status


async def test_virtual_time_goes_on_where_it_was(hub):
    """The clock a file goes on with has the rate and the origin it was started with."""
    await hub.stop()

    clock = resume_clock(hub.path)

    assert (hub.clock.rate, hub.clock.origin) == (clock.rate, clock.origin)


async def test_another_rate_takes_over_without_a_jump(hub):
    """A restart with another rate goes on from the same virtual moment."""
    await hub.stop()
    before = hub.clock.now()

    clock = resume_clock(hub.path, 60.0)

    assert timedelta(0) <= clock.now() - before < timedelta(minutes=5)
    assert 60.0 == clock.rate


async def test_an_ended_instance_is_still_known_after_a_restart(hub):
    """State and history of what has ended outlive the process."""
    hub.work(workflows.count_up, activities=[add_one])
    await hub.run("count_up", input=1, instance_id="one")
    before = await hub.event_kinds("one")

    await hub.restart()

    assert "4" == (await hub.state("one")).serialized_output
    assert before == await hub.event_kinds("one")
