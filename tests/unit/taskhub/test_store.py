"""The hub's file: what is accepted, and what is refused and how."""

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from adapters.clock import ScaledClock
from domain.errors import ConfigurationError
from local.taskhub.schema import SCHEMA_VERSION
from local.taskhub.store import Store
from tests.integration.taskhub.running import RunningHub


@pytest.fixture
def path(tmp_path):
    """Where the hub's file goes."""
    return tmp_path / "hub.sqlite"


@pytest.fixture
def made(path):
    """The path of an empty hub that was closed properly."""
    Store(path).close()
    return path


def refusal_of(path):
    """The error that opening a file gives."""
    with pytest.raises(ConfigurationError) as caught:
        Store(path)
    return caught.value


def test_an_absent_file_is_made(made):
    """A new hub has this program's schema and every table."""
    with closing(sqlite3.connect(made)) as db:
        version = db.execute("pragma user_version").fetchone()
        instances = db.execute("select count(*) from instances").fetchone()

    assert ((SCHEMA_VERSION,), (0,)) == (version, instances)


def test_the_file_is_durable(made):
    """Commits go to a write-ahead log and are synced in full."""
    store = Store(made)

    settings = [
        store.writing.execute(f"pragma {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous")
    ]

    store.close()
    assert ["wal", 2] == settings


def test_an_empty_file_is_refused_and_left_alone(path):
    """A file cut to nothing is not taken for a new hub."""
    path.touch()

    refusal = refusal_of(path)

    assert "empty, cut off or not a task hub" in str(refusal)
    assert "Restore" in refusal.what_to_do
    assert 0 == path.stat().st_size


def test_a_truncated_file_is_refused_and_left_alone(made):
    """A hub that lost its end is refused."""
    whole = made.read_bytes()
    made.write_bytes(whole[: len(whole) // 2])

    refusal = refusal_of(made)

    assert "damaged" in str(refusal)
    assert whole[: len(whole) // 2] == made.read_bytes()


def test_a_corrupted_file_is_refused_and_left_alone(made):
    """A hub with overwritten pages is refused."""
    content = bytearray(made.read_bytes())
    content[4096:12288] = b"\xa5" * 8192
    made.write_bytes(content)

    refusal = refusal_of(made)

    assert "damaged" in str(refusal)
    assert bytes(content) == made.read_bytes()


def test_a_file_of_something_else_is_refused(path):
    """Text is not a hub."""
    path.write_text("vault,region\n")

    assert "not a task hub" in str(refusal_of(path))


def test_the_database_of_another_program_is_refused(path):
    """A SQLite file without the hub's mark stays as it is."""
    db = sqlite3.connect(path)
    db.execute("create table instances(id)")
    db.close()

    assert "not a task hub" in str(refusal_of(path))


def test_a_newer_schema_is_refused(made):
    """A hub written by a newer program names both versions."""
    db = sqlite3.connect(made)
    db.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")
    db.close()

    refusal = refusal_of(made)

    assert f"schema {SCHEMA_VERSION + 1}" in str(refusal)
    assert "newer program" in refusal.what_to_do


def test_a_refused_file_is_not_left_locked(path):
    """Once the reason is gone, the same process can open the file."""
    path.touch()
    refusal_of(path)
    path.unlink()

    Store(path).close()

    assert path.exists()


def test_a_half_made_hub_is_made_again(path):
    """What a crash in the middle of making a hub left behind is not in the way."""
    path.with_name(path.name + ".new").write_bytes(b"half")

    Store(path).close()

    assert path.exists()


def test_a_second_opening_in_one_process_is_refused(made):
    """The lock holds within a process too."""
    store = Store(made)

    refusal = refusal_of(made)

    store.close()
    assert "in use by process" in str(refusal)


async def test_a_second_process_is_refused_and_told_by_whom(tmp_path):
    """The message names the process that has the file and where it serves."""
    hub = RunningHub(tmp_path / "hub.sqlite", clock=ScaledClock())
    await hub.start()

    second = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "local.taskhub", "--db", str(hub.path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    address = hub.engine.address
    await hub.stop()
    assert 1 == second.returncode
    assert f"at {address}" in second.stderr
    assert "Traceback" not in second.stderr


def test_the_lock_ends_with_its_process(made):
    """A killed holder leaves nothing behind that keeps others out."""
    code = (
        "import sys, time; from pathlib import Path; from local.taskhub.store import Store\n"
        "store = Store(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(made)], stdout=subprocess.PIPE, text=True
    ) as holder:
        holder.stdout.readline()
        refused = refusal_of(made)
        holder.kill()

    Store(made).close()

    assert f"process {holder.pid}" in str(refused)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    """The error names the file and what is wrong, instead of a traceback."""
    refusal = refusal_of(tmp_path / "nowhere" / "hub.sqlite")

    assert "No such file or directory" in str(refusal)


def test_a_folder_is_no_file(tmp_path):
    """The lock is given back, so that a corrected start can follow."""
    assert "Is a directory" in str(refusal_of(tmp_path))


def test_two_hubs_give_out_different_numbers(path):
    """A worker that outlives its hub's file cannot name a task of the next one."""
    last = []
    for _ in range(2):
        store = Store(path)
        last.append(store.writing.execute("select last_n from progress").fetchone()[0])
        store.close()
        path.unlink()

    assert last[0] < last[1]


def test_a_hub_that_lost_its_progress_is_refused(made):
    """It would begin to count anew, and give out numbers that are taken."""
    with closing(sqlite3.connect(made, isolation_level=None)) as db:
        db.execute("delete from progress")

    assert "how far it has come" in str(refusal_of(made))
