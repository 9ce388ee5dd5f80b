"""The engine as the local host uses it."""

import asyncio
import contextlib

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from adapters.clock import ScaledClock
from domain.errors import ConfigurationError
from local.host.engine import Engine
from local.taskhub.consumers import Wants
from local.taskhub.engine import SqliteEngine
from tests.integration.taskhub import workflows
from tests.integration.taskhub.running import RunningHub


async def first(items):
    """The first piece of work, with the iteration left open."""
    return await asyncio.wait_for(anext(items), 5)


def test_it_is_what_the_host_expects(tmp_path):
    """The engine fits the host's protocol; mypy holds the rest."""
    engine: Engine = SqliteEngine(tmp_path / "hub.sqlite", ScaledClock())

    assert "" == engine.address


async def test_a_stop_ends_every_iteration_of_work(hub):
    """A host that iterates over work comes to the end, not to an error."""
    items = hub.engine.work_items(max_orchestrations=1, max_activities=1)
    pulling = asyncio.create_task(anext(items, "over"))
    await asyncio.sleep(0)

    await hub.engine.stop()

    assert "over" == await asyncio.wait_for(pulling, 5)


async def test_a_stopped_engine_takes_no_reports(hub):
    """What comes too late is an error for the caller, who may log it."""
    await hub.engine.stop()

    with pytest.raises(RuntimeError):
        await hub.engine.complete_activity(pb.ActivityResponse())


async def test_stopping_twice_is_stopping_once(hub):
    """The second stop finds nothing to do."""
    await hub.engine.stop()

    await hub.engine.stop()


async def test_an_engine_that_cannot_start_leaves_the_file_free(hub, tmp_path):
    """A taken port does not keep the next attempt from the file."""
    port = int(hub.engine.address.rpartition(":")[2])
    other = tmp_path / "other.sqlite"
    with pytest.raises(ConfigurationError):
        await SqliteEngine(other, ScaledClock(), port=port).start()

    again = RunningHub(other)
    await again.start()

    await again.stop()


async def test_work_given_back_comes_again(hub):
    """``abandon`` returns a turn; the next iteration gets it."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    items = hub.engine.work_items(max_orchestrations=1, max_activities=1)
    async with contextlib.aclosing(items):
        turn = await first(items)

        await hub.engine.abandon(turn.completionToken)

        assert "one" == (await first(items)).orchestratorRequest.instanceId


async def test_abandoning_something_unknown_is_harmless(hub):
    """A token of another time names nothing."""
    await hub.engine.abandon("turn-of-yesterday")


async def test_an_iteration_that_is_left_gives_its_work_back(hub):
    """A consumer that stops in the middle does not keep what it had."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    items = hub.engine.work_items(max_orchestrations=1, max_activities=1)
    await first(items)
    await items.aclose()

    again = hub.engine.work_items(max_orchestrations=1, max_activities=1)
    async with contextlib.aclosing(again):
        assert "one" == (await first(again)).orchestratorRequest.instanceId


async def test_silence_is_broken_by_a_ping(hub):
    """A worker over gRPC that has nothing to do learns that the line still works."""
    stream = hub.engine._hub.stream(Wants(), ping_s=0.01)
    async with contextlib.aclosing(stream):
        item = await first(stream)

    assert item.HasField("healthPing")


async def test_many_waiters_learn_of_one_end(hub):
    """Everybody who waits for an instance is told."""
    hub.work(workflows.await_go)
    await hub.client.schedule_new_orchestration("await_go", instance_id="one")
    waits = [asyncio.create_task(hub.ended("one")) for _ in range(20)]
    await hub.client.wait_for_orchestration_start("one", timeout=5)

    await hub.client.raise_orchestration_event("one", "go", data=1)

    assert ["1"] * 20 == [state.serialized_output for state in await asyncio.gather(*waits)]


async def test_a_disk_that_fails_once_costs_nothing(hub):
    """A turn whose commit failed is handed out again with its history."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    items = hub.engine.work_items(max_orchestrations=1, max_activities=1)
    async with contextlib.aclosing(items):
        turn = await first(items)
        db = hub.engine._hub.store.writing
        db.execute(
            "create temp trigger full before insert on history begin"
            " select raise(abort, 'disk full'); end"
        )
        report = pb.OrchestratorResponse(instanceId="one", completionToken=turn.completionToken)
        with pytest.raises(Exception, match="disk full"):
            await hub.engine.complete_orchestration(report)
        db.execute("drop trigger full")

        again = await first(items)

    assert turn.orchestratorRequest.newEvents[1] == again.orchestratorRequest.newEvents[1]


async def test_a_report_counts_although_its_caller_gave_up(hub):
    """A caller that is cancelled while the disk works has reported all the same."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    items = hub.engine.work_items(max_orchestrations=1, max_activities=1)
    async with contextlib.aclosing(items):
        turn = await first(items)
        step = pb.OrchestratorAction(id=1, scheduleTask=pb.ScheduleTaskAction(name="step"))
        report = pb.OrchestratorResponse(
            instanceId="one", completionToken=turn.completionToken, actions=[step]
        )
        reporting = asyncio.create_task(hub.engine.complete_orchestration(report))
        await asyncio.sleep(0)
        reporting.cancel()

        activity = await first(items)

    kinds = await hub.event_kinds("one")
    assert "step" == activity.activityRequest.name
    assert 1 == kinds.count("TaskScheduled")
