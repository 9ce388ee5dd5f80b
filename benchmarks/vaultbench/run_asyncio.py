"""The limit: plain asyncio, nothing durable."""

import asyncio

import aiohttp

from benchmarks.vaultbench import meter, shape


async def upgrade_vault(session: aiohttp.ClientSession, base: str, vault: str) -> None:
    """All calls of one vault."""

    async def call(path: str) -> bool:
        async with session.get(base + path) as answer:
            done: bool = (await answer.json())["done"]
            return done

    for number in range(shape.CALLS_BEFORE):
        await call(shape.op(vault, f"before-{number}"))
    await call(shape.upgrade(vault))
    done = False
    while not done:
        await asyncio.sleep(0)
        done = await call(shape.poll(vault))
    await asyncio.gather(
        *(call(shape.op(vault, f"policy-{number}")) for number in range(shape.POLICIES))
    )
    for number in range(shape.CALLS_AFTER):
        await call(shape.op(vault, f"after-{number}"))


async def main() -> None:
    """Runs them all at once."""
    given = meter.options()
    connector = aiohttp.TCPConnector(limit=1000)
    async with aiohttp.ClientSession(connector=connector) as session:
        for number in range(shape.WARM_UP):
            await upgrade_vault(session, given.backend, f"warm-{number}")
        measured = meter.Meter("asyncio", given)
        await asyncio.gather(
            *(upgrade_vault(session, given.backend, f"vault-{n}") for n in range(given.n))
        )
        measured.report()


if __name__ == "__main__":
    asyncio.run(main())
