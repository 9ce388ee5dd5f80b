"""A clock that can be moved on by hand, for runs that do not follow a faster clock."""

from datetime import datetime, timedelta

from adapters.ports import Clock


class MovableClock:
    """Another clock's time plus whatever it was moved on by.

    Args:
        base: The clock to start from.
    """

    def __init__(self, base: Clock) -> None:
        self._base = base
        # Added to the base instead of replacing it: time still passes between two moves.
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The time now, aware, UTC."""
        return self._base.now() + self._ahead

    def advance(self, span: timedelta) -> None:
        """Moves the time on.

        Raises:
            ValueError: The span is negative: time never goes back.
        """
        if span < timedelta():
            raise ValueError(f"time cannot go back by {-span}")
        self._ahead += span


class FixedClock:
    """Stands still; behind a MovableClock it is moved by hand only.

    Args:
        start: The moment it shows at first; aware.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """The time now, aware, UTC."""
        return self._now
