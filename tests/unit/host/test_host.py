"""Folders that cannot be run, and hosts that cannot start."""

import socket
from pathlib import Path

import pytest

from adapters.clock import ScaledClock
from domain.errors import VaultliftError
from local.host.engine import Engine
from local.host.functions import TIMER_TRIGGER, AppLoadError
from local.host.host import Host, Listener, Options, load_host
from local.host.host_json import HostConfig
from local.host.invoker import Invoker

from .fakes import FakeEngine, make_function


class BrokenEngine(FakeEngine):
    """An engine whose store fails as soon as somebody asks."""

    async def until_broken(self) -> VaultliftError:
        return VaultliftError("the disk is full.")


def options(app: Path) -> Options:
    """Options for a folder."""
    return Options(app=app, port=0, database=app / "hub.sqlite", clock=ScaledClock())


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    """The error names it."""
    with pytest.raises(NotADirectoryError, match="nowhere is not a folder"):
        await load_host(options(tmp_path / "nowhere"), lambda _: FakeEngine([]))


async def test_a_folder_that_is_no_app_is_told(tmp_path: Path):
    """Nothing is loaded, and the working directory stays."""
    before = Path.cwd()
    with pytest.raises(VaultliftError, match=r"it has no host\.json"):
        await load_host(options(tmp_path), lambda _: FakeEngine([]))

    assert Path.cwd() == before


async def test_a_host_that_cannot_start_stops_what_it_began(tmp_path: Path):
    """A schedule nobody understands is found after the engine runs; the engine is stopped."""
    engine = FakeEngine([])
    bad = make_function("nightly", TIMER_TRIGGER, schedule="at dawn")

    with pytest.raises(AppLoadError, match="at dawn"):
        await Host(options(tmp_path), HostConfig(), [bad], lambda _: engine).start()

    assert not engine.is_running


async def test_a_host_that_cannot_start_gives_its_port_back(tmp_path: Path):
    """Whoever corrects the app can start again on the same port at once."""
    bad = make_function("nightly", TIMER_TRIGGER, schedule="at dawn")
    host = Host(options(tmp_path), HostConfig(), [bad], lambda _: FakeEngine([]))

    with pytest.raises(AppLoadError):
        await host.start()

    socket.create_server(("127.0.0.1", host.port)).close()


async def test_a_host_knows_when_its_engine_cannot_go_on(tmp_path: Path):
    """Whoever runs the host waits for that beside the wish to stop."""
    host = Host(options(tmp_path), HostConfig(), [], lambda _: BrokenEngine([]))
    await host.start()
    fault = await host.until_broken()
    await host.stop()

    assert fault.message == "the disk is full."


class StubbornHost(Host):
    """A host with one listener that cannot be stopped."""

    def _create_listeners(self, engine: Engine, invoker: Invoker) -> list[Listener]:
        return [StubbornListener()]


class StubbornListener:
    """Fails to stop."""

    def start(self) -> None:
        """Nothing to begin."""

    async def stop(self, timeout_s: float) -> None:
        """Fails, whatever time it is given."""
        raise ConnectionError(f"not within {timeout_s} s")


async def test_the_engine_is_stopped_though_a_listener_is_not(tmp_path: Path):
    """What failed is told, after everything else has been stopped."""
    engine = FakeEngine([])
    host = StubbornHost(options(tmp_path), HostConfig(), [], lambda _: engine)
    await host.start()

    with pytest.raises(ExceptionGroup, match="listeners that did not stop"):
        await host.stop()

    assert not engine.is_running
