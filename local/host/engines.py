"""Chooses the durable engine."""

import logging
from pathlib import Path

from adapters.clock import ScaledClock
from local.taskhub.engine import SqliteEngine

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
    # For tests only: DESIGN promises that a killed host goes on where it was (durable-2x 3).
    if kind == "memory":
        _log.warning("orchestrations are kept in memory only; a restart loses them")
        return MemoryEngine(clock)
    return SqliteEngine(database, clock, replay=is_replaying)
