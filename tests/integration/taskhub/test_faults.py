"""What the hub does when the disk, a payload or a worker lets it down."""

import asyncio
import contextlib
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from functools import partial

import grpc
import pytest
from durabletask.client import TaskHubGrpcClient
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal import orchestrator_service_pb2_grpc as stubs

from domain.errors import ConfigurationError
from local.taskhub.server import HubServer
from local.taskhub.service import add_service
from tests.integration.taskhub import workflows
from tests.integration.taskhub.running import QUIET, WAIT_S, RunningHub
from tests.integration.taskhub.test_command import served

HELD_UP_WORKER = """
import sys
from durabletask.worker import TaskHubGrpcWorker

def wait_long(_context, _):
    print("begun", flush=True)
    sys.stdin.read()

worker = TaskHubGrpcWorker(host_address=sys.argv[1])
worker.add_orchestrator(wait_long)
worker.start()
sys.stdin.read()
"""


@contextlib.contextmanager
def held_up_worker(address):
    """A worker in a process of its own, in the middle of a turn once it has said so."""
    command = [sys.executable, "-c", HELD_UP_WORKER, address]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as worker:
        yield worker
        worker.kill()


def wait_long(_context, _):
    """The same orchestrator in a worker that is quick."""
    return "done"


def blow_up(context, size):
    """A result that no worker's usual channel takes."""
    result = yield context.call_activity("write", input=size)
    return len(result)


def write(_context, size):
    """A payload of so many characters."""
    return "x" * size


def start_until_refused(client):
    """Starts instances until the hub refuses; gives the acknowledged ids and the refusal."""
    acknowledged = []
    for number in range(200):
        try:
            client.schedule_new_orchestration("any", input="x" * 30_000, instance_id=f"i{number}")
        except grpc.RpcError as error:
            return acknowledged, error
        acknowledged.append(f"i{number}")
    raise AssertionError("the disk never was full")


def test_a_full_disk_ends_the_hub_loudly_and_loses_nothing(tmp_path):
    """The call that did not fit is refused, the process ends, and what was acknowledged is there.

    The limit of a file's size stands in for the disk: a write beyond it fails.
    """
    path = tmp_path / "hub.sqlite"
    with served(path) as (process, ready):
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (600_000, 600_000))
        with TaskHubGrpcClient(host_address=ready["address"], logger=QUIET) as client:
            acknowledged, refusal = start_until_refused(client)
        exit_code = process.wait(WAIT_S)
    with (
        served(path) as (_, ready),
        TaskHubGrpcClient(host_address=ready["address"], logger=QUIET) as client,
    ):
        found = {state.instance_id for state in client.get_all_orchestration_states()}

    assert (grpc.StatusCode.UNAVAILABLE, 1) == (refusal.code(), exit_code)
    assert len(acknowledged) > 0
    assert set(acknowledged) <= found


async def test_a_payload_no_worker_takes_does_not_hold_up_the_others(tmp_path):
    """It ends its worker's stream each time; it comes back more and more rarely, others run."""
    hub = RunningHub(tmp_path / "hub.sqlite", "grpc")
    await hub.start()
    hub.work(blow_up, workflows.count_up, activities=[write, workflows.add_one])
    try:
        large = await hub.client.schedule_new_orchestration("blow_up", input=6_000_000)
        kinds = []
        async with asyncio.timeout(WAIT_S):
            while "TaskScheduled" not in kinds:
                kinds = await hub.event_kinds(large)
        states = [await hub.run("count_up", input=1) for _ in range(5)]
        status = (await hub.state(large)).runtime_status.name
    finally:
        await hub.stop()

    assert ["4"] * 5 == [state.serialized_output for state in states]
    assert "RUNNING" == status


