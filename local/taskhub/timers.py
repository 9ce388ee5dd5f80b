"""Durable timers: rows in the file, one task that sleeps until the earliest is due."""

import asyncio
import logging

from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub import instances
from local.taskhub.errors import HubFaultError
from local.taskhub.hubclock import HubClock
from local.taskhub.transaction import Transaction
from local.taskhub.writer import Writer

_LOGGER = logging.getLogger(__name__)

# Timers fired in one transaction; a storm of them shares the writer with everything else.
FIRE_LIMIT = 500

# A clock that is set, or a laptop that wakes from sleep, is noticed after this long at most.
_LONGEST_SLEEP_S = 5.0

_RETRY_S = 1.0


def fire_due(tx: Transaction) -> int | None:
    """Delivers the events of timers that are due.

    Returns:
        When the next timer is due, in microseconds of virtual time, or None without any.
    """
    rows = tx.db.execute(
        "select instance_id, n, execution_id, event from timers where due_us <= ?"
        " order by due_us, n limit ?",
        (tx.now_us, FIRE_LIMIT),
    ).fetchall()
    for instance_id, n, execution_id, event in rows:
        tx.db.execute("delete from timers where instance_id = ? and n = ?", (instance_id, n))
        instances.deliver_to_execution(
            tx, instance_id, execution_id, pb.HistoryEvent.FromString(event)
        )
    due: int | None = tx.db.execute("select min(due_us) from timers").fetchone()[0]
    return due


class Timers:
    """Fires durable timers when they are due in virtual time."""

    def __init__(self, clock: HubClock) -> None:
        self._clock = clock
        self._next_due_us: int | None = 0
        self._changed = asyncio.Event()

    def expect(self, due_us: int) -> None:
        """A timer was set."""
        if self._next_due_us is None or due_us < self._next_due_us:
            self._next_due_us = due_us
            self._changed.set()

    async def run(self, writer: Writer) -> None:
        """Fires timers until cancelled, or until the file cannot be written any more."""
        while True:
            await self._sleep()
            if self._next_due_us is None or self._next_due_us > self._clock.now_us():
                continue
            # Set before asking: a timer set meanwhile must not be overwritten by the answer.
            self._next_due_us = None
            try:
                due_us = await writer.submit(fire_due)
            except HubFaultError:
                # Whoever runs the hub is told by the writer; no timer can be fired here any more.
                return
            except Exception:
                _LOGGER.exception("durable timers could not be fired; trying again")
                self._next_due_us = 0
                await asyncio.sleep(_RETRY_S)
                continue
            if due_us is not None:
                self.expect(due_us)

    async def _sleep(self) -> None:
        self._changed.clear()
        wait_s = _LONGEST_SLEEP_S
        if self._next_due_us is not None:
            wait_s = min(wait_s, self._clock.real_s_until(self._next_due_us))
        if wait_s > 0:
            try:
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
            except TimeoutError:
                return
