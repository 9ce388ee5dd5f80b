"""Many timers, many instances: bounded threads and memory, quick to come back."""

import threading
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

from durabletask import task
from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub import management
from tests.integration.taskhub.running import RunningHub

TIMERS = 10_000


def resident_mb() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def sleep_in_parallel(context, count):
    """Sets so many timers at once and waits for all."""
    yield task.when_all([context.create_timer(timedelta(days=2)) for _ in range(count)])


async def test_ten_thousand_timers_take_no_threads_and_little_memory(hub):
    """A pending timer is a row: no thread each, and less than 400 MB for the process."""
    hub.work(sleep_in_parallel)
    await hub.client.schedule_new_orchestration("sleep_in_parallel", input=1, instance_id="warm")
    await hub.client.wait_for_orchestration_start("warm", timeout=10)
    threads, memory = threading.active_count(), resident_mb()

    for number in range(TIMERS // 1000):
        instance_id = f"sleeper-{number}"
        await hub.client.schedule_new_orchestration(
            "sleep_in_parallel", input=1000, instance_id=instance_id
        )
        await hub.client.wait_for_orchestration_start(instance_id, timeout=30)

    pending = await hub.engine._hub.reader.run(
        lambda db: db.execute("select count(*) from timers").fetchone()[0]
    )
    assert TIMERS + 1 == pending
    # Threads of tests before this one may end meanwhile; none may come.
    assert threading.active_count() <= threads
    assert resident_mb() - memory < 200
    assert resident_mb() < 400


async def test_five_thousand_instances_in_flight_are_found_again_quickly(tmp_path):
    """The time from opening the file to serving stays below three seconds."""
    hub = RunningHub(tmp_path / "hub.sqlite")
    await hub.start()
    writer = hub.engine._hub.writer
    starts = [
        writer.submit(
            partial(
                management.start_instance,
                request=pb.CreateInstanceRequest(name="any", instanceId=f"vault-{number}"),
            )
        )
        for number in range(5000)
    ]
    for start in starts:
        await start
    await hub.stop()
    hub.engine = hub._new_engine()

    started = time.monotonic()
    await hub.start()
    elapsed_s = time.monotonic() - started

    await hub.stop()
    assert elapsed_s < 3
