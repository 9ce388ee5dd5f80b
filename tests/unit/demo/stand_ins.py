"""Small programs that stand in for the demo's processes, and a plan made of them.

``python -m tests.unit.demo.stand_ins OUT`` runs the demo's command line with that plan, with a
client that never ends: for the tests that interrupt it.
"""

import sys
from pathlib import Path

from adapters.clock import ScaledClock
from local.demo.__main__ import main
from local.demo.plan import Plan
from local.demo.processes import ChildSpec

SERVE = """
import json, os, signal, sys
def leave(*_):
    with open(sys.argv[2], "a") as file:
        file.write(sys.argv[1] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("starting", sys.argv[1], flush=True)
print(json.dumps({"name": sys.argv[1], "pid": os.getpid()}), flush=True)
print("serving", flush=True)
print("a complaint", file=sys.stderr, flush=True)
while True:
    signal.pause()
"""
"""Says that it is ready, serves, and writes its name to a file when it is asked to leave."""

COPY = "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2]); sys.exit(int(sys.argv[3]))"
"""Stands in for the upgrades: puts prepared evidence where the app would have kept it."""

SLEEP = "import time; time.sleep(600)"

CLIENT = f"print('the client runs', flush=True); {SLEEP}"
"""Stands in for a client that is interrupted while it follows upgrades."""


def python(code, *arguments):
    """A command that runs this code."""
    return (sys.executable, "-c", code, *map(str, arguments))


def server(name, departures):
    """A child that serves until it is stopped."""
    return ChildSpec(name=name, command=python(SERVE, name, departures))


def stand_in_plan(out, *, expected, client, clock=None):
    """A plan whose processes only pretend, with this command for the client."""
    departures = out.parent / "departures.txt"
    return Plan(
        out=out,
        azure=server("azure", departures),
        broker=server("broker", departures),
        host=lambda azure, broker: server(f"host-{azure['name']}-{broker['name']}", departures),
        client=lambda _ready: client,
        expected=expected,
        clock=clock or ScaledClock(),
    )


def _endless_plan(out, *, expected, **_):
    return stand_in_plan(out, expected=expected, client=python(CLIENT))


if __name__ == "__main__":
    out = Path(sys.argv[1])
    sys.exit(main(["--out", str(out), "--expected", sys.argv[2]], make_plan=_endless_plan))
