"""Locks that are renewed while work goes on."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from local.host.service_bus_locks import kept_locked


class Lock:
    """A lock of a given length that counts its renewals."""

    def __init__(self, length_s: float, failure: Exception | None = None) -> None:
        self.length = timedelta(seconds=length_s)
        self.until = datetime.now(UTC) + self.length
        self.renewals = 0
        self.failure = failure

    async def renew(self) -> None:
        """Makes it last its length from now."""
        if self.failure is not None:
            raise self.failure
        self.renewals += 1
        self.until = datetime.now(UTC) + self.length


async def test_a_lock_outlasts_its_length_while_work_goes_on():
    """It is renewed in time, again and again."""
    lock = Lock(0.5)
    async with kept_locked(lambda: lock.until, lock.renew, longest_s=60):
        await asyncio.sleep(1.1)
        is_held = lock.until > datetime.now(UTC)

    assert is_held
    assert lock.renewals >= 3


async def test_it_is_not_renewed_beyond_the_longest_time():
    """After ``maxAutoLockRenewalDuration`` the lock is left to end."""
    lock = Lock(0.5)
    async with kept_locked(lambda: lock.until, lock.renew, longest_s=0):
        await asyncio.sleep(0.6)

    assert lock.renewals == 0


async def test_it_is_not_renewed_after_the_work():
    """Leaving does not wait for the next renewal and makes none."""
    lock, began = Lock(60), time.monotonic()
    async with kept_locked(lambda: lock.until, lock.renew, longest_s=60):
        pass

    assert lock.renewals == 0
    assert time.monotonic() - began < 1


async def test_a_failing_renewal_does_not_stop_the_work():
    """The work ends normally; the broker will deliver again."""
    lock = Lock(0.4, failure=ConnectionError("gone"))
    async with kept_locked(lambda: lock.until, lock.renew, longest_s=60):
        await asyncio.sleep(0.5)
        is_done = True

    assert is_done
