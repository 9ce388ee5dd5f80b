"""The clock every process shares: the wall clock, or one that runs a fixed number of times faster.

Processes agree on the time without talking to each other, because virtual time is a pure function
of the wall clock and two settings: ``virtual = origin + (real - origin) * rate``.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class ScaledClock:
    """Tells virtual time; with the default rate of 1 that is the wall clock.

    Args:
        rate: Virtual seconds per real second; more than 0.
        origin: Unix seconds at which virtual and real time agree. None: now. Processes that must
            agree are given the same rate and the same origin.
        real_time: Unix seconds of the wall clock; another source in tests.

    Raises:
        ValueError: The rate is not a number above 0.
    """

    def __init__(
        self,
        rate: float = 1.0,
        origin: float | None = None,
        *,
        real_time: Callable[[], float] = time.time,
    ) -> None:
        # Written this way round, because a comparison with NaN is false.
        if not rate > 0:
            raise ValueError(f"the clock rate must be more than 0, not {rate}")
        self.rate = rate
        self.origin = real_time() if origin is None else origin
        self._real_time = real_time

    def now(self) -> datetime:
        """The virtual time now, aware, UTC."""
        virtual_s = self.origin + (self._real_time() - self.origin) * self.rate
        # From the wall clock each time: a sum of small steps would drift from other processes.
        return datetime.fromtimestamp(virtual_s, UTC)

    def to_real_s(self, virtual: timedelta) -> float:
        """How many real seconds a span of virtual time takes; never less than 0."""
        # What is due already is due now; a sleep of less than nothing would be an error.
        return max(0.0, virtual.total_seconds() / self.rate)

    def real_s_until(self, moment: datetime) -> float:
        """How many real seconds until a virtual moment; 0 when it has passed."""
        return self.to_real_s(moment - self.now())
