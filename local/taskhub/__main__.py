"""``python -m local.taskhub``: the durable engine alone, for any durabletask worker or client."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from pathlib import Path

from domain.errors import VaultliftError
from local.collector import ease_collection
from local.taskhub.engine import SqliteEngine
from local.taskhub.hubclock import resume_clock


def main(arguments: list[str] | None = None) -> int:
    """Runs until SIGINT or SIGTERM; prints one JSON line when it serves."""
    options = _parse(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    try:
        asyncio.run(_serve(options))
    except VaultliftError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.taskhub", description=__doc__)
    parser.add_argument("--db", type=Path, required=True, help="the hub's file; made if absent")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0: a free one")
    parser.add_argument("--clock-rate", type=float, help="virtual seconds per real second")
    parser.add_argument("--clock-origin", type=float, help="Unix seconds where the clocks agree")
    parser.add_argument(
        "--replay", action="store_true", help="send the whole history with every turn"
    )
    return parser.parse_args(arguments)


async def _serve(options: argparse.Namespace) -> None:
    clock = resume_clock(options.db, options.clock_rate, options.clock_origin)
    engine = SqliteEngine(options.db, clock, replay=options.replay, port=options.port)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stopped.set)
    ease_collection()
    await engine.start()
    ready = {
        "ready": True,
        "address": engine.address,
        "pid": os.getpid(),
        "db": str(options.db),
        "clockRate": clock.rate,
        "clockOrigin": clock.origin,
    }
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    await _run_until(stopped, engine)


async def _run_until(stopped: asyncio.Event, engine: SqliteEngine) -> None:
    asked = asyncio.create_task(stopped.wait())
    broken = asyncio.create_task(engine.until_broken())
    ended, waiting = await asyncio.wait({asked, broken}, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    await engine.stop()
    # A process that lived on would look well and do nothing: whoever started it must notice.
    if broken in ended:
        raise broken.result()


if __name__ == "__main__":
    raise SystemExit(main())
