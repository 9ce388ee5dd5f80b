"""``python -m local.host``: runs a function app folder until it is told to stop."""

import argparse
import asyncio
import json
import logging
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from domain.errors import VaultliftError
from local.collector import ease_collection
from local.ports import port_number
from local.taskhub.hubclock import resume_clock

from .engine import Engine
from .engines import ENGINES, create_engine
from .host import Host, Options, load_host
from .leftovers import threads_left
from .logs import STACK, apply_levels, capture_stdout, configure_logging
from .loopback import exempt_loopback
from .runtime import current_invocation_id

_log = logging.getLogger("Host.General")

EXIT_CANNOT_RUN = 1
EXIT_FORCED = 130
LAST_GRACE_S = 1.0
"""For threads that are about to end when everything else has."""
SAME_REQUEST_S = 0.5
"""Terminals and process managers tell the group and the process: that is one request."""


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line; exits with usage when it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m local.host", description=__doc__)
    parser.add_argument("--app", type=Path, required=True, help="the function app's folder")
    parser.add_argument(
        "--port", type=port_number, default=7071, help="HTTP port; 0 takes a free one"
    )
    parser.add_argument(
        "--db",
        type=Path,
        help="file of the durable engine (default: APP/.local-host/taskhub.sqlite)",
    )
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    parser.add_argument(
        "--clock-rate",
        type=float,
        help="virtual seconds per second (default: as in the file, or 1)",
    )
    parser.add_argument(
        "--clock-origin",
        type=float,
        help="Unix time both clocks agree at (default: as in the file)",
    )
    parser.add_argument("--replay", action="store_true", help="replay every turn from its history")
    parser.add_argument("--auth", action="store_true", help="ask for function and admin keys")
    parser.add_argument(
        "--shutdown-timeout", type=float, default=30.0, help="seconds to finish work in flight"
    )
    return parser.parse_args(arguments)


def to_options(arguments: argparse.Namespace) -> Options:
    """The options behind a command line; paths are made absolute."""
    # Absolute, because loading the app changes the working directory to its folder.
    app = arguments.app.resolve()
    database = (arguments.db or app / ".local-host" / "taskhub.sqlite").resolve()
    return Options(
        app=app,
        port=arguments.port,
        database=database,
        clock=resume_clock(database, arguments.clock_rate, arguments.clock_origin),
        engine=arguments.engine,
        is_replaying=arguments.replay,
        is_auth_enforced=arguments.auth,
        shutdown_timeout_s=arguments.shutdown_timeout,
    )


async def run(options: Options, handler: logging.Handler, out: TextIO) -> int:
    """Runs until SIGTERM or SIGINT, or until the engine cannot go on; the exit code.

    Does not return where threads of the app are left: the process ends with that code.
    """
    code = await _run(options, handler, out)
    left = await threads_left(LAST_GRACE_S)
    if left:
        _log.warning("ended although these threads still run: %s", ", ".join(left))
        # Durable work of theirs was given back, and is repeated.
        os._exit(code)
    return code


async def _run(options: Options, handler: logging.Handler, out: TextIO) -> int:
    # Before the app is loaded, which can take seconds: an early Ctrl-C must be graceful too.
    stop = asyncio.Event()
    request = StopRequest(stop)
    loop = asyncio.get_running_loop()
    # Through the loop: a plain signal handler would set the event without waking anyone.
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, request.on_signal)
    try:
        host = await load_host(options, _new_engine)
        # Only now: host.json is part of the app, and what it says applies from here on.
        apply_levels(handler, host.config.log_levels)
        # Now that the app is imported: what it loaded is never garbage.
        ease_collection()
        await host.start()
    except (VaultliftError, OSError) as error:
        stack = getattr(error, "stack_trace", "")
        _log.critical("the app cannot be run: %s", error, extra={STACK: stack})
        return EXIT_CANNOT_RUN
    # The only line on the real stdout, so that whoever started the host can wait for it.
    out.write(json.dumps(ready_line(host)) + "\n")
    out.flush()
    fault = await _wait(stop, host)
    _log.info("stopping")
    await host.stop()
    _log.info("stopped")
    return 0 if fault is None else EXIT_CANNOT_RUN


def _new_engine(options: Options) -> Engine:
    return create_engine(
        options.engine,
        database=options.database,
        clock=options.clock,
        is_replaying=options.is_replaying,
    )


async def _wait(stop: asyncio.Event, host: Host) -> VaultliftError | None:
    asked = asyncio.create_task(stop.wait())
    broken = asyncio.create_task(host.until_broken())
    ended, waiting = await asyncio.wait({asked, broken}, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    # A host that lived on without its engine would answer and never do what it was asked to.
    return broken.result() if broken in ended else None


def ready_line(host: Host) -> dict[str, object]:
    """What is printed once the host serves."""
    return {"port": host.port, "functions": [one.name for one in host.functions]}


class StopRequest:
    """The first signal asks for a graceful stop, a later one ends the process at once.

    Args:
        stop: Set by the first signal.
        exit_now: Ends the process; durable work is repeated next time.
        now: Real seconds.
    """

    def __init__(
        self,
        stop: asyncio.Event,
        *,
        exit_now: Callable[[], None] = lambda: os._exit(EXIT_FORCED),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stop = stop
        self._exit_now = exit_now
        self._now = now
        self._asked_at = math.inf

    def on_signal(self) -> None:
        """Takes a signal."""
        if not self._stop.is_set():
            self._asked_at = self._now()
            self._stop.set()
        elif self._now() - self._asked_at > SAME_REQUEST_S:
            # No clean-up on purpose: whoever asks twice does not want to wait; turns are repeated.
            self._exit_now()


def main(arguments: Sequence[str]) -> int:
    """Runs the host of a command line; the exit code."""
    parsed = parse_arguments(arguments)
    try:
        options = to_options(parsed)
    # Logging is not set up yet, so what is wrong is said plainly.
    except (VaultliftError, ValueError) as error:
        sys.stderr.write(f"local.host: {error}\n")
        return EXIT_CANNOT_RUN
    # Before the first channel: gRPC reads the environment when one is made.
    exempt_loopback(os.environ)
    handler = configure_logging(
        stream=sys.stderr, now=options.clock.now, current_invocation_id=current_invocation_id
    )
    return asyncio.run(run(options, handler, capture_stdout()))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
