"""Finding instances: filters, pages, histories."""

from datetime import timedelta

import grpc
import pytest
from durabletask.client import OrchestrationQuery, OrchestrationStatus

from tests.integration.taskhub import workflows
from tests.integration.taskhub.workflows import add_one


async def start_many(hub, count, prefix="vault-"):
    """Starts instances that stay pending."""
    for number in range(count):
        await hub.client.schedule_new_orchestration("await_go", instance_id=f"{prefix}{number:03}")


async def found(hub, **query):
    """The ids a query finds."""
    states = await hub.client.get_all_orchestration_states(OrchestrationQuery(**query))
    return [state.instance_id for state in states]


async def test_a_query_pages_through_everything_once(hub):
    """Small pages put together are the whole, in order of creation."""
    await start_many(hub, 25)

    ids = await found(hub, max_instance_count=10)

    assert [f"vault-{number:03}" for number in range(25)] == ids


async def test_a_query_without_a_page_size_finds_everything(hub):
    """More instances than fit a default page are found all the same."""
    await start_many(hub, 130)

    assert 130 == len(await found(hub))


async def test_a_query_filters_by_prefix(hub):
    """Only ids that begin with the prefix are found, letter by letter."""
    await start_many(hub, 2, prefix="a_b-")
    await start_many(hub, 2, prefix="axb-")

    assert ["a_b-000", "a_b-001"] == await found(hub, instance_id_prefix="a_b")


async def test_a_query_filters_by_status_and_time(hub):
    """Status and creation time both have to match."""
    hub.work(workflows.count_up, activities=[add_one])
    await hub.run("count_up", input=1, instance_id="done")
    later = hub.clock.now() + timedelta(seconds=1)
    await hub.client.schedule_new_orchestration(
        "count_up", input=1, instance_id="waits", start_at=later + timedelta(days=9)
    )

    completed = await found(hub, runtime_status=[OrchestrationStatus.COMPLETED])
    pending = await found(hub, runtime_status=[OrchestrationStatus.PENDING])
    none = await found(hub, created_time_to=hub.clock.now() - timedelta(days=1))

    assert (["done"], ["waits"], []) == (completed, pending, none)


async def test_ended_ids_are_listed_in_pages(hub):
    """Pages of ended ids, put together, are all of them in order of their end."""
    hub.work(workflows.count_up, activities=[add_one])
    for number in range(5):
        await hub.run("count_up", input=1, instance_id=f"run-{number}")

    first = await hub.client.list_instance_ids(page_size=3)
    second = await hub.client.list_instance_ids(
        page_size=3, continuation_token=first.continuation_token
    )

    assert [f"run-{number}" for number in range(5)] == [*first.items, *second.items]
    assert second.continuation_token is None


async def test_a_foreign_page_token_is_refused(hub):
    """A token the hub did not give is an error, not a wrong page."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await hub.client.list_instance_ids(continuation_token="page two")

    assert grpc.StatusCode.INVALID_ARGUMENT == caught.value.code()


async def test_a_history_longer_than_a_message_comes_whole(hub):
    """Six megabytes of history arrive in pieces that fit."""

    def long_story(_context, _input):
        return "x" * 600_000

    def tell(context, _):
        for _ in range(10):
            yield context.call_activity("long_story")

    hub.work(tell, activities=[long_story])
    state = await hub.run("tell")

    kinds = await hub.event_kinds(state.instance_id)

    assert 10 == kinds.count("TaskCompleted")


async def test_a_history_reads_in_the_order_of_events(hub):
    """Each turn is framed, and the end closes it."""
    hub.work(workflows.call_failing, activities=[workflows.fail_oddly])
    state = await hub.run("call_failing", input=2)

    assert [
        "OrchestratorStarted",
        "ExecutionStarted",
        "TaskScheduled",
        "OrchestratorCompleted",
        "OrchestratorStarted",
        "TaskCompleted",
        "OrchestratorCompleted",
        "ExecutionCompleted",
    ] == await hub.event_kinds(state.instance_id)
