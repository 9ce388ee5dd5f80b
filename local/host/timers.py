"""Timer triggers: due times on the shared clock, missed ones made up for after a restart.

As the real listener does it: one invocation at a time; the state (last, next) is kept after each
invocation; at start a stored ``next`` that has passed means past due, which is made up for once.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.clock import ScaledClock

from .app_settings import AppSettings
from .functions import TIMER_TRIGGER, AppLoadError, Function
from .invoker import Invoker
from .messages import TypedData
from .schedules import Schedule, parse_schedule

_log = logging.getLogger("Host.Triggers.Timer")

_NEVER = "0001-01-01T00:00:00+00:00"
_SHORTEST_MONITORED = timedelta(minutes=1)
"""A timer that is due more often is not monitored: its state would be written all the time."""
# Real seconds; the wall clock may jump while a laptop sleeps.
_LONGEST_SLEEP_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class TimerState:
    """What is kept of a timer. Times are ISO 8601, virtual."""

    last: str
    next: str
    schedule: str
    """The schedule ``next`` was computed with; another one means the app was changed."""


class TimerStates:
    """Timer states in a JSON file.

    Args:
        path: The file; made on first write.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str) -> TimerState | None:
        """The state of a timer, or None."""
        kept = self._all().get(name)
        try:
            return None if kept is None else TimerState(**kept)
        except TypeError as error:
            _log.warning("the state of timer %s is unreadable and starts anew: %s", name, error)
            return None

    def write(self, name: str, state: TimerState) -> None:
        """Keeps the state, at once or not at all; that it cannot be kept is only logged."""
        states = {**self._all(), name: asdict(state)}
        written = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(json.dumps(states, indent=2), encoding="utf-8")
            # A kill between the two leaves the old file whole.
            written.replace(self._path)
        except OSError as error:
            # Costs one missed time after the next start; ending the timer would cost them all.
            _log.warning("the state of timer %s cannot be kept: %s", name, error)

    def _all(self) -> dict[str, Any]:
        try:
            states = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            # Only makes a missed timer go unnoticed once; not worth refusing to start.
            _log.warning("%s is unreadable and starts anew: %s", self._path, error)
            return {}
        return states if isinstance(states, dict) else {}


class Timer:
    """One timer trigger.

    Args:
        function: The function.
        invoker: Runs it.
        clock: The clock its schedule follows.
        states: Where its state is kept.
        settings: Resolves ``%NAME%`` in the schedule.

    Raises:
        AppLoadError: The schedule is not understood.
    """

    def __init__(
        self,
        function: Function,
        invoker: Invoker,
        clock: ScaledClock,
        states: TimerStates,
        settings: AppSettings,
    ) -> None:
        self.function = function
        self._invoker = invoker
        self._clock = clock
        self._states = states
        text = settings.resolve(
            str(function.trigger["schedule"]), what=f"schedule of timer {function.name}"
        )
        try:
            self._schedule: Schedule = parse_schedule(text)
        except ValueError as error:
            raise AppLoadError(f"timer {function.name}: {error}") from error
        self._text = text
        self._is_monitored = bool(function.trigger.get("useMonitor", True)) and self._is_slow()
        self._last = _NEVER

    async def run(self, stop: asyncio.Event) -> None:
        """Invokes the function whenever it is due, until ``stop``; never in the middle of it."""
        # Past due is decided once, at start: while running nothing is ever missed, only late.
        due, is_past_due = self._first_due()
        _log.info("timer %s is next due at %s", self.function.name, due.isoformat())
        if is_past_due or self.function.trigger.get("runOnStartup"):
            reason = "past due" if is_past_due else "run on startup"
            now = self._clock.now()
            due = await self._fire(due, began=now, is_past_due=is_past_due, reason=reason)
        while await self._sleep_until(due, stop):
            # A sleep may end a hair early by the clock; counted from then, it would be due again.
            began = max(self._clock.now(), due)
            reason = f"due {due.isoformat()}"
            due = await self._fire(due, began=began, is_past_due=False, reason=reason)

    def _is_slow(self) -> bool:
        # Two due times apart: the extension measures the schedule, not what it is made of.
        first = self._schedule.next_after(self._clock.now())
        return self._schedule.next_after(first) - first >= _SHORTEST_MONITORED

    def _first_due(self) -> tuple[datetime, bool]:
        now = self._clock.now()
        kept = self._states.read(self.function.name) if self._is_monitored else None
        # For the status the function is shown, even when the schedule has changed since.
        if kept is not None:
            self._last = kept.last
        # A changed schedule starts afresh: the kept time belongs to the old one.
        if kept is not None and kept.schedule == self._text:
            due = datetime.fromisoformat(kept.next)
            return due, due < now
        due = self._schedule.next_after(now)
        self._keep(due)
        return due, False

    async def _sleep_until(self, due: datetime, stop: asyncio.Event) -> bool:
        # A fast clock can make a timer due again before it has run; others must run all the same.
        await asyncio.sleep(0)
        # In pieces, so that a laptop that slept does not keep a timer waiting for long.
        while (wait_s := self._clock.real_s_until(due)) > 0 and not stop.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(wait_s, _LONGEST_SLEEP_S)):
                    await stop.wait()
        return not stop.is_set()

    async def _fire(
        self, due: datetime, *, began: datetime, is_past_due: bool, reason: str
    ) -> datetime:
        """Invokes the function; gives the next due time."""
        value = TypedData(json=json.dumps(self._timer_info(due, is_past_due=is_past_due)))
        await self._invoker.invoke(self.function, value, reason=reason)
        self._last = began.isoformat()
        # From when it began, so that a time that came during the invocation is made up for once.
        following = self._schedule.next_after(began)
        self._keep(following)
        return following

    def _keep(self, due: datetime) -> None:
        if self._is_monitored:
            state = TimerState(last=self._last, next=due.isoformat(), schedule=self._text)
            self._states.write(self.function.name, state)

    def _timer_info(self, due: datetime, *, is_past_due: bool) -> Mapping[str, Any]:
        # Azure gives no status for a timer it does not monitor, and apps may test for that.
        status = {"Last": self._last, "Next": due.isoformat(), "LastUpdated": self._last}
        return {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": status if self._is_monitored else None,
            "IsPastDue": is_past_due,
        }


class TimerListener:
    """Runs every timer of an app.

    Args:
        functions: The app's functions; those with a timer trigger are used.
        invoker: Runs them.
        clock: The clock their schedules follow.
        states: Where their states are kept.
        settings: Resolves ``%NAME%`` in schedules.
    """

    def __init__(
        self,
        functions: list[Function],
        invoker: Invoker,
        clock: ScaledClock,
        states: TimerStates,
        settings: AppSettings,
    ) -> None:
        self._timers = [
            Timer(one, invoker, clock, states, settings)
            for one in functions
            if one.trigger_type == TIMER_TRIGGER
        ]
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins to wait for due times."""
        self._tasks = [asyncio.create_task(timer.run(self._stop)) for timer in self._timers]

    async def stop(self, timeout_s: float) -> None:
        """Starts no more invocations and waits for running ones up to ``timeout_s``."""
        self._stop.set()
        if not self._tasks:
            return
        _, unfinished = await asyncio.wait(self._tasks, timeout=timeout_s)
        for task in unfinished:
            task.cancel()
        # A cancelled one keeps its old due time, so the next start makes up for it.
        await asyncio.gather(*self._tasks, return_exceptions=True)
