"""``python -m local.host``: runs a function app folder until it is told to stop."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from adapters.clock import ScaledClock

from .engines import ENGINES
from .functions import AppLoadError
from .host import Host, Options, load_host
from .logs import apply_levels, capture_stdout, configure_logging
from .runtime import current_invocation_id

_log = logging.getLogger("Host.General")

EXIT_CANNOT_RUN = 1
EXIT_FORCED = 130


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line; exits with usage when it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m local.host", description=__doc__)
    parser.add_argument("--app", type=Path, required=True, help="the function app's folder")
    parser.add_argument("--port", type=int, default=7071, help="HTTP port; 0 takes a free one")
    parser.add_argument(
        "--db",
        type=Path,
        help="file of the durable engine (default: APP/.local-host/taskhub.sqlite)",
    )
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    parser.add_argument("--clock-rate", type=float, default=1.0, help="virtual seconds per second")
    parser.add_argument("--clock-origin", type=float, help="Unix time both clocks agree at")
    parser.add_argument("--replay", action="store_true", help="replay every turn from its history")
    parser.add_argument("--auth", action="store_true", help="ask for function and admin keys")
    parser.add_argument(
        "--shutdown-timeout", type=float, default=30.0, help="seconds to finish work in flight"
    )
    return parser.parse_args(arguments)


def to_options(arguments: argparse.Namespace) -> Options:
    """The options behind a command line; paths are made absolute."""
    app = arguments.app.resolve()
    database = (arguments.db or app / ".local-host" / "taskhub.sqlite").resolve()
    return Options(
        app=app,
        port=arguments.port,
        database=database,
        clock=ScaledClock(arguments.clock_rate, arguments.clock_origin),
        engine=arguments.engine,
        is_replaying=arguments.replay,
        is_auth_enforced=arguments.auth,
        shutdown_timeout_s=arguments.shutdown_timeout,
    )


async def run(options: Options, handler: logging.Handler, out: TextIO) -> int:
    """Runs until SIGTERM or SIGINT; the exit code."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _on_signal, stop)
    try:
        host = await load_host(options)
        apply_levels(handler, host.config.log_levels)
        await host.start()
    except (AppLoadError, OSError) as error:
        _log.critical("the app cannot be run: %s", error)
        return EXIT_CANNOT_RUN
    out.write(json.dumps(ready_line(host)) + "\n")
    out.flush()
    await stop.wait()
    _log.info("stopping")
    await host.stop()
    _log.info("stopped")
    return 0


def ready_line(host: Host) -> dict[str, object]:
    """What is printed once the host serves."""
    return {"port": host.port, "functions": [one.name for one in host.functions]}


def _on_signal(stop: asyncio.Event) -> None:
    if stop.is_set():
        # Told twice: whoever asks does not want to wait; durable work is repeated next time.
        os._exit(EXIT_FORCED)
    stop.set()


def main(arguments: Sequence[str]) -> int:
    """Runs the host of a command line; the exit code."""
    options = to_options(parse_arguments(arguments))
    handler = configure_logging(
        stream=sys.stderr, now=options.clock.now, current_invocation_id=current_invocation_id
    )
    return asyncio.run(run(options, handler, capture_stdout()))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
