"""``python -m local.taskhub``: the engine alone, for workers and clients in other processes."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import datetime

import azure.durable_functions as durable
import pytest
from durabletask.client import TaskHubGrpcClient
from durabletask.worker import TaskHubGrpcWorker

from tests.integration.taskhub import workflows
from tests.integration.taskhub.running import QUIET, WAIT_S


@contextmanager
def served(path, *arguments):
    """A hub in a process of its own, and what it said when it was ready."""
    command = [sys.executable, "-m", "local.taskhub", "--db", str(path), *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        yield process, json.loads(process.stdout.readline())
        process.kill()


@pytest.fixture
def path(tmp_path):
    """Where the hub's file goes."""
    return tmp_path / "hub.sqlite"


def test_a_foreign_worker_and_client_run_orchestrations_against_it(path):
    """Durabletask's own worker and client, each over its own connection, do a day's work."""
    with served(path, "--clock-rate", "3600") as (_, ready):
        worker = TaskHubGrpcWorker(host_address=ready["address"], logger=QUIET)
        worker.add_orchestrator(workflows.call_child)
        worker.add_orchestrator(workflows.count_up)
        worker.add_activity(workflows.add_one)
        with worker, TaskHubGrpcClient(host_address=ready["address"], logger=QUIET) as client:
            worker.start()
            instance_id = client.schedule_new_orchestration(
                "call_child", input={"child": "count_up", "input": 1}
            )
            state = client.wait_for_orchestration_completion(instance_id, timeout=WAIT_S)

    assert "4" == state.serialized_output


async def test_the_functions_client_works_against_it(path):
    """The durable client that function apps use finds what it starts."""
    with served(path) as (_, ready):
        binding = {
            "taskHubName": "hub",
            "rpcBaseUrl": f"http://{ready['address']}",
            "requiredQueryStringParameters": "",
            "creationUrls": {},
            "managementUrls": {},
            "baseUrl": "http://127.0.0.1/runtime/webhooks/durabletask",
        }
        client = durable.DurableFunctionsClient(json.dumps(binding))
        instance_id = await client.schedule_new_orchestration("upgrade", input={"vault": "a"})
        state = await client.get_orchestration_state(instance_id)
        await client.close()

    assert ("upgrade", "PENDING") == (state.name, state.runtime_status.name)


def test_it_says_what_it_serves(path):
    """The one line on standard output is JSON with address, process and clock."""
    with served(path, "--clock-rate", "60", "--clock-origin", "1700000000") as (process, ready):
        facts = (ready["pid"], ready["clockRate"], ready["clockOrigin"], ready["db"])

    assert (process.pid, 60.0, 1700000000.0, str(path)) == facts
    assert ready["address"].startswith("127.0.0.1:")


def test_it_ends_in_order_when_asked(path):
    """SIGTERM folds the log into the file and exits with 0."""
    with served(path) as (process, ready):
        with TaskHubGrpcClient(host_address=ready["address"], logger=QUIET) as client:
            client.schedule_new_orchestration("any")
        process.send_signal(signal.SIGTERM)
        code = process.wait(WAIT_S)

    assert (0, False) == (code, path.with_name(path.name + "-wal").exists())


def test_a_taken_port_is_refused(path, tmp_path):
    """A port in use is named, and no traceback is shown."""
    with served(path) as (_, ready):
        second = subprocess.run(
            [
                sys.executable,
                "-m",
                "local.taskhub",
                "--db",
                str(tmp_path / "other.sqlite"),
                "--port",
                ready["address"].rpartition(":")[2],
            ],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert 1 == second.returncode
    assert "is taken" in second.stderr
    assert "Traceback" not in second.stderr


def test_virtual_time_shows_in_states(path):
    """Moments in states are virtual: a clock a touch fast since 2023 is ahead by now."""
    with (
        served(path, "--clock-rate", "1.000001", "--clock-origin", "1700000000") as (_, ready),
        TaskHubGrpcClient(host_address=ready["address"], logger=QUIET) as client,
    ):
        instance_id = client.schedule_new_orchestration("any")
        state = client.get_orchestration_state(instance_id)

    # A millionth faster since November 2023: about a minute and a half ahead of the wall.
    ahead = state.created_at - datetime.now(state.created_at.tzinfo)
    assert 60 < ahead.total_seconds() < 300
