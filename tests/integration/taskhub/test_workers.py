"""The contract with workers: who gets what, how much, and what happens to lost work."""

import asyncio
import contextlib

import grpc.aio
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal import orchestrator_service_pb2_grpc as stubs

from tests.integration.taskhub import workflows
from tests.integration.taskhub.workflows import add_one


@pytest.fixture
async def stub(hub):
    """The bare gRPC contract, as a worker in any language would use it."""
    async with grpc.aio.insecure_channel(hub.engine.address) as channel:
        yield stubs.TaskHubSidecarServiceStub(channel)


async def take(stub, count=1, **request):
    """Opens a worker's stream and gives it with the first work items."""
    stream = stub.GetWorkItems(pb.GetWorkItemsRequest(**request))
    items = []
    async with asyncio.timeout(10):
        while len(items) < count:
            items.append(await stream.read())
    return stream, items


async def nothing_more(stream):
    """Whether a stream stays silent for a moment."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.2):
            await stream.read()
            return False
    return True


def schedule(action_id, name):
    """The action that asks for an activity."""
    return pb.OrchestratorAction(id=action_id, scheduleTask=pb.ScheduleTaskAction(name=name))


def answer(item, *actions, **more):
    """A worker's report about a turn."""
    return pb.OrchestratorResponse(
        instanceId=item.orchestratorRequest.instanceId,
        completionToken=item.completionToken,
        actions=actions,
        **more,
    )


def completion(result):
    """The action that ends an orchestration."""
    action = pb.OrchestratorAction(
        id=9,
        completeOrchestration=pb.CompleteOrchestrationAction(
            orchestrationStatus=pb.ORCHESTRATION_STATUS_COMPLETED
        ),
    )
    action.completeOrchestration.result.value = result
    return action


async def test_a_worker_gets_no_more_than_it_asked_for(hub, stub):
    """With room for two turns, the third waits until one is completed."""
    for number in range(3):
        await hub.client.schedule_new_orchestration("any", instance_id=f"i{number}")

    stream, items = await take(stub, 2, maxConcurrentOrchestrationWorkItems=2)

    assert await nothing_more(stream)
    assert {"i0", "i1"} == {item.orchestratorRequest.instanceId for item in items}


async def test_a_completed_turn_makes_room(hub, stub):
    """As soon as a turn is completed, the next one is handed out."""
    for number in range(2):
        await hub.client.schedule_new_orchestration("any", instance_id=f"i{number}")
    stream, items = await take(stub, 1, maxConcurrentOrchestrationWorkItems=1)

    await stub.CompleteOrchestratorTask(answer(items[0], completion("1")))

    assert "i1" == (await stream.read()).orchestratorRequest.instanceId


async def test_a_worker_gets_only_the_names_and_versions_it_lists(hub, stub):
    """Work nobody listed waits for a worker that takes it."""
    await hub.client.schedule_new_orchestration("other", instance_id="a")
    await hub.client.schedule_new_orchestration("mine", instance_id="b", version="1")
    await hub.client.schedule_new_orchestration("mine", instance_id="c", version="2")
    filters = pb.WorkItemFilters(
        orchestrations=[pb.OrchestrationFilter(name="mine", versions=["2"])]
    )

    stream, items = await take(stub, 1, workItemFilters=filters)

    assert "c" == items[0].orchestratorRequest.instanceId
    assert await nothing_more(stream)


async def test_work_of_a_vanished_worker_goes_to_another(hub, stub):
    """A worker that is gone without a word does not take its work with it."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    stream, lost = await take(stub)
    stream.cancel()

    _, again = await take(stub)

    assert "one" == again[0].orchestratorRequest.instanceId
    assert lost[0].completionToken != again[0].completionToken


async def test_a_late_report_of_a_lost_turn_is_ignored(hub, stub):
    """Only the worker that holds a turn can complete it."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    stream, lost = await take(stub)
    stream.cancel()
    _, again = await take(stub)

    await stub.CompleteOrchestratorTask(answer(lost[0], completion('"late"')))
    await stub.CompleteOrchestratorTask(answer(again[0], completion('"good"')))

    assert '"good"' == (await hub.ended("one")).serialized_output


async def test_a_report_after_a_lost_connection_counts_if_nobody_else_has_the_turn(hub, stub):
    """Work that was finished is not thrown away because its stream broke."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    stream, lost = await take(stub)
    stream.cancel()
    await asyncio.sleep(0.05)

    await stub.CompleteOrchestratorTask(answer(lost[0], completion('"done"')))

    assert '"done"' == (await hub.ended("one")).serialized_output


async def test_an_abandoned_turn_comes_again(hub, stub):
    """A turn that a worker gives back is handed out again, whole."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    stream, items = await take(stub)

    await stub.AbandonTaskOrchestratorWorkItem(
        pb.AbandonOrchestrationTaskRequest(completionToken=items[0].completionToken)
    )

    again = await stream.read()
    kinds = [event.WhichOneof("eventType") for event in again.orchestratorRequest.newEvents]
    assert ["orchestratorStarted", "executionStarted"] == kinds


