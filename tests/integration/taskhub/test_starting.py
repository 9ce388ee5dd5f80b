"""Starting instances: ids, reuse, schedules, versions and tags."""

from datetime import timedelta

import grpc
import pytest
from durabletask.client import OrchestrationStatus
from durabletask.internal import orchestrator_service_pb2 as pb

from tests.integration.taskhub import workflows
from tests.integration.taskhub.workflows import add_one


async def test_a_live_instance_is_not_started_twice(hub):
    """A second start under a live id is refused and changes nothing."""
    await hub.client.schedule_new_orchestration("await_go", instance_id="one", input=1)

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await hub.client.schedule_new_orchestration("await_go", instance_id="one", input=2)

    assert grpc.StatusCode.ALREADY_EXISTS == caught.value.code()
    assert "1" == (await hub.state("one")).serialized_input


async def test_an_ended_instance_is_started_anew(hub):
    """Without a policy an ended id is free again, as in the Functions host."""
    hub.work(workflows.count_up, activities=[add_one])
    await hub.run("count_up", instance_id="one", input=1)

    state = await hub.run("count_up", instance_id="one", input=10)

    assert "13" == state.serialized_output


async def test_an_empty_reuse_policy_protects_ended_instances(hub):
    """A policy that lists no status replaces nothing."""
    hub.work(workflows.count_up, activities=[add_one])
    await hub.run("count_up", instance_id="one", input=1)

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await hub.client.schedule_new_orchestration(
            "count_up", instance_id="one", reuse_id_policy=pb.OrchestrationIdReusePolicy()
        )

    assert grpc.StatusCode.ALREADY_EXISTS == caught.value.code()


async def test_a_reuse_policy_may_replace_a_live_instance(hub):
    """A policy that lists RUNNING puts a new instance in the place of a running one."""
    hub.work(workflows.await_go, workflows.count_up, activities=[add_one])
    await hub.client.schedule_new_orchestration("await_go", instance_id="one")
    await hub.client.wait_for_orchestration_start("one", timeout=5)
    policy = pb.OrchestrationIdReusePolicy(
        replaceableStatus=[pb.ORCHESTRATION_STATUS_RUNNING, pb.ORCHESTRATION_STATUS_PENDING]
    )

    state = await hub.run("count_up", instance_id="one", input=1, reuse_id_policy=policy)

    assert "4" == state.serialized_output


async def test_an_entity_id_is_refused(hub):
    """Ids that begin with @ belong to entities."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await hub.client.schedule_new_orchestration("count_up", instance_id="@counter@a")

    assert grpc.StatusCode.INVALID_ARGUMENT == caught.value.code()


async def test_a_scheduled_start_waits_for_its_time(hub):
    """An instance stays pending until its start time in virtual time."""
    hub.work(workflows.sleep_long)
    start_at = hub.clock.now() + timedelta(minutes=30)
    instance_id = await hub.client.schedule_new_orchestration(
        "sleep_long", input=0, start_at=start_at
    )
    pending = await hub.state(instance_id)

    ended = await hub.ended(instance_id)

    assert OrchestrationStatus.PENDING == pending.runtime_status
    assert start_at <= ended.last_updated_at.replace(tzinfo=start_at.tzinfo)


async def test_an_event_before_a_scheduled_start_is_kept(hub):
    """An event raised while the instance still waits for its start is there when it asks."""
    hub.work(workflows.await_go)
    start_at = hub.clock.now() + timedelta(minutes=20)
    instance_id = await hub.client.schedule_new_orchestration("await_go", start_at=start_at)

    await hub.client.raise_orchestration_event(instance_id, "go", data=7)

    assert "7" == (await hub.ended(instance_id)).serialized_output


async def test_version_and_tags_reach_orchestrator_and_state(hub):
    """What a start says about itself can be read by the code and by clients."""

    def tell_version(context, _):
        yield context.create_timer(timedelta(0))
        return context.version

    hub.work(tell_version)
    instance_id = await hub.client.schedule_new_orchestration(
        "tell_version", version="2.1.0", tags={"campaign": "spring"}
    )
    state = await hub.ended(instance_id)
    history = await hub.client.get_orchestration_history(instance_id)

    assert '"2.1.0"' == state.serialized_output
    assert {"campaign": "spring"} == history[1].tags


async def test_waiting_for_a_start_ends_when_the_first_turn_is_committed(hub):
    """The state that comes back says RUNNING."""
    hub.work(workflows.await_go)
    instance_id = await hub.client.schedule_new_orchestration("await_go")

    state = await hub.client.wait_for_orchestration_start(instance_id, timeout=5)

    assert OrchestrationStatus.RUNNING == state.runtime_status


async def test_waiting_for_an_end_gives_up_in_time(hub):
    """A wait is over when the caller's patience is."""
    instance_id = await hub.client.schedule_new_orchestration("await_go")

    with pytest.raises(TimeoutError):
        await hub.client.wait_for_orchestration_completion(instance_id, timeout=0.1)


async def test_waiting_for_an_unknown_instance_gives_nothing(hub):
    """There is nothing to wait for, and that is known at once."""
    assert await hub.client.wait_for_orchestration_completion("nobody", timeout=5) is None
