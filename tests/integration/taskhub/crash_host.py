"""A process with an engine and a worker in it, made to be killed: ``crash_host FILE PORT MODE``."""

import asyncio
import sys
from pathlib import Path

from local.taskhub.engine import SqliteEngine
from local.taskhub.hubclock import resume_clock
from local.taskhub.inprocess import InProcessWorker
from tests.integration.taskhub import specs


async def main(path: str, port: str, mode: str) -> None:
    """Runs until killed; prints its address when it serves."""
    clock = resume_clock(Path(path), 600.0)
    engine = SqliteEngine(Path(path), clock, replay=mode == "replay", port=int(port))
    await engine.start()
    worker = InProcessWorker(engine)
    worker.add_orchestrator(specs.run_workflow)
    worker.add_orchestrator(specs.run_tree)
    worker.add_activity(specs.step)
    worker.add_activity(specs.fail)
    worker.start()
    sys.stdout.write(f"{engine.address}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
