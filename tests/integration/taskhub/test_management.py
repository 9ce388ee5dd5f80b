"""Events, termination, suspension, restart and purge, through the public client."""

import asyncio
from datetime import timedelta

import grpc
import pytest
from durabletask.client import OrchestrationStatus

from tests.integration.taskhub import workflows
from tests.integration.taskhub.workflows import add_one


async def start_waiting(hub, instance_id="one"):
    """An instance of await_go that has reached its wait."""
    await hub.client.schedule_new_orchestration("await_go", instance_id=instance_id)
    await hub.client.wait_for_orchestration_start(instance_id, timeout=5)


async def test_an_early_event_is_kept_until_it_is_awaited(hub):
    """An event that comes before the orchestrator waits for it is not lost."""

    def sleep_then_wait(context, _):
        yield context.create_timer(timedelta(minutes=10))
        payload = yield context.wait_for_external_event("go")
        return payload

    hub.work(sleep_then_wait)
    instance_id = await hub.client.schedule_new_orchestration("sleep_then_wait")

    await hub.client.raise_orchestration_event(instance_id, "go", data="early")

    assert '"early"' == (await hub.ended(instance_id)).serialized_output


async def test_an_event_for_nobody_is_refused(hub):
    """Raising an event for an unknown instance says so."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await hub.client.raise_orchestration_event("nobody", "go")

    assert grpc.StatusCode.NOT_FOUND == caught.value.code()


async def test_an_event_for_an_ended_instance_is_dropped(hub):
    """An event that comes too late neither fails nor changes anything."""
    hub.work(workflows.count_up, activities=[add_one])
    state = await hub.run("count_up", input=1)
    before = await hub.event_kinds(state.instance_id)

    await hub.client.raise_orchestration_event(state.instance_id, "go")

    assert before == await hub.event_kinds(state.instance_id)


async def test_termination_ends_an_instance_with_the_given_output(hub):
    """A terminated instance keeps what the caller said and ends its history properly."""
    hub.work(workflows.await_go)
    await start_waiting(hub)

    await hub.client.terminate_orchestration("one", output="enough")

    state = await hub.ended("one")
    assert OrchestrationStatus.TERMINATED == state.runtime_status
    assert '"enough"' == state.serialized_output
    assert ["ExecutionTerminated", "OrchestratorCompleted", "ExecutionCompleted"] == (
        await hub.event_kinds("one")
    )[-3:]


async def test_termination_needs_no_worker(hub):
    """An instance nobody can run can still be ended."""
    await hub.client.schedule_new_orchestration("no_such_thing", instance_id="one")

    await hub.client.terminate_orchestration("one")

    assert OrchestrationStatus.TERMINATED == (await hub.ended("one")).runtime_status


@pytest.mark.parametrize(
    ("recursive", "expected"),
    [(True, OrchestrationStatus.TERMINATED), (False, OrchestrationStatus.RUNNING)],
)
async def test_termination_takes_children_along_if_asked(hub, recursive, expected):
    """Recursive termination ends sub-orchestrations; plain termination leaves them alone."""
    hub.work(workflows.call_child, workflows.await_go)
    await hub.client.schedule_new_orchestration(
        "call_child", input={"child": "await_go", "id": "kid"}, instance_id="mother"
    )
    await hub.until("mother", lambda state: state.runtime_status.name == "RUNNING")
    await hub.client.wait_for_orchestration_start("kid", timeout=5)

    await hub.client.terminate_orchestration("mother", recursive=recursive)

    await hub.ended("mother")
    assert expected == (await hub.state("kid")).runtime_status


async def test_a_terminated_child_fails_its_parent(hub):
    """The parent's call does not hang when its child is ended from outside."""
    hub.work(workflows.call_child, workflows.await_go)
    await hub.client.schedule_new_orchestration(
        "call_child", input={"child": "await_go", "id": "kid"}, instance_id="mother"
    )
    await hub.until("mother", lambda state: state.runtime_status.name == "RUNNING")

    await hub.client.terminate_orchestration("kid")

    assert "terminated" in (await hub.ended("mother")).failure_details.message


async def test_a_suspended_instance_keeps_events_until_it_is_resumed(hub):
    """Suspension shows at once; what arrives meanwhile is dealt with after the resumption."""
    hub.work(workflows.await_go)
    await start_waiting(hub)
    await hub.client.suspend_orchestration("one", reason="lunch")
    await hub.client.raise_orchestration_event("one", "go", data="later")
    await asyncio.sleep(0.1)
    suspended = await hub.state("one")

    await hub.client.resume_orchestration("one")

    assert OrchestrationStatus.SUSPENDED == suspended.runtime_status
    assert '"later"' == (await hub.ended("one")).serialized_output


