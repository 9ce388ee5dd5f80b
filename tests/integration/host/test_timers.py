"""Timer triggers on a fast clock."""

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.host.running import HostFailedError, RunningHost

RATE = 3600.0
"""A virtual hour a second."""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    """The timers app, its audit due on every virtual hour."""
    folder = tmp_path_factory.mktemp("timers")
    with start(folder, "0 0 * * * *") as running:
        yield running


def start(folder: Path, schedule: str, *more: str) -> RunningHost:
    """The timers app with a schedule for its audit."""
    arguments = ("--engine", "memory", "--clock-rate", str(RATE), *more)
    return RunningHost("timers", folder, *arguments, settings={"AUDIT_SCHEDULE": schedule})


def fired(line: dict[str, Any]) -> dict[str, Any]:
    """What a timer function logged about its call."""
    return dict(json.loads(line["message"].removeprefix("fired ")))


def test_a_timer_fires_when_due_by_the_virtual_clock(host: RunningHost):
    """An hourly timer fires about every second at this rate, on the hour."""
    lines = host.wait_logged(3, function="audit", message="fired")
    due = [datetime.fromisoformat(fired(line)["status"]["Next"]) for line in lines]

    assert [(one.minute, one.second) for one in due] == [(0, 0)] * len(due)
    assert due[1] - due[0] == timedelta(hours=1)
    assert not fired(lines[0])["pastDue"]


def test_a_timer_may_run_at_startup(host: RunningHost):
    """``run_on_startup`` fires once at start, though it is not due."""
    lines = host.wait_logged(1, function="eager", message="fired")

    assert [fired(line)["pastDue"] for line in lines] == [False]


def test_a_timer_that_is_not_due_does_not_fire(host: RunningHost):
    """Nothing fires a timer but its schedule."""
    host.wait_logged(1, function="eager", message="fired")

    assert host.logged(function="idle", message="fired") == []


def test_triggers_without_a_listener_are_named(host: RunningHost):
    """A trigger this host does not serve is told at start, with how to start it."""
    line = host.wait_logged(1, message="queueTrigger")[0]

    assert line["level"] == "warning"
    assert "/admin/functions/from_storage" in line["message"]


def test_unknown_members_of_host_json_are_told_once(host: RunningHost):
    """What this host does not know in host.json is one warning; what means nothing here, none."""
    lines = host.logged(message="has no effect")

    assert [line["message"].split(" ")[1] for line in lines] == ["queues"]


def test_a_timer_missed_while_stopped_is_past_due(tmp_path: Path):
    """After a pause over its due time, the timer fires once at start and says past due."""
    origin = str(time.time())
    with start(tmp_path, "0 0 */2 * * *", "--clock-origin", origin) as host:
        host.wait_logged(1, message="timer audit is next due")
        host.stop()
    time.sleep(2.2)
    with start(tmp_path, "0 0 */2 * * *", "--clock-origin", origin) as host:
        line = host.wait_logged(1, function="audit", message="fired")[0]

    assert fired(line)["pastDue"]


def test_a_missing_setting_keeps_the_host_from_starting(tmp_path: Path):
    """A ``%NAME%`` without a setting is named with the timer that needs it."""
    with pytest.raises(HostFailedError, match="timer audit: '%AUDIT_SCHEDULE%' does not resolve"):
        RunningHost("timers", tmp_path, "--engine", "memory")
