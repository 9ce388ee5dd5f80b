"""The back end every engine calls: answers at once, and counts every call.

``python -m benchmarks.vaultbench.backend`` prints its port and serves until its input closes.
"""

import asyncio
import sys
from collections import Counter

from aiohttp import web

from benchmarks.vaultbench.shape import POLLS


class Backend:
    """Counts calls; an upgrade is done at its third poll."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()

    async def answer(self, request: web.Request) -> web.Response:
        """Any call of a vault."""
        self.calls[request.path] += 1
        done = self.calls[request.path] >= POLLS
        return web.json_response({"done": done})

    async def stats(self, _request: web.Request) -> web.Response:
        """How many calls there were, and how many of those that must not be repeated were."""
        repeated = sum(
            count - 1 for path, count in self.calls.items() if not path.startswith("/poll")
        )
        return web.json_response({"calls": self.calls.total(), "repeated": repeated})


async def serve() -> None:
    """Serves on a free port until the parent closes our input."""
    backend = Backend()
    app = web.Application()
    app.router.add_get("/stats", backend.stats)
    app.router.add_get("/{kind}/{tail:.*}", backend.answer)
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=600)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=16384)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve())
