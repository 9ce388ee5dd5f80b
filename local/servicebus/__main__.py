"""``python -m local.servicebus``: the broker as a process.

Prints one JSON line when it is ready::

    {"port": 5672, "adminPort": 5300, "connectionString": "Endpoint=sb://..."}

Stops on SIGTERM and SIGINT with exit code 0; a configuration it cannot use, a port that is taken,
or a database that cannot be written any more is exit code 1 with the reason on standard error.
"""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from domain.errors import VaultliftError
from local.ports import port_number
from local.servicebus.config import BrokerConfig, load_config
from local.servicebus.errors import StoreFaultError
from local.servicebus.server import running_broker


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the broker until it is told to stop; gives the exit code."""
    options = _parse(arguments)
    try:
        asyncio.run(_serve(load_config(options.config), options))
    except (VaultliftError, OSError) as error:
        sys.stderr.write(f"local.servicebus: {error}\n")
        return 1
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="local.servicebus", description="A Service Bus broker.")
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(__file__).with_name("config.json"),
        help="the queues, in the official emulator's Config.json format",
    )
    parser.add_argument("--port", type=port_number, default=5672, help="AMQP; 0 for any free port")
    parser.add_argument(
        "--admin-port", type=port_number, default=0, help="HTTP; 0 for any free port"
    )
    parser.add_argument("--db", type=Path, help="keep messages here (default: in memory)")
    parser.add_argument("--key", help="check tokens against this key (default: take any)")
    return parser.parse_args(arguments)


async def _serve(config: BrokerConfig, options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    # A signal ends the context below, which commits and closes the database.
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running_broker(
        config, options.db, port=options.port, admin_port=options.admin_port, key=options.key
    ) as broker:
        ready = {
            "port": broker.port,
            "adminPort": broker.admin_port,
            "connectionString": broker.connection_string,
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        # Whoever started this waits for the line, and a pipe would hold it back.
        sys.stdout.flush()
        await _until_stopped(stop, broker.broken)


async def _until_stopped(stop: asyncio.Event, broken: asyncio.Future[StoreFaultError]) -> None:
    broken.add_done_callback(lambda _: stop.set())
    await stop.wait()
    # What is in memory is ahead of the file: a broker that lived on would tell what it cannot keep.
    if broken.done():
        raise broken.result()


if __name__ == "__main__":
    sys.exit(main())
