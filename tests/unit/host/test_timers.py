"""Timer triggers, with a clock under control."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.clock import ScaledClock
from local.host.app_settings import AppSettings
from local.host.functions import AppLoadError
from local.host.messages import TypedData
from local.host.timers import TimerListener, TimerState, TimerStates
from tests.unit.host.fakes import Call, FakeInvoker, make_function

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FAST = 1e6
"""Virtual seconds a second: a due time hours away comes in milliseconds."""


class Setting:
    """A timer listener and what it is made of."""

    def __init__(self, folder: Path, rate: float = FAST, **trigger: Any) -> None:
        self.invoker = FakeInvoker()
        self.states = TimerStates(folder / "timers.json")
        self.clock = ScaledClock(rate, NOON.timestamp(), real_time=self._real_time)
        self._began: float | None = None
        function = make_function("audit", "timerTrigger", **{"schedule": "0 0 3 * * *", **trigger})
        settings = AppSettings({"WHEN": "0 0 4 * * *"})
        self.listener = TimerListener(
            [function, make_function("other", "httpTrigger")],
            self.invoker,
            self.clock,
            self.states,
            settings,
        )

    def _real_time(self) -> float:
        """Starts at noon, and runs with the event loop."""
        loop_s = asyncio.get_running_loop().time()
        self._began = loop_s if self._began is None else self._began
        return NOON.timestamp() + loop_s - self._began

    async def fired(self, count: int) -> list[dict[str, Any]]:
        """What the function was given, once it has been called so often."""
        self.listener.start()
        await self.invoker.wait_called(count)
        await self.listener.stop(1)
        return [json.loads(call.value.json) for call in self.invoker.calls]


async def test_it_fires_at_its_due_times(tmp_path: Path):
    """Each time on the schedule, with the status as Azure gives it."""
    first, second = (await Setting(tmp_path).fired(2))[:2]

    assert first["ScheduleStatus"]["Next"] == "2026-11-24T03:00:00+00:00"
    assert first["ScheduleStatus"]["Last"].startswith("0001-01-01")
    assert second["ScheduleStatus"]["Last"] >= first["ScheduleStatus"]["Next"]
    assert first["IsPastDue"] is False


async def test_its_state_is_kept(tmp_path: Path):
    """After an invocation the next due time is in the file."""
    setting = Setting(tmp_path)
    await setting.fired(1)
    state = setting.states.read("audit")

    assert state is not None
    assert state.schedule == "0 0 3 * * *"
    assert state.next.endswith("T03:00:00+00:00")


async def test_a_missed_time_is_made_up_for_once(tmp_path: Path):
    """A kept due time that has passed fires at once and says so; the next one is normal."""
    setting = Setting(tmp_path)
    missed = TimerState(last="x", next="2026-11-20T03:00:00+00:00", schedule="0 0 3 * * *")
    setting.states.write("audit", missed)

    first, second = (await setting.fired(2))[:2]

    assert (first["IsPastDue"], second["IsPastDue"]) == (True, False)
    assert setting.invoker.calls[0].reason == "past due"


async def test_the_state_of_another_schedule_is_not_used(tmp_path: Path):
    """A changed schedule is not past due."""
    setting = Setting(tmp_path)
    other = TimerState(last="x", next="2026-11-20T03:00:00+00:00", schedule="0 0 1 * * *")
    setting.states.write("audit", other)

    assert (await setting.fired(1))[0]["IsPastDue"] is False


async def test_without_monitor_nothing_is_kept(tmp_path: Path):
    """``useMonitor`` off: no file, no status, never past due."""
    setting = Setting(tmp_path, useMonitor=False)
    given = await setting.fired(1)

    assert given[0]["ScheduleStatus"] is None
    assert not (tmp_path / "timers.json").exists()


async def test_a_timer_due_every_few_seconds_is_not_monitored(tmp_path: Path):
    """Below a minute the state would be written all the time."""
    await Setting(tmp_path, schedule="*/5 * * * * *").fired(2)

    assert not (tmp_path / "timers.json").exists()


async def test_it_may_run_at_startup(tmp_path: Path):
    """``runOnStartup`` fires at once, not past due."""
    setting = Setting(tmp_path, rate=1.0, runOnStartup=True)
    given = await setting.fired(1)

    assert (given[0]["IsPastDue"], setting.invoker.calls[0].reason) == (False, "run on startup")


async def test_a_failing_function_does_not_stop_its_timer(tmp_path: Path):
    """The next due time comes all the same."""
    setting = Setting(tmp_path)
    setting.invoker.behaviour = raising("broken")

    assert len(await setting.fired(3)) >= 3


def raising(message: str) -> Callable[[Call], Awaitable[TypedData | None]]:
    """A function that fails."""

    async def behave(_call: Call) -> TypedData | None:
        raise ValueError(message)

    return behave


async def test_stopping_waits_for_the_running_invocation(tmp_path: Path):
    """An invocation that has begun ends; no other begins."""
    setting, ended = Setting(tmp_path, rate=1.0, runOnStartup=True), []

    async def behave(_call: Call) -> TypedData | None:
        await asyncio.sleep(0.05)
        ended.append(True)
        return None

    setting.invoker.behaviour = behave
    setting.listener.start()
    await asyncio.sleep(0.01)
    await setting.listener.stop(5)

    assert ended == [True]


async def test_the_schedule_may_be_a_setting(tmp_path: Path):
    """``%NAME%`` is looked up; a name without a setting is told."""
    Setting(tmp_path, schedule="%WHEN%")

    with pytest.raises(AppLoadError, match="schedule of timer audit: '%NO%'"):
        Setting(tmp_path, schedule="%NO%")


def test_a_bad_schedule_names_its_timer(tmp_path: Path):
    """The error says which function and what is wrong."""
    with pytest.raises(AppLoadError, match="timer audit: hour: 25 is not between 0 and 23"):
        Setting(tmp_path, schedule="0 0 25 * * *")


def test_an_unreadable_state_file_starts_anew(tmp_path: Path):
    """A damaged file costs a missed timer, not the start."""
    states = TimerStates(tmp_path / "timers.json")
    (tmp_path / "timers.json").write_text("{")

    assert states.read("audit") is None


@pytest.mark.parametrize("text", ["[]", '{"audit": {"next": "x"}}', '{"audit": 1}'])
def test_a_state_of_another_form_starts_anew(tmp_path: Path, text: str):
    """JSON that holds no state is as good as none; the timer must not end over it."""
    states = TimerStates(tmp_path / "timers.json")
    (tmp_path / "timers.json").write_text(text)

    assert states.read("audit") is None


async def test_a_timer_whose_state_cannot_be_kept_goes_on(tmp_path: Path):
    """A full disk costs the memory of the timer, not its invocations."""
    setting = Setting(tmp_path)
    (tmp_path / "timers.new").mkdir()

    assert len(await setting.fired(2)) >= 2


def test_states_of_several_timers_share_a_file(tmp_path: Path):
    """Writing one leaves the others."""
    states = TimerStates(tmp_path / "deep" / "timers.json")
    one, two = (TimerState(last="l", next=name, schedule="s") for name in "ab")
    states.write("one", one)
    states.write("two", two)

    assert (states.read("one"), states.read("two")) == (one, two)
