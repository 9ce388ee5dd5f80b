"""The command line of the demo; ``make demo`` runs it."""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from cli.output import make_console, sentence
from domain.errors import VaultliftError
from local.demo import plan
from local.demo.run import TIME_LIMIT_S, run

EXIT_FAILED = 1
# 128 and the number of SIGINT, as shells tell it.
EXIT_INTERRUPTED = 130


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line; exits with usage when it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m local.demo", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="replaced at the start")
    parser.add_argument("--expected", type=Path, default=plan.EXPECTED, help="CSV vault_name,end")
    parser.add_argument("--clock-rate", type=float, default=plan.CLOCK_RATE)
    parser.add_argument("--time-limit", type=float, default=TIME_LIMIT_S, help="real seconds")
    return parser.parse_args(arguments)


async def _interruptible(
    arguments: argparse.Namespace, console: Console, make_plan: Callable[..., plan.Plan]
) -> bool:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - asyncio.run gave us one
    loop = asyncio.get_running_loop()
    # SIGHUP too: a closed terminal must not leave three servers behind.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    demo = make_plan(
        arguments.out,
        # One origin for all processes, so that they agree on the virtual time.
        origin=time.time(),
        rate=arguments.clock_rate,
        expected=arguments.expected,
    )
    return await run(demo, console, time_limit_s=arguments.time_limit)


def main(arguments: Sequence[str], make_plan: Callable[..., plan.Plan] = plan.demo_plan) -> int:
    """Runs the demo; 0 only if every vault ended as its scenario says."""
    options = parse_arguments(arguments)
    console = make_console()
    try:
        is_as_declared = asyncio.run(_interruptible(options, console, make_plan))
    except VaultliftError as error:
        console.print(f"[bold red]demo:[/] {escape(sentence(error))}", soft_wrap=True)
        return EXIT_FAILED
    except asyncio.CancelledError:
        console.print("Interrupted; everything the demo started has been stopped.")
        return EXIT_INTERRUPTED
    return 0 if is_as_declared else EXIT_FAILED


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
