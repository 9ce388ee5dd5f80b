"""vaultlift's task hub, worker in process. Modes: ``hot`` (as in production), ``replay``."""

import asyncio
from typing import Any

import aiohttp
from durabletask.client import AsyncTaskHubGrpcClient, OrchestrationStatus

from adapters.clock import ScaledClock
from benchmarks.vaultbench import meter, shape
from benchmarks.vaultbench.workflow import upgrade_vault
from local.taskhub.engine import SqliteEngine
from local.taskhub.inprocess import InProcessWorker

CALLS_AT_ONCE = 100


async def run_vaults(client: AsyncTaskHubGrpcClient, names: list[str]) -> None:
    """Starts vaults through the public client and waits until all have ended."""
    # One connection carries so many calls at once; the hub itself takes them all.
    room = asyncio.Semaphore(CALLS_AT_ONCE)

    async def start(name: str) -> None:
        async with room:
            await client.schedule_new_orchestration("upgrade_vault", input=name, instance_id=name)

    await asyncio.gather(*map(start, names))
    for name in names:
        state = await client.wait_for_orchestration_completion(name, timeout=3600)
        assert state is not None
        assert state.runtime_status == OrchestrationStatus.COMPLETED, state


async def main() -> None:
    """Runs them all at once."""
    given = meter.options()
    mode = given.mode or "hot"
    engine = SqliteEngine(given.folder / "hub.sqlite", ScaledClock(), replay=mode == "replay")
    await engine.start()
    connector = aiohttp.TCPConnector(limit=1000)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def call(_context: Any, path: str) -> bool:
            async with session.get(given.backend + path) as answer:
                done: bool = (await answer.json())["done"]
                return done

        worker = InProcessWorker(engine)
        worker.add_orchestrator(upgrade_vault)
        worker.add_activity(call)
        worker.start()
        client = AsyncTaskHubGrpcClient(host_address=engine.address)
        await run_vaults(client, [f"warm-{number}" for number in range(shape.WARM_UP)])
        measured = meter.Meter(f"taskhub ({mode})", given)
        await run_vaults(client, [f"vault-{number}" for number in range(given.n)])
        measured.report()
        await client.close()
        await worker.stop()
    await engine.stop()


if __name__ == "__main__":
    asyncio.run(main())
