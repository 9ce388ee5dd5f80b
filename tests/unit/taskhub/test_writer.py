"""Group commit: shared, ordered, one command's fault stays its own, and the disk's ends all."""

import asyncio
import sqlite3
from contextlib import closing

import grpc
import pytest

from local.taskhub.errors import HubFaultError, RefusalError
from local.taskhub.store import Store
from local.taskhub.transaction import TimerSet
from local.taskhub.writer import Writer


class Bench:
    """A writer on a real file, with the effects it released."""

    def __init__(self, path):
        self.store = Store(path)
        self.effects = []
        self.commits = 0
        self.faults = []
        self.writer = Writer(self.store.writing, lambda: 42, self.apply, self.faults.append)

    def apply(self, effects):
        self.commits += 1
        self.effects += effects

    def values(self):
        rows = self.store.reading.execute("select value from meta where key like 'test%'")
        return sorted(row[0] for row in rows)


@pytest.fixture
async def bench(tmp_path):
    """A running writer."""
    one = Bench(tmp_path / "hub.sqlite")
    one.writer.start()
    yield one
    await one.writer.stop()
    one.store.close()


def put(value):
    """A command that writes a value and lists an effect."""

    def command(tx):
        tx.db.execute("insert into meta values(?, ?)", (f"test{value}", str(value)))
        tx.effects.append(TimerSet(value))
        return value

    return command


def refuse(_tx):
    """A command that refuses."""
    raise RefusalError(grpc.StatusCode.NOT_FOUND, "no")


def refuse_too_late(tx):
    """A command that refuses after it has changed something."""
    put(99)(tx)
    refuse(tx)


def break_down(tx):
    """A command with a fault."""
    put(66)(tx)
    raise ZeroDivisionError


async def gather(bench, *commands):
    """Sends commands at once and gives their results or errors."""
    answers = [bench.writer.submit(command) for command in commands]
    return await asyncio.gather(*answers, return_exceptions=True)


async def test_a_command_gives_its_result_after_the_commit(bench):
    """When the future is done, another connection sees the change."""
    result = await bench.writer.submit(put(1))

    assert (1, ["1"]) == (result, bench.values())


async def test_commands_that_wait_share_a_commit(bench):
    """A hundred commands sent at once need far fewer transactions."""
    await gather(bench, *[put(number) for number in range(100)])

    assert 100 == len(bench.values())
    assert bench.commits < 20


async def test_effects_come_in_the_order_of_the_commands(bench):
    """The dispatcher sees changes in the order the file got them."""
    await gather(bench, *[put(number) for number in range(20)])

    assert list(range(20)) == [effect.due_us for effect in bench.effects]


async def test_a_refusal_does_not_disturb_its_neighbours(bench):
    """Refused is refused, and the others are committed."""
    results = await gather(bench, put(1), refuse, put(2))

    assert isinstance(results[1], RefusalError)
    assert ["1", "2"] == bench.values()


async def test_a_fault_is_rolled_back_alone(bench):
    """A command that breaks down leaves no trace; those before and after it count once."""
    results = await gather(bench, put(1), break_down, put(2))

    assert isinstance(results[1], ZeroDivisionError)
    assert ["1", "2"] == bench.values()
    assert [1, 2] == [effect.due_us for effect in bench.effects]


async def test_a_refusal_after_a_change_is_a_fault(bench):
    """Half a command is never committed."""
    results = await gather(bench, put(1), refuse_too_late)

    assert isinstance(results[1], RuntimeError)
    assert ["1"] == bench.values()


async def test_numbers_go_on_after_a_reopening(tmp_path):
    """A number that was given out is not given out again by the next process."""
    path = tmp_path / "hub.sqlite"
    numbers = []
    for _ in range(2):
        one = Bench(path)
        one.writer.start()
        numbers.append(await one.writer.submit(lambda tx: tx.next_number()))
        await one.writer.stop()
        one.store.close()

    assert numbers[0] < numbers[1]


async def test_a_stopped_writer_takes_nothing(tmp_path):
    """A command for a hub that is closing is an error, not a wait without end."""
    one = Bench(tmp_path / "hub.sqlite")
    one.writer.start()
    await one.writer.stop()

    with pytest.raises(RuntimeError):
        one.writer.submit(put(1))
    one.store.close()


async def test_time_and_numbers_are_kept_with_each_commit(bench):
    """The file knows the latest moment it has seen."""
    await bench.writer.submit(put(1))

    row = bench.store.reading.execute("select virtual_us from progress").fetchone()
    assert 42 == row[0]


def put_much(tx):
    """A command that needs more room than a full disk has."""
    tx.db.execute("insert into meta values('test-big', ?)", ("x" * 1_000_000,))


def fill(bench):
    """Lets the file grow no further, as a full disk would."""
    pages = bench.store.writing.execute("pragma page_count").fetchone()[0]
    bench.store.writing.execute(f"pragma max_page_count = {pages + 10}")


async def test_a_full_disk_acknowledges_nothing(bench):
    """Whoever shared the commit gets the fault; the file is as it was, and nothing is released."""
    fill(bench)

    results = await gather(bench, put(1), put_much, put(2))

    assert [HubFaultError] * 3 == [type(result) for result in results]
    assert ([], []) == (bench.values(), bench.effects)


async def test_after_a_fault_of_the_disk_nothing_is_begun(bench):
    """It is told once, and a command that would fit is refused as well."""
    fill(bench)
    await gather(bench, put_much)

    with pytest.raises(HubFaultError, match="full"):
        bench.writer.submit(put(1))
    assert ["HubFaultError"] == [type(fault).__name__ for fault in bench.faults]


async def test_a_lock_of_another_program_that_stays_is_a_fault(bench):
    """A program that holds the file for longer than the hub waits stops it, with the reason."""
    bench.store.writing.execute("pragma busy_timeout = 50")
    with closing(sqlite3.connect(bench.store.path, isolation_level=None)) as other:
        other.execute("begin immediate")
        results = await gather(bench, put(1))

    assert isinstance(results[0], HubFaultError)
    assert "locked" in str(results[0])


async def test_a_lock_of_another_program_that_goes_costs_nothing(bench):
    """A backup or a browser of databases may hold the file for a moment."""
    with closing(sqlite3.connect(bench.store.path, isolation_level=None)) as other:
        other.execute("begin immediate")
        answer = bench.writer.submit(put(1))
        await asyncio.sleep(0.1)
        other.execute("rollback")

        assert 1 == await answer
