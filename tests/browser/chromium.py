"""A headless Chromium, driven over its DevTools protocol with nothing but aiohttp."""

import asyncio
import itertools
import os
import shutil
import signal
from contextlib import asynccontextmanager, suppress

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
STARTS_WITHIN_S = 30.0
_ANNOUNCEMENT = b"DevTools listening on "


def find_chromium():
    """The program to start, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One tab, and everything it complained about or asked the network for."""

    def __init__(self, socket):
        self.problems = []
        self.requests = []
        self._socket = socket
        self._session = None
        self._numbers = itertools.count(1)
        self._answers = {}
        self._loaded = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def _read(self):
        async for message in self._socket:
            data = message.json()
            if "id" in data:
                self._answers.pop(data["id"]).set_result(data)
            else:
                self._note(data["method"], data["params"])

    def _note(self, method, params):
        if method == "Runtime.exceptionThrown":
            self.problems.append(params["exceptionDetails"]["text"])
        elif method == "Log.entryAdded" and params["entry"]["level"] in {"error", "warning"}:
            self.problems.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled":
            self.problems.append(f"console.{params['type']}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Page.loadEventFired":
            self._loaded.set()

    async def call(self, method, **params):
        """One protocol call; its result."""
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        await self._socket.send_json(message)
        answer = await asyncio.wait_for(self._answers[number], 30)
        assert "error" not in answer, answer
        return answer["result"]

    async def open(self, url):
        """Loads an address and waits until it is loaded."""
        target = await self.call("Target.createTarget", url="about:blank")
        attached = await self.call(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=url)
        await asyncio.wait_for(self._loaded.wait(), 30)

    async def evaluate(self, expression):
        """The value of a JavaScript expression."""
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def close(self):
        """Ends the reading of events."""
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader


@asynccontextmanager
async def browsing(profile):
    """A page in a Chromium of its own, which ends with the context."""
    process = await asyncio.create_subprocess_exec(
        *(find_chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
        *("--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"),
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        address = await asyncio.wait_for(_announced(process.stderr), STARTS_WITHIN_S)
        drain = asyncio.create_task(process.stderr.read())
        async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
            page = Page(socket)
            yield page
            await page.close()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        await drain


async def _announced(stderr):
    while line := await stderr.readline():
        if line.startswith(_ANNOUNCEMENT):
            return line.removeprefix(_ANNOUNCEMENT).strip().decode()
    raise AssertionError("Chromium ended before it listened")
