"""The store on SQLite: survives a killed process with nothing lost that a client was told.

Changes of one turn of the event loop share a transaction (group commit), which is what makes a
durable broker only about twice as slow as one in memory (service-bus 4). ``synchronous=NORMAL``
with a write-ahead log keeps committed transactions through a killed process; only a power cut may
take the last ones.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from domain.errors import ConfigurationError
from local.servicebus.errors import StoreFaultError
from local.servicebus.messages import Message, MessageState
from local.servicebus.parsing import parse_message
from local.servicebus.store import StoredState

_SCHEMA_VERSION = 1

# Sequence numbers have a table of their own: the message with the highest one may be gone, and its
# number must not be given to another.
_SCHEMA = """
create table if not exists messages (
    queue text, sequence_number integer, encoded blob, enqueued_ms integer, expires_ms integer,
    delivery_count integer, state integer, primary key (queue, sequence_number)) without rowid;
create table if not exists duplicates (
    queue text, message_id text, until_ms integer, primary key (queue, message_id)) without rowid;
create index if not exists duplicates_by_time on duplicates (queue, until_ms);
create table if not exists session_states (
    queue text, session_id text, state blob, updated_ms integer,
    primary key (queue, session_id)) without rowid;
create table if not exists sequences (queue text primary key, last integer) without rowid;
"""


class SqliteStore:
    """A database file that one broker at a time writes.

    Args:
        path: The file; created when absent.
        soon: Runs an action later in the same turn of the event loop; commits what no outgoing
            frame has committed before.
        on_fault: Learns, once, that nothing can be written any more.

    Raises:
        ConfigurationError: The file is not such a database, or another broker has it open.
    """

    def __init__(
        self,
        path: str,
        soon: Callable[[Callable[[], None]], Any],
        on_fault: Callable[[StoreFaultError], None] = lambda _fault: None,
    ) -> None:
        self._path = path
        self._soon = soon
        self._on_fault = on_fault
        self._fault: StoreFaultError | None = None
        self._is_open = False
        try:
            self._database = _open_database(path)
        except sqlite3.Error as error:
            message = f"cannot be opened as the broker's database: {error}"
            raise ConfigurationError(message, subject=path) from error

    def read_queue_names(self) -> Iterable[str]:
        """Every queue that messages or session states are kept of."""
        query = "select queue from messages union select queue from session_states"
        return [name for (name,) in self._database.execute(query)]

    def read_state(self, queue: str) -> StoredState:
        """What is kept of a queue."""
        run = self._database.execute
        messages = run(
            "select sequence_number, encoded, enqueued_ms, expires_ms, delivery_count, state"
            " from messages where queue = ? order by sequence_number",
            (queue,),
        )
        duplicates = run(
            "select message_id, until_ms from duplicates where queue = ? order by until_ms",
            (queue,),
        )
        states = run(
            "select session_id, state, updated_ms from session_states where queue = ?", (queue,)
        )
        last = run("select last from sequences where queue = ?", (queue,)).fetchone()
        return StoredState(
            messages=tuple(_read_message(*row) for row in messages),
            duplicates=tuple(duplicates),
            session_states={session: (state, updated) for session, state, updated in states},
            last_sequence_number=last[0] if last else 0,
        )

    def put_message(self, queue: str, message: Message) -> None:
        """Keeps a message, or its new form."""
        self._write(
            "insert or replace into messages values (?, ?, ?, ?, ?, ?, ?)",
            queue,
            message.sequence_number,
            message.encode_for_store(),
            message.enqueued_ms,
            message.expires_ms,
            message.delivery_count,
            int(message.state),
        )

    def delete_message(self, queue: str, message: Message) -> None:
        """Forgets a message."""
        statement = "delete from messages where queue = ? and sequence_number = ?"
        self._write(statement, queue, message.sequence_number)

    def put_duplicate(self, queue: str, message_id: str, until_ms: int) -> None:
        """Remembers a message id for duplicate detection."""
        self._write(
            "insert or replace into duplicates values (?, ?, ?)", queue, message_id, until_ms
        )

    def delete_duplicates(self, queue: str, until_ms: int) -> None:
        """Forgets the ids whose window ended by ``until_ms``."""
        self._write("delete from duplicates where queue = ? and until_ms <= ?", queue, until_ms)

    def put_session_state(
        self, queue: str, session_id: str, state: bytes | None, updated_ms: int
    ) -> None:
        """Keeps a session's state; None forgets it."""
        if state is None:
            statement = "delete from session_states where queue = ? and session_id = ?"
            self._write(statement, queue, session_id)
        else:
            statement = "insert or replace into session_states values (?, ?, ?, ?)"
            self._write(statement, queue, session_id, state, updated_ms)

    def reserve_sequence_numbers(self, queue: str, up_to: int) -> None:
        """Makes sure that after a crash counting goes on behind ``up_to``."""
        self._write("insert or replace into sequences values (?, ?)", queue, up_to)

    def clear(self) -> None:
        """Forgets everything but the sequence numbers."""
        for table in ("messages", "duplicates", "session_states"):
            self._write(f"delete from {table}")  # noqa: S608  # names from the line above

    def commit(self) -> None:
        """Makes everything told so far permanent.

        Raises:
            StoreFaultError: It cannot be, now or since an earlier fault: clients must not be told.
        """
        if self._is_open:
            self._is_open = False
            self._run("commit")
        if self._fault is not None:
            raise self._fault

    def close(self) -> None:
        """Commits and closes the file."""
        self._commit_quietly()
        self._database.close()

    def _write(self, statement: str, *values: object) -> None:
        if not self._is_open and self._fault is None:
            self._is_open = True
            # With the write lock at once: a clash must show here, not half-way through.
            self._run("begin immediate")
            self._soon(self._commit_quietly)
        self._run(statement, values)

    def _commit_quietly(self) -> None:
        # The loop may run this after close(), which has committed everything and left nothing open.
        if self._is_open:
            # Whoever stops the broker has been told; nobody waits for an answer here.
            with suppress(StoreFaultError):
                self.commit()

    # Not raised where it happens: the queues are in the middle of something. What counts is that no
    # commit succeeds from then on, so that nothing they do is told to anybody.
    def _run(self, statement: str, values: Sequence[object] = ()) -> None:
        if self._fault is not None:
            return
        try:
            self._database.execute(statement, values)
        except sqlite3.Error as error:
            self._fault = StoreFaultError(
                f"the database cannot be written: {error}",
                subject=self._path,
                what_to_do="See to the disk and start again: what clients were told is kept.",
            )
            self._on_fault(self._fault)


