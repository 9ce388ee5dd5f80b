"""DBOS with its system database in SQLite. Modes: ``wal`` (its fastest), ``default``."""

import asyncio
import sqlite3
import time
from typing import Any

import aiohttp
from dbos import DBOS, DBOSConfig, SetWorkflowID
from sqlalchemy import Engine, event

from benchmarks.vaultbench import meter, shape


@event.listens_for(Engine, "connect")
def add_unixepoch(connection: Any, _record: Any) -> None:
    """DBOS stamps rows with ``unixepoch('subsec')``, which SQLite knows from 3.42 only."""
    if sqlite3.sqlite_version_info < (3, 42):
        connection.create_function("unixepoch", 1, lambda _modifier: time.time())


given = meter.options()
path = given.folder / "dbos.sqlite"
if given.mode != "default":
    database = sqlite3.connect(path)
    database.execute("pragma journal_mode = wal")
    database.close()
config: DBOSConfig = {
    "name": "vaultbench",
    "system_database_url": f"sqlite:///{path}",
    "log_level": "ERROR",
    "enable_otlp": False,
}
DBOS(config=config)
sessions: list[aiohttp.ClientSession] = []


@DBOS.step()
async def call(path: str) -> bool:
    """One call of the back end."""
    async with sessions[0].get(given.backend + path) as answer:
        done: bool = (await answer.json())["done"]
        return done


@DBOS.workflow()
async def upgrade_vault(vault: str) -> str:
    """All calls of one vault."""
    for number in range(shape.CALLS_BEFORE):
        await call(shape.op(vault, f"before-{number}"))
    await call(shape.upgrade(vault))
    done = False
    while not done:
        await DBOS.sleep_async(0)
        done = await call(shape.poll(vault))
    await asyncio.gather(
        *(call(shape.op(vault, f"policy-{number}")) for number in range(shape.POLICIES))
    )
    for number in range(shape.CALLS_AFTER):
        await call(shape.op(vault, f"after-{number}"))
    return vault


async def run(vault: str) -> None:
    """One vault under an id of its own."""
    with SetWorkflowID(vault):
        await upgrade_vault(vault)


async def main() -> None:
    """Runs them all at once."""
    DBOS.launch()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1000)) as session:
        sessions.append(session)
        for number in range(shape.WARM_UP):
            await run(f"warm-{number}")
        measured = meter.Meter(f"DBOS, SQLite ({given.mode or 'wal'})", given)
        await asyncio.gather(*(run(f"vault-{number}") for number in range(given.n)))
        measured.report()
    DBOS.destroy()


if __name__ == "__main__":
    asyncio.run(main())
