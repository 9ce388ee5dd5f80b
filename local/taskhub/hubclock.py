"""The hub's time: the shared clock, never running backwards, remembered in the file.

Virtual time is ``origin + (real - origin) * rate`` (:mod:`adapters.clock`). The file keeps rate and
origin, so that a restart goes on in the same time. Another rate needs another origin: the one for
which both clocks agree at the moment of the change.
"""

import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from adapters.clock import ScaledClock
from domain.errors import ConfigurationError
from local.taskhub.schema import read_meta, write_meta

_US = 1_000_000

# 2100-01-01: an origin beyond it is a typing error, and arithmetic with it loses the seconds.
_LAST_ORIGIN = 4_102_444_800.0

# A year in five minutes; faster, dates run over the last year Python knows.
_FASTEST = 100_000.0

# How far a clock may be behind what the file has seen: clocks are set by a little now and then.
_TOLERANCE_S = 60.0


class HubClock:
    """Virtual time in microseconds that never goes backwards.

    Args:
        clock: The clock that all processes share.
        floor_us: The latest moment the file has seen.
    """

    def __init__(self, clock: ScaledClock, floor_us: int = 0) -> None:
        self._clock = clock
        self._latest_us = floor_us

    def now_us(self) -> int:
        """Virtual time in microseconds since 1970."""
        self._latest_us = max(self._latest_us, int(self._clock.now().timestamp() * _US))
        return self._latest_us

    def real_s_until(self, due_us: int) -> float:
        """Real seconds until a virtual moment; 0 when it has passed."""
        return max(0.0, (due_us - self.now_us()) / _US / self._clock.rate)


def open_clock(db: sqlite3.Connection, clock: ScaledClock, path: Path) -> HubClock:
    """The hub's time by ``clock``, which is written into the file.

    Raises:
        ConfigurationError: By this clock, time would go back behind what the file has seen.
    """
    seen_us: int = db.execute("select virtual_us from progress").fetchone()[0]
    behind_s = seen_us / _US - clock.now().timestamp()
    if behind_s > _TOLERANCE_S * max(1.0, clock.rate):
        raise _backwards(path, seen_us, read_meta(db, "clock_rate"), read_meta(db, "clock_origin"))
    write_meta(db, "clock_rate", repr(clock.rate))
    write_meta(db, "clock_origin", repr(clock.origin))
    return HubClock(clock, seen_us)


def resume_clock(
    path: Path,
    rate: float | None = None,
    origin: float | None = None,
    *,
    real_time: Callable[[], float] = time.time,
) -> ScaledClock:
    """The clock with which a hub file goes on; call it before the hub is opened.

    Args:
        path: The hub's file; where it does not exist yet, the clock is new.
        rate: The rate wanted; None: the one in the file, or 1.
        origin: Unix seconds, where the caller must agree with others; None: the file's, moved as
            far as another rate needs it.
        real_time: Unix seconds of the wall clock.

    Raises:
        ConfigurationError: Rate or origin make no clock, or the rate is 1 and the file is ahead
            of the wall clock.
    """
    _refuse_what_is_no_clock(rate, origin)
    kept = _read_kept(path)
    if kept is None or origin is not None:
        return ScaledClock(rate or 1.0, origin, real_time=real_time)
    kept_rate, kept_origin, seen_us = kept
    clock = ScaledClock(kept_rate, kept_origin, real_time=real_time)
    if rate is None or rate == kept_rate:
        return clock
    real_s = real_time()
    virtual_s = max(clock.now().timestamp(), seen_us / _US)
    # At rate 1 virtual time is the wall clock's, whatever the origin: there is none to be found.
    # For any other, this is origin + (real - origin) * rate = virtual, solved for the origin.
    if rate != 1.0:
        moved = (virtual_s - real_s * rate) / (1.0 - rate)
        return ScaledClock(rate, moved, real_time=real_time)
    if virtual_s - real_s > _TOLERANCE_S:
        raise _backwards(path, int(virtual_s * _US), repr(kept_rate), repr(kept_origin))
    return ScaledClock(1.0, real_s, real_time=real_time)


def _refuse_what_is_no_clock(rate: float | None, origin: float | None) -> None:
    # Written this way round, because a comparison with NaN is false.
    if rate is not None and not 0 < rate <= _FASTEST:
        raise ConfigurationError(
            f"{rate} is not a rate.",
            subject="--clock-rate",
            what_to_do=f"Give a number above 0, {_FASTEST:.0f} at most.",
        )
    if origin is not None and not 0 <= origin <= _LAST_ORIGIN:
        raise ConfigurationError(
            f"{origin} is not a moment.",
            subject="--clock-origin",
            what_to_do="Give Unix seconds, or leave it out.",
        )


def _read_kept(path: Path) -> tuple[float, float, int] | None:
    if not path.exists():
        return None
    try:
        # Read-only: this look must neither make a file nor write to one that another process has.
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            rate, origin = read_meta(db, "clock_rate"), read_meta(db, "clock_origin")
            seen_us: int = db.execute("select virtual_us from progress").fetchone()[0]
        finally:
            db.close()
    except sqlite3.DatabaseError:
        # Opening the hub says what is wrong with the file, better than can be said here.
        return None
    if rate is None or origin is None:
        return None
    return float(rate), float(origin), seen_us


def _backwards(
    path: Path, seen_us: int, rate: str | None, origin: str | None
) -> ConfigurationError:
    seen = datetime.fromtimestamp(seen_us / _US, UTC).isoformat(timespec="seconds")
    what_to_do = f"Use --clock-rate {rate} --clock-origin {origin}, or another file."
    # At rate 1 an origin changes nothing: it is the machine's own clock that went back.
    if rate == repr(1.0):
        what_to_do = f"Set this machine's clock right, wait until {seen}, or use another file."
    return ConfigurationError(
        f"the hub has lived until {seen}; by the clock given, time would go backwards.",
        subject=str(path),
        what_to_do=what_to_do,
    )
