"""The one thread that only reads: it sees what is committed and never waits for the writer."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class Reader:
    """Runs queries on the reading connection.

    Args:
        db: The connection; only the reader's thread uses it.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        # One thread, since a connection of SQLite is for one at a time; WAL keeps it clear of the
        # writer.
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="taskhub-reader")

    async def run[T](self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Runs one query and gives its answer, or raises what it raised."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, query, self._db)

    def close(self) -> None:
        """Waits for the running query and ends the thread."""
        self._pool.shutdown(wait=True)