async def test_an_abandoned_activity_comes_again(hub, stub):
    """An activity that a worker gives back is handed out again with the same token."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    stream, items = await take(stub)
    await stub.CompleteOrchestratorTask(answer(items[0], schedule(1, "step")))
    first = await stream.read()

    await stub.AbandonTaskActivityWorkItem(
        pb.AbandonActivityTaskRequest(completionToken=first.completionToken)
    )

    assert first == await stream.read()


async def test_the_first_result_of_an_activity_counts(hub, stub):
    """An activity that ran twice is in the history once."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    stream, items = await take(stub)
    await stub.CompleteOrchestratorTask(answer(items[0], schedule(1, "step")))
    activity = await stream.read()
    for result in ("first", "second"):
        report = pb.ActivityResponse(
            instanceId="one", taskId=1, completionToken=activity.completionToken
        )
        report.result.value = result
        await stub.CompleteActivityTask(report)

    turn = await stream.read()

    results = [
        event.taskCompleted.result.value
        for event in turn.orchestratorRequest.newEvents
        if event.HasField("taskCompleted")
    ]
    assert ["first"] == results


async def test_a_result_from_before_a_restart_counts(hub):
    """A worker that outlives the hub's restart can still report what it did."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    async with grpc.aio.insecure_channel(hub.engine.address) as channel:
        stub = stubs.TaskHubSidecarServiceStub(channel)
        stream, items = await take(stub)
        await stub.CompleteOrchestratorTask(answer(items[0], schedule(1, "step")))
        activity = await stream.read()
    await hub.restart()

    report = pb.ActivityResponse(
        instanceId="one", taskId=1, completionToken=activity.completionToken
    )
    await hub.engine.complete_activity(report)

    items = hub.engine.work_items(max_orchestrations=1, max_activities=1)
    async with contextlib.aclosing(items):
        turn = await anext(items)
    assert turn.orchestratorRequest.newEvents[1].HasField("taskCompleted")


async def test_a_report_in_parts_counts_when_it_is_whole(hub, stub):
    """Actions that come in several messages are one turn."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    stream, items = await take(stub)
    first = answer(items[0], schedule(1, "a"), isPartial=True)
    first.chunkIndex.value = 0
    last = answer(items[0], schedule(2, "b"))
    last.chunkIndex.value = 1

    await stub.CompleteOrchestratorTask(first)
    await stub.CompleteOrchestratorTask(last)

    names = [(await stream.read()).activityRequest.name for _ in range(2)]
    assert ["a", "b"] == names


async def test_a_turn_that_lost_its_instance_changes_nothing(hub, stub):
    """What a turn decides after its instance was terminated is thrown away."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    stream, items = await take(stub)
    await hub.client.terminate_orchestration("one")

    await stub.CompleteOrchestratorTask(answer(items[0], schedule(1, "step")))

    assert await nothing_more(stream)


async def test_a_worker_that_streams_history_fetches_a_long_one_itself(hub, stub):
    """A worker with the capability gets long work items without their past events."""
    await hub.client.schedule_new_orchestration("any", instance_id="one", input="x" * 2_000_000)
    stream, items = await take(stub, capabilities=[pb.WORKER_CAPABILITY_HISTORY_STREAMING])
    await stub.CompleteOrchestratorTask(answer(items[0]))
    await hub.client.raise_orchestration_event("one", "go")

    request = (await stream.read()).orchestratorRequest

    assert (True, 0) == (request.requiresHistoryStreaming, len(request.pastEvents))


async def test_an_unsupported_action_fails_the_instance(hub, stub):
    """An action from a future SDK is a clear failure, not silence."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    _, items = await take(stub)

    await stub.CompleteOrchestratorTask(answer(items[0], pb.OrchestratorAction(id=1)))

    assert "does not know" in (await hub.ended("one")).failure_details.message


async def test_the_hub_is_never_emptied_by_a_call(hub, stub):
    """Deleting the hub over the wire is refused and its instances stay."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.DeleteTaskHub(pb.DeleteTaskHubRequest())

    assert grpc.StatusCode.FAILED_PRECONDITION == caught.value.code()
    assert await hub.client.get_orchestration_state("one") is not None


async def test_an_execution_pushed_out_of_memory_is_replayed(hub):
    """A turn whose execution is no longer held comes with its history."""
    hub.work(workflows.count_up, activities=[add_one])
    executions = hub._workers[0]._executions
    executions._limit = 0

    state = await hub.run("count_up", input=1)

    assert "4" == state.serialized_output


class Boaster:
    """Says that it holds every execution."""

    def holds(self, _instance_id, _execution_id):
        return True

    def forget(self, _instance_id):
        pass


async def test_a_worker_that_needs_the_history_after_all_gets_it(hub):
    """A turn that came without past events comes again with them on request."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    items = hub.engine.work_items(max_orchestrations=1, max_activities=1, held=Boaster())
    async with contextlib.aclosing(items):
        await hub.engine.complete_orchestration(answer(await anext(items)))
        await hub.client.raise_orchestration_event("one", "go")
        without = await anext(items)
        await hub.engine.complete_orchestration(answer(without, requiresHistory=True))
        again = await anext(items)

    assert not without.orchestratorRequest.pastEvents
    assert again.orchestratorRequest.pastEvents[1].HasField("executionStarted")


async def test_an_instance_with_a_damaged_history_is_set_aside(hub, stub):
    """One unreadable instance does not keep the others from their work."""
    await hub.client.schedule_new_orchestration("any", instance_id="bad")
    stream, items = await take(stub)
    await stub.CompleteOrchestratorTask(answer(items[0]))
    await hub.engine._hub.writer.submit(
        lambda tx: tx.db.execute("update history set events = x'ff' where instance_id = 'bad'")
    )

    await hub.client.raise_orchestration_event("bad", "go")
    await hub.client.schedule_new_orchestration("any", instance_id="good")

    assert "good" == (await stream.read()).orchestratorRequest.instanceId
