"""The one thread that changes the file: many commands per transaction, one sync per commit.

A fault of the file or the disk stops it for good: the hub would otherwise go on in memory with what
no restart could find again. Who waits gets the fault, and nothing that follows is begun.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from local.taskhub.errors import HubFaultError, RefusalError, storage_fault
from local.taskhub.transaction import Command, Effect, Numbers, Transaction

# Commands in one transaction: enough to share a disk sync, few enough to keep answers prompt.
GROUP_LIMIT = 500


@dataclass(slots=True)
class _Job:
    command: Command[Any]
    answer: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class Writer:
    """Runs commands in commit groups and releases their effects after the commit.

    Args:
        db: The writing connection; only the writer's thread uses it from :meth:`start` on.
        now_us: Virtual time in microseconds.
        apply: Called on the event loop with the effects of each commit, in commit order.
        on_fault: Called on the event loop once, when the file cannot be written any more.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        now_us: Callable[[], int],
        apply: Callable[[Sequence[Effect]], None],
        on_fault: Callable[[HubFaultError], None] = lambda _fault: None,
    ) -> None:
        self._db = db
        self._now_us = now_us
        self._apply = apply
        self._on_fault = on_fault
        self._fault: HubFaultError | None = None
        self._numbers = Numbers(db)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        # A thread, because SQLite's sync blocks; one, because SQLite has one writer.
        self._thread = threading.Thread(target=self._run, name="taskhub-writer", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False

    def start(self) -> None:
        """Starts the thread; call on the event loop that gets the effects."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def submit[T](self, command: Command[T]) -> asyncio.Future[T]:
        """Queues a command; the future is done when its transaction is on the disk.

        The command raises :class:`RefusalError` before it changes anything, if at all.

        Raises:
            HubFaultError: The file cannot be written any more; by the future, or at once.
            RuntimeError: The hub is stopping.
        """
        if self._fault is not None:
            raise self._fault
        if self._loop is None or self._is_closed:
            raise RuntimeError("the task hub is not running")
        answer: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(_Job(command, answer))
        return answer

    async def stop(self) -> None:
        """Commits what is queued and ends the thread; does nothing if it was not started."""
        self._is_closed = True
        if self._loop is None:
            return
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        is_open = True
        while is_open:
            jobs, is_open = self._collect()
            if jobs:
                effects = self._commit(jobs)
                self._release(jobs, effects)

    def _collect(self) -> tuple[list[_Job], bool]:
        # One command is waited for; the rest of the group is whatever queued up during the last
        # sync, so that a quiet hub answers at once and a busy one shares its syncs.
        first = self._jobs.get()
        if first is None:
            return [], False
        jobs = [first]
        while len(jobs) < GROUP_LIMIT:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return jobs, False
            jobs.append(job)
        return jobs, True

    def _commit(self, jobs: list[_Job]) -> list[Effect]:
        """One transaction for all; if it cannot be, one for each, so that one fault stays one."""
        if self._fault is not None:
            return self._refuse(jobs, self._fault)
        try:
            return self._transact(jobs)
        except Exception as error:  # noqa: BLE001 (whoever sent the command gets it)
            fault = storage_fault(error)
            if fault is not None:
                return self._halt(jobs, fault)
            if len(jobs) == 1:
                jobs[0].error = error
                return []
        effects: list[Effect] = []
        for job in jobs:
            effects += self._commit([job])
        return effects

    def _halt(self, jobs: list[_Job], fault: HubFaultError) -> list[Effect]:
        self._fault = fault
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._on_fault, fault)
        return self._refuse(jobs, fault)

    def _refuse(self, jobs: list[_Job], fault: HubFaultError) -> list[Effect]:
        for job in jobs:
            job.error = fault
        return []

    def _transact(self, jobs: list[_Job]) -> list[Effect]:
        # Immediate: the one writer never has to upgrade a read lock and fail half-way.
        self._db.execute("begin immediate")
        try:
            transaction = Transaction(self._db, self._now_us(), self._numbers)
            for job in jobs:
                self._perform(job, transaction)
            self._db.execute(
                "update progress set virtual_us = ?, last_n = ?",
                (transaction.now_us, self._numbers.last),
            )
            self._db.execute("commit")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("rollback")
            raise
        return transaction.effects

    def _perform(self, job: _Job, transaction: Transaction) -> None:
        # A job may come a second time, alone, after its group failed.
        job.result = job.error = None
        changes = self._db.total_changes
        listed = len(transaction.effects)
        try:
            job.result = job.command(transaction)
        except RefusalError as refusal:
            # A refusal after a change would commit half a command: fail it as a fault instead.
            if self._db.total_changes != changes:
                raise RuntimeError("a command refused after it had changed the file") from refusal
            del transaction.effects[listed:]
            job.error = refusal

    def _release(self, jobs: list[_Job], effects: list[Effect]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._settle, jobs, effects)

    def _settle(self, jobs: list[_Job], effects: list[Effect]) -> None:
        try:
            self._apply(effects)
        finally:
            # Whatever goes wrong in memory, what is on the disk is told to those who wait for it.
            for job in jobs:
                _answer(job)


def _answer(job: _Job) -> None:
    # The caller may have given up waiting; its command is committed all the same.
    if job.answer.done():
        return
    if job.error is None:
        job.answer.set_result(job.result)
    else:
        job.answer.set_exception(job.error)
