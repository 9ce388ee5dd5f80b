"""Opening the hub's file: made if absent, checked if present, never silently emptied."""

import os
import sqlite3
import time
import uuid
from pathlib import Path

from domain.errors import ConfigurationError
from local.taskhub.lock import HubLock
from local.taskhub.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES, write_meta

# Every SQLite database starts with these bytes.
_SQLITE_MAGIC = b"SQLite format 3\x00"

# How long another program (a browser of databases, a backup) may lock the file before the hub gives
# up and stops.
_LONGEST_FOREIGN_LOCK_S = 30.0

_RESTORE = (
    "Restore the file from a copy together with its -wal file, or move it away to start an empty "
    "hub; nothing was changed."
)


class Store:
    """The hub's file, held by this process: one connection that writes, one that reads.

    Args:
        path: The file; its folder must exist.

    Raises:
        ConfigurationError: The file is held by another process, is damaged, is not a task hub,
            or was written by a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = HubLock(path)
        self.lock.acquire()
        try:
            self.writing, self.reading = _open(path)
        except (OSError, sqlite3.OperationalError) as error:
            self.lock.release()
            what_to_do = "Give a file this user may read and write, on a disk with room."
            raise _refusal(path, f"the file cannot be used: {error}.", what_to_do) from error
        except BaseException:
            self.lock.release()
            raise

    def close(self) -> None:
        """Closes the file, folding the write-ahead log into it, and gives up the lock."""
        self.reading.close()
        self.writing.close()
        self.lock.release()


def _open(path: Path) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    if not path.exists():
        _create(path)
    _check(path)
    writing, reading = _connect(path), _connect(path)
    reading.execute("pragma query_only = on")
    return writing, reading


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(
        path,
        timeout=_LONGEST_FOREIGN_LOCK_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    db.row_factory = sqlite3.Row
    # FULL: a committed turn survives a power cut, not only a crash; it costs 3 % (durable-2x 3).
    db.execute("pragma synchronous = full")
    db.execute("pragma foreign_keys = off")
    # The log is cut back after a checkpoint, so that one burst does not leave it big for good.
    db.execute("pragma journal_size_limit = 67108864")
    return db


def _create(path: Path) -> None:
    """Makes an empty hub under another name and renames it: there is never half a hub."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    db = sqlite3.connect(draft, isolation_level=None)
    db.execute("pragma journal_mode = wal")
    db.executescript(TABLES)
    write_meta(db, "hub_id", uuid.uuid4().hex)
    # Numbers begin where no earlier hub under this name can have come to: a worker that outlives
    # the file it worked for must not report about a task of the new one by accident.
    db.execute("insert into progress values(0, ?)", (time.time_ns() // 1000,))
    db.execute(f"pragma application_id = {APPLICATION_ID}")
    db.execute(f"pragma user_version = {SCHEMA_VERSION}")
    db.close()
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _check(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(len(_SQLITE_MAGIC))
    # SQLite would take an empty file for a new database and go on with nothing in it.
    if head != _SQLITE_MAGIC:
        raise _refusal(path, "the file is empty, cut off or not a task hub.", _RESTORE)
    # A connection of its own: a damaged file must not leave half-opened ones behind.
    db = sqlite3.connect(path, isolation_level=None)
    try:
        _check_identity(path, db)
        _check_pages(path, db)
    except sqlite3.DatabaseError as error:
        raise damaged(path, error) from error
    finally:
        db.close()


def _check_identity(path: Path, db: sqlite3.Connection) -> None:
    application_id = db.execute("pragma application_id").fetchone()[0]
    if application_id != APPLICATION_ID:
        raise _refusal(path, "the file is a database, but not a task hub.", "Give another file.")
    version = db.execute("pragma user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise _refusal(
            path,
            f"the file has schema {version}; this program knows {SCHEMA_VERSION} at most.",
            "Use the newer program that wrote it, or give another file.",
        )


def _check_pages(path: Path, db: sqlite3.Connection) -> None:
    findings = [row[0] for row in db.execute("pragma quick_check(3)")]
    # Whole pages may be a whole database, but of an empty hub not even this row is missing.
    if findings == ["ok"] and db.execute("select count(*) from progress").fetchone()[0] != 1:
        findings = ["it does not say how far it has come"]
    if findings != ["ok"]:
        raise _refusal(path, f"the file is damaged: {'; '.join(findings)}.", _RESTORE)


def damaged(path: Path, error: Exception) -> ConfigurationError:
    """The refusal of a file whose pages are in order and whose rows are not."""
    return _refusal(path, f"the file is damaged: {error}.", _RESTORE)


def _refusal(path: Path, message: str, what_to_do: str) -> ConfigurationError:
    return ConfigurationError(message, subject=str(path), what_to_do=what_to_do)