async def test_large_work_is_logged_with_its_instance(hub, caplog):
    """Whoever wonders why a worker reconnects finds the reason in the hub's log."""
    await hub.client.schedule_new_orchestration(
        "any", input="x" * 5_000_000, instance_id="large one"
    )
    async with grpc.aio.insecure_channel(hub.engine.address) as channel:
        stream = stubs.TaskHubSidecarServiceStub(channel).GetWorkItems(pb.GetWorkItemsRequest())
        with pytest.raises(grpc.aio.AioRpcError):
            await stream.read()

    assert "instance large one" in caplog.text
    assert "max_receive_message_length" in caplog.text


async def test_work_of_a_stopped_worker_goes_to_another(hub):
    """A worker that is stopped keeps its connection, but does not answer the hub's pings."""
    server = HubServer(partial(add_service, hub.engine._hub), keepalive_ms=300)
    await server.start()
    await hub.client.schedule_new_orchestration("wait_long", instance_id="one")
    with held_up_worker(f"127.0.0.1:{server.port}") as worker:
        assert "begun\n" == await asyncio.to_thread(worker.stdout.readline)
        os.kill(worker.pid, signal.SIGSTOP)

        hub.work(wait_long)
        state = await hub.ended("one")
    await server.stop()

    assert '"done"' == state.serialized_output


async def test_parts_of_a_report_go_with_the_worker(hub):
    """A worker that vanishes in the middle of a report leaves nothing behind."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    async with grpc.aio.insecure_channel(hub.engine.address) as channel:
        stub = stubs.TaskHubSidecarServiceStub(channel)
        stream = stub.GetWorkItems(pb.GetWorkItemsRequest())
        item = await stream.read()
        await stub.CompleteOrchestratorTask(
            pb.OrchestratorResponse(
                instanceId="one", completionToken=item.completionToken, isPartial=True
            )
        )
        stream.cancel()
        items = hub.engine.work_items(max_orchestrations=1, max_activities=1)
        async with contextlib.aclosing(items):
            again = await anext(items)

    assert "one" == again.orchestratorRequest.instanceId
    assert {} == hub.engine._hub._parts


@pytest.mark.parametrize("event", ["x'ff'", "cast(x'ff' as text)"])
async def test_a_row_nobody_can_read_is_refused_at_the_start(tmp_path, event):
    """The pages are in order, what they say is not: told with what to do, and left as it is."""
    hub = RunningHub(tmp_path / "hub.sqlite")
    await hub.start()
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    await hub.stop()
    with contextlib.closing(sqlite3.connect(hub.path, isolation_level=None)) as db:
        db.execute(f"update inbox set event = {event}")  # noqa: S608 (one of two literals)
    hub.engine = hub._new_engine()

    with pytest.raises(ConfigurationError, match=r"damaged.*Restore the file"):
        await hub.start()
    with contextlib.closing(sqlite3.connect(hub.path)) as db:
        assert (1,) == db.execute("select count(*) from inbox").fetchone()


async def test_a_report_that_names_the_wrong_instance_is_not_lost(hub):
    """The token says whose activity it was; the instance does not wait for ever."""
    await hub.client.schedule_new_orchestration("any", instance_id="one")
    async with grpc.aio.insecure_channel(hub.engine.address) as channel:
        stub = stubs.TaskHubSidecarServiceStub(channel)
        stream = stub.GetWorkItems(pb.GetWorkItemsRequest())
        turn = await stream.read()
        step = pb.OrchestratorAction(id=1, scheduleTask=pb.ScheduleTaskAction(name="step"))
        await stub.CompleteOrchestratorTask(
            pb.OrchestratorResponse(
                instanceId="one", completionToken=turn.completionToken, actions=[step]
            )
        )
        token = (await stream.read()).completionToken
        await stub.CompleteActivityTask(
            pb.ActivityResponse(instanceId="another", taskId=1, completionToken=token)
        )
        async with asyncio.timeout(5):
            answered = (await stream.read()).orchestratorRequest

    assert "one" == answered.instanceId
    assert answered.newEvents[1].HasField("taskCompleted")
