"""Folders that cannot be run, before anything is loaded."""

from pathlib import Path

import pytest

from adapters.clock import ScaledClock
from domain.errors import VaultliftError
from local.host.host import Options, load_host


def options(app: Path) -> Options:
    """Options for a folder."""
    return Options(app=app, port=0, database=app / "hub.sqlite", clock=ScaledClock())


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    """The error names it."""
    with pytest.raises(NotADirectoryError, match="nowhere is not a folder"):
        await load_host(options(tmp_path / "nowhere"))


async def test_a_folder_that_is_no_app_is_told(tmp_path: Path):
    """Nothing is loaded, and the working directory stays."""
    before = Path.cwd()
    with pytest.raises(VaultliftError, match=r"it has no host\.json"):
        await load_host(options(tmp_path))

    assert Path.cwd() == before
