"""Fixtures: a running hub, in one way of running work or in each of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.taskhub.running import RunningHub


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[RunningHub]:
    """A hub whose work runs in process, executions kept in memory."""
    running = RunningHub(tmp_path / "hub.sqlite")
    await running.start()
    yield running
    await running.stop()


@pytest.fixture(params=["hot", "replay", "grpc"])
async def any_hub(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[RunningHub]:
    """A hub whose work runs in each of the three ways."""
    running = RunningHub(tmp_path / "hub.sqlite", request.param)
    await running.start()
    yield running
    await running.stop()
