"""The command line, and what signals mean."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from local.host.__main__ import StopRequest, main, parse_arguments, ready_line, to_options
from tests.unit.host.fakes import make_function


def test_paths_are_made_absolute(tmp_path: Path):
    """The host changes into the app's folder, so relative paths are resolved before."""
    parsed = parse_arguments(["--app", str(tmp_path / "a" / ".."), "--db", "x.sqlite"])
    options = to_options(parsed)

    assert options.app == tmp_path.resolve()
    assert options.database == Path.cwd() / "x.sqlite"


def test_defaults_are_the_real_tools_port_and_the_wall_clock(tmp_path: Path):
    """Port 7071, SQLite inside the app's folder, no keys asked for."""
    options = to_options(parse_arguments(["--app", str(tmp_path)]))

    assert (options.port, options.engine, options.clock.rate) == (7071, "sqlite", 1.0)
    assert options.database == tmp_path / ".local-host" / "taskhub.sqlite"
    assert not options.is_auth_enforced


def test_the_clock_is_the_one_asked_for(tmp_path: Path):
    """Rate and origin are shared with other processes."""
    arguments = ["--app", str(tmp_path), "--clock-rate", "600", "--clock-origin", "1000"]
    clock = to_options(parse_arguments(arguments)).clock

    assert (clock.rate, clock.origin) == (600.0, 1000.0)


def test_a_rate_that_is_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The exit code says that it did not run."""
    code = main(["--app", str(tmp_path), "--clock-rate", "-1"])

    assert code == 1
    assert "-1.0 is not a rate" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_a_port_that_is_none_is_told(port: str, capsys: pytest.CaptureFixture[str]):
    """Before anything starts, with the usage."""
    with pytest.raises(SystemExit):
        parse_arguments(["--app", ".", f"--port={port}"])

    assert f"'{port}' is not a port from 0 to 65535" in capsys.readouterr().err


def test_the_ready_line_is_what_callers_need():
    """Port and function names."""
    host = SimpleNamespace(port=5, functions=[make_function("f", "httpTrigger")])

    assert ready_line(host) == {"port": 5, "functions": ["f"]}


class Clock:
    """Seconds under control."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def ask(*pauses_s: float) -> tuple[asyncio.Event, list[str]]:
    """Sends a signal, then one after each pause; what came of it."""
    stop, ended, clock = asyncio.Event(), [], Clock()
    exit_now: Callable[[], None] = lambda: ended.append("exit")  # noqa: E731
    request = StopRequest(stop, exit_now=exit_now, now=clock)
    request.on_signal()
    for pause_s in pauses_s:
        clock.now_s += pause_s
        request.on_signal()
    return stop, ended


def test_the_first_signal_stops_gracefully():
    """Work in flight is finished."""
    stop, ended = ask()

    assert (stop.is_set(), ended) == (True, [])


def test_the_same_request_may_arrive_twice():
    """A terminal tells the group and its leader tells the process: that is one wish."""
    assert ask(0.1)[1] == []


def test_a_later_signal_ends_at_once():
    """Whoever asks again does not want to wait."""
    assert ask(0.1, 2.0)[1] == ["exit"]