def _open_database(path: str) -> sqlite3.Connection:
    # Transactions are opened by hand: the module would commit in places of its own choice.
    database = sqlite3.connect(path, isolation_level=None, timeout=1)
    try:
        _prepare(database)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection) -> None:
    # Two brokers on one file would each believe to own every message; the lock is held until close
    # and the operating system drops it when the process dies.
    database.execute("pragma locking_mode = exclusive")
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = normal")
    version = database.execute("pragma user_version").fetchone()[0]
    if version not in {0, _SCHEMA_VERSION}:
        message = f"schema version {version}, this broker writes {_SCHEMA_VERSION}"
        raise sqlite3.DatabaseError(message)
    database.executescript(f"begin; {_SCHEMA} pragma user_version = {_SCHEMA_VERSION}; commit;")


def _read_message(  # one parameter per column
    sequence_number: int,
    encoded: bytes,
    enqueued_ms: int,
    expires_ms: int | None,
    delivery_count: int,
    state: int,
) -> Message:
    message = parse_message(encoded)
    message.sequence_number = sequence_number
    message.enqueued_ms = enqueued_ms
    message.expires_ms = expires_ms
    if expires_ms is not None:
        # The queue may have shortened what the sender asked for.
        message.ttl_ms = expires_ms - enqueued_ms
    message.delivery_count = delivery_count
    message.state = MessageState(state)
    return message
