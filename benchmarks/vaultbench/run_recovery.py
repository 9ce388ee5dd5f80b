"""What N vaults in flight take, each with an activity under way, and how soon they are back.

Mode ``hold`` starts them, prints their memory and waits to be killed; mode ``recover`` opens the
file and prints how long it took until each of them was at work again.
"""

import asyncio
import json
import time
from typing import Any

from durabletask.client import AsyncTaskHubGrpcClient

from adapters.clock import ScaledClock
from benchmarks.vaultbench import meter
from local.taskhub.engine import SqliteEngine
from local.taskhub.inprocess import InProcessWorker


def hold(context: Any, vault: str) -> Any:
    """Two calls that answer and one that does not."""
    yield context.call_activity("answer", input=vault)
    yield context.call_activity("answer", input=vault)
    yield context.call_activity("stay", input=vault)


async def answer(_context: Any, vault: str) -> str:
    """An activity that works."""
    return vault


async def main() -> None:
    """Prints its figures as soon as all vaults are in flight."""
    given = meter.options()
    engine = SqliteEngine(given.folder / "hub.sqlite", ScaledClock())
    staying = 0
    all_stay = asyncio.Event()

    async def stay(_context: Any, _vault: str) -> None:
        nonlocal staying
        staying += 1
        if staying == given.n:
            all_stay.set()
        await asyncio.Event().wait()

    started = time.perf_counter()
    await engine.start()
    serving_s = time.perf_counter() - started
    worker = InProcessWorker(engine, max_activities=given.n + 1)
    worker.add_orchestrator(hold)
    worker.add_activity(answer)
    worker.add_activity(stay)
    worker.start()
    before_kb = meter.resident_kb()
    if given.mode == "hold":
        client = AsyncTaskHubGrpcClient(host_address=engine.address)
        for number in range(given.n):
            await client.schedule_new_orchestration("hold", input=f"vault-{number}")
    await all_stay.wait()
    working_s = time.perf_counter() - started
    figures = {
        "vaults": given.n,
        "serving_after_s": round(serving_s, 3),
        "all_working_after_s": round(working_s, 3),
        "kb_per_vault": round((meter.resident_kb() - before_kb) / given.n, 1),
    }
    print(json.dumps(figures), flush=True)
    if given.mode == "hold":
        await asyncio.Event().wait()
    await worker.stop()
    await engine.stop()


if __name__ == "__main__":
    asyncio.run(main())
