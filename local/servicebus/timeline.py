"""Time as the broker sees it: what time it is, and what shall happen when.

Always the wall clock, whatever rate the rest of a local run uses: the client library compares lock
expiry with its own wall clock, and a lock of a minute must last a minute for it.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

LONGEST_NAP_MS = 60_000
"""Between two looks at the wall clock; while the machine sleeps, the loop's own stands still."""


class Timer(Protocol):
    """Something that will happen unless it is cancelled."""

    def cancel(self) -> None:
        """Makes it not happen; does nothing if it has."""
        ...


class Timeline(Protocol):
    """Clock and scheduler in one, so that a test can move both together."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        ...

    def call_at(self, when_ms: int, action: Callable[[], None]) -> Timer:
        """Runs ``action`` once ``when_ms`` has come, at once if it has passed."""
        ...


class _LoopTimer:
    """Waits on an event loop until the wall clock has really reached the moment."""

    def __init__(self, when_ms: int, action: Callable[[], None], timeline: "LoopTimeline") -> None:
        self._when_ms = when_ms
        self._action = action
        self._timeline = timeline
        self._arm()

    def _arm(self) -> None:
        delay_ms = max(self._when_ms - self._timeline.now_ms(), 0)
        nap_s = min(delay_ms, self._timeline.longest_nap_ms) / 1000
        self._handle = asyncio.get_running_loop().call_later(nap_s, self._fire)

    def _fire(self) -> None:
        # It may have been a nap. And the loop counts with another clock and may wake a moment
        # early; a lock that is asked about in that moment would still be valid.
        if self._timeline.now_ms() < self._when_ms:
            self._arm()
        else:
            self._action()

    def cancel(self) -> None:
        self._handle.cancel()


class LoopTimeline:
    """The wall clock and the running asyncio loop.

    Args:
        longest_nap_ms: How late an action may be after the machine has slept.
    """

    def __init__(self, longest_nap_ms: int = LONGEST_NAP_MS) -> None:
        self.longest_nap_ms = longest_nap_ms

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        return int(time.time() * 1000)

    def call_at(self, when_ms: int, action: Callable[[], None]) -> Timer:
        """Runs ``action`` on the running loop once ``when_ms`` has come."""
        return _LoopTimer(when_ms, action, self)
