"""What a broker finds again after it was killed, down to the last detail.

A kill is a copy of the database files as they are, without closing anything.
"""

import shutil
import sqlite3
from pathlib import Path

import pytest

from domain.errors import ConfigurationError
from local.servicebus.errors import StoreFaultError
from local.servicebus.messages import ANNOTATIONS, DATA, PROPERTIES, Message, MessageState
from local.servicebus.parsing import parse_message
from local.servicebus.queues import DEAD_LETTER_SUFFIX
from local.servicebus.settlement import Settlement, Verdict
from local.servicebus.sqlite_store import SqliteStore
from local.servicebus.values import Symbol, Timestamp, encode_section
from tests.unit.servicebus.broker_fakes import MINUTE_MS, QUEUE, START_MS, Bench, make_bench

ABANDON = Settlement(verdict=Verdict.ABANDON)
COMPLETE = Settlement(verdict=Verdict.COMPLETE)
DEFER = Settlement(verdict=Verdict.DEFER)
DEAD = Settlement(verdict=Verdict.DEAD_LETTER, reason="schema")


class Disk:
    """Brokers one after the other on what the last one left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._generation = 0
        self._stores: list[SqliteStore] = []
        self.faults: list[StoreFaultError] = []

    @property
    def path(self) -> Path:
        return self._folder / f"{self._generation}.sqlite"

    def start(self, **properties: object) -> Bench:
        store = SqliteStore(str(self.path), lambda _action: None, self.faults.append)
        self._stores.append(store)
        return make_bench(store, **properties)

    def fill(self) -> None:
        """Lets the file grow no further, as a full disk would."""
        database = self._stores[-1]._database
        pages = database.execute("pragma page_count").fetchone()[0]
        database.execute(f"pragma max_page_count = {pages + 2}")

    def kill(self) -> None:
        """What was committed is all that is left."""
        self._generation += 1
        for left in self._folder.glob(f"{self._generation - 1}.sqlite*"):
            name = left.name.replace(str(self._generation - 1), str(self._generation), 1)
            shutil.copy(left, self._folder / name)

    def restart(self, bench: Bench, **properties: object) -> Bench:
        """Commits, as before every answer to a client; is killed; starts again."""
        bench.namespace.store.commit()
        self.kill()
        return self.start(**properties)

    def close(self) -> None:
        for store in self._stores:
            store.close()


@pytest.fixture
def disk(tmp_path):
    """An empty folder to work in."""
    made = Disk(tmp_path)
    yield made
    made.close()


def test_everything_uncommitted_is_lost(disk):
    """Without a commit there is nothing: an answer must never leave before it."""
    bench = disk.start()
    bench.send("a")
    disk.kill()

    assert {} == disk.start().entity.queue.messages


def test_messages_come_back_as_they_were(disk):
    """Content, order, number, time and count survive; locks do not."""
    bench = disk.start()
    bench.send("a", body=b"one")
    bench.send("b", body=b"two")
    bench.entity.queue.settle(bench.receive(credit=1).tokens[0], ABANDON)
    bench.receive(credit=1)

    again = disk.restart(bench).receive()

    seen = [(m.message_id, m.sequence_number, m.delivery_count) for m in again.received]
    assert [("a", 1, 1), ("b", 2, 0)] == seen
    assert START_MS == again.received[0].enqueued_ms
    assert again.received[0].rest.endswith(b"one")


def test_completed_message_stays_gone(disk):
    """What was completed is not delivered again."""
    bench = disk.start()
    bench.send("a", "b")
    bench.entity.queue.settle(bench.receive(credit=1).tokens[0], COMPLETE)

    assert ["b"] == disk.restart(bench).receive().names


def test_deferred_message_stays_deferred(disk):
    """A deferred message is still set aside."""
    bench = disk.start()
    bench.send("a")
    bench.entity.queue.settle(bench.receive(credit=1).tokens[0], DEFER)

    bench = disk.restart(bench)

    assert [] == bench.receive().names
    assert MessageState.DEFERRED is bench.entity.queue.messages[1].state


def test_scheduled_message_still_comes(disk):
    """A schedule is kept, and its timer is started again."""
    bench = disk.start()
    bench.send("later", scheduled_ms=START_MS + MINUTE_MS)

    bench = disk.restart(bench)
    consumer = bench.receive()
    assert [] == consumer.names

    bench.timeline.advance(MINUTE_MS)
    assert ["later"] == consumer.names


def test_time_to_live_goes_on(disk):
    """A message expires at its moment, whichever process runs then."""
    bench = disk.start(DefaultMessageTimeToLive="PT1M")
    bench.send("a", ttl_ms=60 * MINUTE_MS)

    bench = disk.restart(bench, DefaultMessageTimeToLive="PT1M")
    assert MINUTE_MS == bench.entity.queue.messages[1].ttl_ms
    bench.timeline.advance(MINUTE_MS)

    assert {} == bench.entity.queue.messages


def test_dead_letters_come_back(disk):
    """A dead letter keeps its reason."""
    bench = disk.start()
    bench.send("a")
    bench.entity.queue.settle(bench.receive().tokens[0], DEAD)

    (dead,) = disk.restart(bench).receive_dead().received

    assert b"schema" in dead.rest


def test_session_state_comes_back(disk):
    """State and the moment of its change survive; clearing it does too."""
    bench = disk.start(RequiresSession=True)
    for session_id in ("kept", "cleared"):
        bench.hold(session_id)
        bench.entity.sessions.write_state(session_id, b"x")
    bench.entity.sessions.write_state("cleared", None)

    bench = disk.restart(bench, RequiresSession=True)

    assert ["kept"] == bench.entity.sessions.list_active()
    bench.hold("kept")
    assert b"x" == bench.entity.sessions.read_state("kept")


def test_duplicates_are_still_known(disk):
    """The history of ids survives."""
    bench = disk.start(RequiresDuplicateDetection=True)
    bench.send("m")
    bench.entity.queue.settle(bench.receive().tokens[0], COMPLETE)
    bench = disk.restart(bench, RequiresDuplicateDetection=True)
    bench.send("m")

    assert {} == bench.entity.queue.messages


def test_forgotten_duplicates_leave_the_store(disk):
    """The store does not grow with ids whose window has ended."""
    bench = disk.start(RequiresDuplicateDetection=True)
    bench.send("m")
    bench.timeline.advance(10 * MINUTE_MS)
    bench.send("n")

    ids = [m for m, _until in bench.namespace.store.read_state(QUEUE).duplicates]

    assert ["n"] == ids


def test_numbers_are_never_given_twice(disk):
    """Counting goes on behind every number that may have been given out."""
    bench = disk.start()
    (before,) = bench.send("a")
    bench.entity.queue.settle(bench.receive().tokens[0], COMPLETE)
    bench = disk.restart(bench)
    (after,) = bench.send("b")

    assert before < after


def test_reset_is_lasting_but_numbers_go_on(disk):
    """After a reset there is nothing to come back, except for the count."""
    bench = disk.start(RequiresSession=True, RequiresDuplicateDetection=True)
    (before,) = bench.send("m", session_id="s")
    bench.hold("s")
    bench.entity.sessions.write_state("s", b"x")
    bench.namespace.reset()

    bench = disk.restart(bench, RequiresSession=True, RequiresDuplicateDetection=True)

    assert ({}, []) == (bench.entity.queue.messages, bench.entity.sessions.list_active())
    (after,) = bench.send("m", session_id="s")
    assert before < after


def test_messages_without_their_queue_stop_the_start(disk):
    """A configuration that lost a queue is refused: its messages would be lost with it."""
    bench = disk.start()
    bench.entity.queue.send([])
    store = bench.namespace.store
    bench.send("a")
    orphan = next(iter(bench.entity.queue.messages.values()))
    store.put_message("retired", orphan)
    store.commit()
    disk.kill()

    with pytest.raises(ConfigurationError, match="retired"):
        disk.start()


def test_messages_without_session_stop_the_start_of_a_session_queue(disk):
    """A queue that newly requires sessions could never deliver what it holds."""
    bench = disk.start()
    bench.send("a")

    with pytest.raises(ConfigurationError, match="without session"):
        disk.restart(bench, RequiresSession=True)


def test_database_is_for_one_broker(disk):
    """A second broker on the same file is refused at once."""
    disk.start()

    with pytest.raises(ConfigurationError, match="locked"):
        disk.start()


def test_database_of_a_later_version_is_refused(disk):
    """A file that a newer broker wrote is left alone."""
    with sqlite3.connect(disk.path) as database:
        database.execute("pragma user_version = 99")
    database.close()

    with pytest.raises(ConfigurationError, match="schema version 99"):
        disk.start()


def test_other_file_is_refused(disk):
    """A file that is no database is left alone."""
    disk.path.write_bytes(b"something else entirely, and long enough to be looked at")

    with pytest.raises(ConfigurationError, match="not a database"):
        disk.start()


def test_changes_are_committed_even_if_nobody_asks(tmp_path):
    """A change no client waits for, such as an expired lock, is committed soon by itself."""
    planned = []
    store = SqliteStore(str(tmp_path / "a.sqlite"), planned.append)
    bench = make_bench(store)
    bench.send("a")
    (commit,) = planned
    commit()
    shutil.copytree(tmp_path, tmp_path.with_suffix(".killed"))
    store.close()
    commit()

    copy = SqliteStore(str(tmp_path.with_suffix(".killed") / "a.sqlite"), planned.append)
    kept = copy.read_state(QUEUE).messages
    copy.close()

    assert ["a"] == [message.message_id for message in kept]


def test_dead_letter_queue_has_its_own_messages(disk):
    """A message is in one queue at a time, on disk too."""
    bench = disk.start()
    bench.send("a")
    bench.entity.queue.settle(bench.receive().tokens[0], DEAD)
    store = bench.namespace.store

    counts = [len(store.read_state(q).messages) for q in (QUEUE, QUEUE + DEAD_LETTER_SUFFIX)]

    assert [0, 1] == counts


def scheduled_to_live_an_hour() -> Message:
    """A message whose sender says its end in the properties, as the Python client does too."""
    created_ms = START_MS + MINUTE_MS
    hours_end = Timestamp(created_ms + 60 * MINUTE_MS)
    due = {Symbol("x-opt-scheduled-enqueue-time"): Timestamp(created_ms)}
    properties = ["later", *[None] * 7, hours_end, Timestamp(created_ms)]
    return parse_message(
        encode_section(ANNOTATIONS, due)
        + encode_section(PROPERTIES, properties)
        + encode_section(DATA, b"")
    )


def test_scheduled_message_lives_no_longer_for_a_restart(disk):
    """The queue's limit on the time to live also holds for what was scheduled before."""
    limit = {"DefaultMessageTimeToLive": "PT1M"}
    bench = disk.start(**limit)
    bench.entity.queue.send([scheduled_to_live_an_hour()])

    bench = disk.restart(bench, **limit)
    bench.timeline.advance(MINUTE_MS)

    assert [2 * MINUTE_MS] == [
        message.expires_ms - START_MS for message in bench.entity.queue.messages.values()
    ]


def test_full_disk_promises_nothing(disk):
    """No commit succeeds any more, of what did not fit or of what would; the fault is told once."""
    bench = disk.start()
    disk.fill()
    bench.send("large", body=bytes(100_000))
    with pytest.raises(StoreFaultError, match="full"):
        bench.namespace.store.commit()
    bench.send("small")
    with pytest.raises(StoreFaultError, match="full"):
        bench.namespace.store.commit()

    assert 1 == len(disk.faults)


def test_what_was_told_survives_a_full_disk(disk):
    """The file stays as it was at the last commit."""
    bench = disk.start()
    bench.send("told")
    bench.namespace.store.commit()
    disk.fill()
    bench.send("large", body=bytes(100_000))
    bench.send("small")
    disk.kill()

    assert ["told"] == disk.start().receive().names
