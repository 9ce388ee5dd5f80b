"""Calls of the contract that the Python client does not make, or not in this way."""

import grpc.aio
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal import orchestrator_service_pb2_grpc as stubs
from google.protobuf.empty_pb2 import Empty

from tests.integration.taskhub import workflows
from tests.integration.taskhub.workflows import add_one


@pytest.fixture
async def stub(hub):
    """The bare gRPC contract."""
    async with grpc.aio.insecure_channel(hub.engine.address) as channel:
        yield stubs.TaskHubSidecarServiceStub(channel)


async def ended_instances(hub, count):
    """So many instances that have completed."""
    hub.work(workflows.count_up, activities=[add_one])
    for number in range(count):
        await hub.run("count_up", input=1, instance_id=f"i{number}")


async def test_a_batch_of_ids_is_purged(hub, stub):
    """Each listed instance that has ended goes; the others are not counted."""
    await ended_instances(hub, 3)
    batch = pb.InstanceBatch(instanceIds=["i0", "i2", "nobody"])

    purged = await stub.PurgeInstances(pb.PurgeInstancesRequest(instanceBatch=batch))

    assert 2 == purged.deletedInstanceCount
    assert await hub.client.get_orchestration_state("i1") is not None


async def test_a_purge_that_ran_out_of_time_says_so(hub, stub):
    """The caller learns that there is more to do."""
    await ended_instances(hub, 1)
    request = pb.PurgeInstancesRequest()
    request.purgeInstanceFilter.timeout.FromNanoseconds(1)

    purged = await stub.PurgeInstances(request)

    assert (0, False) == (purged.deletedInstanceCount, purged.isComplete.value)


async def test_a_state_tells_parent_tags_and_execution(hub, stub):
    """What the Python client leaves out is there for others."""
    hub.work(workflows.call_child, workflows.count_up, activities=[add_one])
    await hub.run(
        "call_child",
        input={"child": "count_up", "input": 1, "id": "kid"},
        instance_id="mother",
        tags={"campaign": "spring"},
    )

    mother, kid = [
        (await stub.GetInstance(pb.GetInstanceRequest(instanceId=name))).orchestrationState
        for name in ("mother", "kid")
    ]

    assert ({"campaign": "spring"}, "mother") == (dict(mother.tags), kid.parentInstanceId.value)
    assert mother.executionId.value != kid.executionId.value


async def test_hello_is_answered(stub):
    """Workers ask before anything else."""
    assert Empty() == await stub.Hello(Empty())


async def test_an_existing_hub_is_not_created_anew(hub, stub):
    """Creating what exists is fine; recreating it would empty it and is refused."""
    await stub.CreateTaskHub(pb.CreateTaskHubRequest())

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.CreateTaskHub(pb.CreateTaskHubRequest(recreateIfExists=True))

    assert grpc.StatusCode.FAILED_PRECONDITION == caught.value.code()


@pytest.mark.parametrize(
    ("call", "request_type"),
    [
        ("SignalEntity", pb.SignalEntityRequest),
        ("GetEntity", pb.GetEntityRequest),
        ("CleanEntityStorage", pb.CleanEntityStorageRequest),
        ("CompleteEntityTask", pb.EntityBatchResult),
        ("AbandonTaskEntityWorkItem", pb.AbandonEntityTaskRequest),
    ],
)
async def test_every_entity_call_is_refused(stub, call, request_type):
    """None of them hangs or pretends."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await getattr(stub, call)(request_type())

    assert grpc.StatusCode.UNIMPLEMENTED == caught.value.code()


async def test_a_report_without_a_token_is_ignored(hub, stub):
    """A worker that reports what nobody gave it changes nothing."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")

    await stub.CompleteActivityTask(pb.ActivityResponse(instanceId="one", taskId=1))
    await stub.CompleteOrchestratorTask(pb.OrchestratorResponse(instanceId="one"))

    assert "PENDING" == (await hub.state("one")).runtime_status.name


async def test_the_server_listens_on_loopback_only(hub):
    """Nobody from outside can reach it."""
    assert hub.engine.address.startswith("127.0.0.1:")
