"""durabletask's own worker over gRPC. Modes: ``memory`` (Microsoft's back end), ``taskhub``."""

import json
import logging
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from durabletask.client import OrchestrationStatus, TaskHubGrpcClient
from durabletask.worker import ConcurrencyOptions, TaskHubGrpcWorker

from benchmarks.vaultbench import meter, shape
from benchmarks.vaultbench.workflow import upgrade_vault

QUIET = logging.getLogger("quiet")
QUIET.setLevel(logging.ERROR)

MEMORY_SERVER = """
import socket, sys, threading
from durabletask.testing import create_test_backend
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
backend = create_test_backend(port=port, max_history_size=1_000_000)
print('{"address": "localhost:%d"}' % port, flush=True)
sys.stdin.read()
"""


def run_vaults(client: TaskHubGrpcClient, names: list[str]) -> None:
    """Starts vaults through the public client and waits until all have ended."""
    for name in names:
        client.schedule_new_orchestration("upgrade_vault", input=name, instance_id=name)
    for name in names:
        state = client.wait_for_orchestration_completion(name, timeout=3600)
        assert state is not None
        assert state.runtime_status == OrchestrationStatus.COMPLETED, state


def make_call(backend: str) -> Any:
    """The activity: one connection per worker thread, as a synchronous activity has it."""
    local, host = threading.local(), urlsplit(backend).netloc

    def call(_context: Any, path: str) -> bool:
        if not hasattr(local, "connection"):
            local.connection = HTTPConnection(host)
        local.connection.request("GET", path)
        done: bool = json.loads(local.connection.getresponse().read())["done"]
        return done

    return call


def main() -> None:
    """Runs them all at once."""
    given = meter.options()
    hub = [sys.executable, "-m", "local.taskhub", "--db", str(given.folder / "hub.sqlite")]
    command = hub if given.mode == "taskhub" else [sys.executable, "-c", MEMORY_SERVER]
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())["address"]
        worker = TaskHubGrpcWorker(
            host_address=address,
            logger=QUIET,
            concurrency_options=ConcurrencyOptions(
                maximum_concurrent_activity_work_items=64,
                maximum_concurrent_orchestration_work_items=64,
                maximum_thread_pool_workers=80,
            ),
        )
        worker.add_orchestrator(upgrade_vault)
        worker.add_activity(make_call(given.backend))
        worker.start()
        client = TaskHubGrpcClient(host_address=address, logger=QUIET)
        run_vaults(client, [f"warm-{number}" for number in range(shape.WARM_UP)])
        measured = meter.Meter(f"durabletask worker, {given.mode or 'memory'}", given)
        run_vaults(client, [f"vault-{number}" for number in range(given.n)])
        # The server's CPU counts when it has been waited for.
        server.kill()
        server.wait()
        measured.report()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(worker.stop)


if __name__ == "__main__":
    main()
