"""Chooses the durable engine."""

import importlib.util
import logging
from pathlib import Path

from adapters.clock import ScaledClock

from .engine import Engine
from .memory_engine import MemoryEngine

_log = logging.getLogger("Host.Engine")

ENGINES = ("sqlite", "memory")


def create_engine(kind: str, *, database: Path, clock: ScaledClock, is_replaying: bool) -> Engine:
    """The engine of a kind, not yet started.

    Args:
        kind: ``sqlite``: kept in ``database``; ``memory``: lost at the end.
        database: The engine's file.
        clock: The clock timers follow.
        is_replaying: Whether every turn is replayed from its history (SQLite only).
    """
    if kind == "memory" or importlib.util.find_spec("local.taskhub.engine") is None:
        if kind != "memory":
            _log.warning("the SQLite engine is not there; orchestrations are kept in memory only")
        return MemoryEngine(clock)
    from local.taskhub.engine import SqliteEngine

    return SqliteEngine(database, clock, replay=is_replaying)
