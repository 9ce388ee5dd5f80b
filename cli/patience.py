"""Bears an app that is away for a moment, for whatever is followed."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from domain.errors import ThrottledError, UnavailableError

OUTAGE_LIMIT_S = 120.0
"""The app may restart while it is followed; longer than this it is gone."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often to look, and by which clock; tests bring their own."""

    interval_s: float = 2.0
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Listener(Protocol):
    """Is told of looks that failed."""

    def note(self, text: str) -> None:
        """Says something that is not about one vault."""
        ...


class Patience:
    """Bears an app that is gone for a while, as it is when it restarts.

    Args:
        progress: Is told of every look that failed.
        pace: How often to look.
    """

    def __init__(self, progress: Listener, pace: Pace) -> None:
        self._progress = progress
        self._pace = pace
        # Monotonic: a clock that is set must not look like an app that is gone.
        self._last_answer = pace.monotonic()
        self._pause_s = pace.interval_s

    def look[Seen](self, read: Callable[[], Seen]) -> Seen | None:
        """What ``read`` gives; None when the app did not answer and may still come back.

        Raises:
            UnavailableError: It has been gone for ``OUTAGE_LIMIT_S``.
        """
        self._pause_s = self._pace.interval_s
        try:
            seen = read()
        # A refusal or a missing upgrade will not go away by waiting, so nothing else is borne.
        except (UnavailableError, ThrottledError) as error:
            if self._pace.monotonic() - self._last_answer > OUTAGE_LIMIT_S:
                raise
            # An app that says when to come back is not asked before.
            self._pause_s = max(self._pause_s, getattr(error, "retry_after_s", None) or 0.0)
            self._progress.note(f"{error.message} Looking again.")
            return None
        self._last_answer = self._pace.monotonic()
        return seen

    def pause(self) -> None:
        """Waits until the next look is due."""
        self._pace.sleep(self._pause_s)