async def test_an_activity_that_ends_during_suspension_is_not_lost(hub):
    """A result that comes in while the instance is suspended counts after it is resumed."""
    go_on = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait_for_test(_context, _input):
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(10)
        return "done"

    def call(context, _):
        result = yield context.call_activity("wait_for_test")
        return result

    hub.work(call, activities=[wait_for_test])
    await hub.client.schedule_new_orchestration("call", instance_id="one")
    await hub.client.wait_for_orchestration_start("one", timeout=5)
    await hub.client.suspend_orchestration("one")
    go_on.set()
    await asyncio.sleep(0.1)
    suspended = await hub.state("one")

    await hub.client.resume_orchestration("one")

    assert OrchestrationStatus.SUSPENDED == suspended.runtime_status
    assert '"done"' == (await hub.ended("one")).serialized_output


async def test_an_ended_instance_restarts_under_its_own_id(hub):
    """A restart runs the same orchestrator with the same input."""
    hub.work(workflows.count_up, activities=[add_one])
    await hub.run("count_up", input=1, instance_id="one")

    restarted = await hub.client.restart_orchestration("one")

    assert ("one", "4") == (restarted, (await hub.ended("one")).serialized_output)


async def test_an_ended_instance_restarts_under_a_new_id(hub):
    """The old instance stays as it is."""
    hub.work(workflows.count_up, activities=[add_one])
    await hub.run("count_up", input=1, instance_id="one")

    restarted = await hub.client.restart_orchestration("one", restart_with_new_instance_id=True)

    assert restarted != "one"
    assert "4" == (await hub.ended(restarted)).serialized_output


@pytest.mark.parametrize("action", ["restart_orchestration", "rewind_orchestration"])
async def test_a_live_instance_is_not_restarted_or_rewound(hub, action):
    """Both need an instance that has ended."""
    await hub.client.schedule_new_orchestration("await_go", instance_id="one")

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await getattr(hub.client, action)("one")

    assert grpc.StatusCode.FAILED_PRECONDITION == caught.value.code()


@pytest.mark.parametrize(
    "action",
    [
        "restart_orchestration",
        "rewind_orchestration",
        "suspend_orchestration",
        "resume_orchestration",
        "terminate_orchestration",
        "get_orchestration_history",
    ],
)
async def test_actions_on_an_unknown_instance_are_refused(hub, action):
    """Every action names the instance it could not find."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await getattr(hub.client, action)("nobody")

    assert grpc.StatusCode.NOT_FOUND == caught.value.code()
    assert "nobody" in caught.value.details()


async def test_purge_removes_an_ended_instance_and_its_children(hub):
    """A recursive purge counts and removes the whole family."""
    hub.work(workflows.call_child, workflows.count_up, activities=[add_one])
    await hub.run(
        "call_child", input={"child": "count_up", "input": 1, "id": "kid"}, instance_id="mother"
    )

    purged = await hub.client.purge_orchestration("mother", recursive=True)

    assert 2 == purged.deleted_instance_count
    assert await hub.client.get_orchestration_state("kid") is None


async def test_purge_leaves_a_live_instance_alone(hub):
    """Only what has ended can be purged."""
    await hub.client.schedule_new_orchestration("await_go", instance_id="one")

    purged = await hub.client.purge_orchestration("one")

    assert 0 == purged.deleted_instance_count
    assert await hub.client.get_orchestration_state("one") is not None


async def test_purge_by_filter_takes_what_matches(hub):
    """A purge by status removes failed instances and keeps completed ones."""
    hub.work(workflows.count_up, workflows.fail_at_once, activities=[add_one])
    await hub.run("count_up", input=1, instance_id="good")
    await hub.run("fail_at_once", input="x", instance_id="bad")

    purged = await hub.client.purge_orchestrations_by(
        created_time_from=hub.clock.now() - timedelta(days=1),
        runtime_status=[OrchestrationStatus.FAILED],
    )

    assert (1, True) == (purged.deleted_instance_count, purged.is_complete)
    assert await hub.client.get_orchestration_state("good") is not None


async def test_entities_are_refused_with_a_clear_message(hub):
    """An entity call is answered, and the answer says that there are no entities."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await hub.client.get_all_entities()

    assert grpc.StatusCode.UNIMPLEMENTED == caught.value.code()
    assert "entities are not supported" in caught.value.details()


async def test_an_orchestrator_that_calls_an_entity_fails(hub):
    """It does not wait for an answer that cannot come."""

    def call_entity(context, _):
        from durabletask.entities import EntityInstanceId  # noqa: PLC0415

        result = yield context.call_entity(EntityInstanceId("counter", "a"), "get")
        return result

    hub.work(call_entity)

    state = await hub.run("call_entity")

    assert "entities are not supported" in state.failure_details.message
