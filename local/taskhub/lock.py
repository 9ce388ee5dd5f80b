"""One process per hub file.

The lock is an OS lock on a file next to the hub's, so it ends with its process however that dies.
It is not taken on the hub's file itself: closing any handle of that file would drop the locks
SQLite holds on it.
"""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import TextIO

from domain.errors import ConfigurationError


class HubLock:
    """Holds a hub file for this process.

    Args:
        path: The hub's file; the lock is kept in ``<path>.lock``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock_path = path.with_name(path.name + ".lock")
        self._file: TextIO | None = None

    def acquire(self) -> None:
        """Takes the lock and writes down who holds it.

        Raises:
            ConfigurationError: Another process has the file (the message names it), or the folder
                cannot be written to.
        """
        try:
            # Not ``w``: it would wipe out the name of a holder before the lock is even asked for.
            file = self._lock_path.open("a+", encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"the task hub's folder cannot be used: {error.strerror}.",
                subject=str(self._path),
                what_to_do="Give a file in a folder that exists and can be written to.",
            ) from error
        try:
            # Not waited for: two hubs on one file are a mistake, not a queue.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            raise ConfigurationError(
                f"the task hub file is in use by {holder}.",
                subject=str(self._path),
                what_to_do="Stop that process, or give this one another file.",
            ) from error
        self._file = file
        self.describe("")

    def describe(self, address: str) -> None:
        """Writes down who holds the lock, for the message a second process gets."""
        if self._file is None:
            return
        self._file.seek(0)
        self._file.truncate()
        at = f" at {address}" if address else ""
        self._file.write(f"process {os.getpid()}{at}")
        self._file.flush()

    def release(self) -> None:
        """Gives the file back; the lock file stays, since deleting it would race a new holder."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            self._file.truncate(0)
        self._file.close()
        self._file = None
