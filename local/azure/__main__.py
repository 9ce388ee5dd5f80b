"""``python -m local.azure``: simulated Azure in a process of its own."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from adapters.clock import ScaledClock
from adapters.ports import Clock
from domain.errors import InvalidInputError
from local.azure.clocks import MovableClock
from local.azure.estate import Estate, load_estate
from local.azure.random_estate import RandomEstate
from local.azure.server import running_azure
from local.collector import ease_collection
from local.ports import port_number

DEFAULT_VAULTS = 24


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; exits with 2 where it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m local.azure", description=__doc__)
    parser.add_argument(
        "--port", type=port_number, default=0, help="port on 127.0.0.1; 0: a free one"
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--estate", type=Path, help="estate file (YAML)")
    source.add_argument(
        "--vaults", type=int, default=DEFAULT_VAULTS, help="size of a made-up estate"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the made-up estate")
    parser.add_argument("--clock-rate", type=float, default=1.0, help="virtual seconds per second")
    parser.add_argument(
        "--clock-origin", type=float, help="Unix seconds at which virtual and real time agree"
    )
    parser.add_argument(
        "--enforce-quotas", action="store_true", help="answer 429 when a rate limit is used up"
    )
    return parser.parse_args(arguments)


def build_clock(options: argparse.Namespace) -> Clock:
    """The clock: one that can be moved by hand, unless it runs faster than the wall."""
    scaled = ScaledClock(options.clock_rate, options.clock_origin)
    # Other processes compute the scaled clock for themselves; it must not jump for one of them.
    return scaled if options.clock_rate != 1.0 else MovableClock(scaled)


async def serve(options: argparse.Namespace) -> None:
    """Runs until SIGTERM or SIGINT; prints one line of JSON when it is ready."""
    estate: Estate = (
        load_estate(options.estate)
        if options.estate
        else RandomEstate(vaults=options.vaults, seed=options.seed)
    )
    ease_collection()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with running_azure(
        estate,
        build_clock(options),
        port=options.port,
        enforces_quotas=options.enforce_quotas,
    ) as azure:
        sys.stdout.write(json.dumps(azure.describe()) + "\n")
        # Whoever started this waits for the line, and a pipe would hold it back.
        sys.stdout.flush()
        await stopped.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs simulated Azure; 1 where the estate cannot be used or the port is taken."""
    options = parse_arguments(arguments)
    try:
        asyncio.run(serve(options))
    except InvalidInputError as error:
        for problem in error.problems:
            sys.stderr.write(f"{error.subject}: {problem.where}: {problem.message}\n")
        return 1
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
