"""The broker's HTTP administration, as a test uses it."""

from typing import Any

import aiohttp


class Admin:
    """Talks to one broker."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON body of an answer."""
        async with (
            aiohttp.ClientSession(self._url) as session,
            session.request(method, path, json=body) as response,
        ):
            return response.status, await response.json(content_type=None)

    async def plan(self, **fault: Any) -> None:
        """Plans one fault, beside those of other tests."""
        status, answer = await self.call("POST", "/faults", [fault])
        assert 200 == status, answer

    async def faults_left(self, queue: str) -> int:
        """How many faults planned for a queue have not struck yet."""
        faults = (await self.call("GET", "/faults"))[1]
        return sum(fault["entity"] == queue for fault in faults)

    async def describe(self, queue: str) -> dict[str, Any]:
        """What the broker says about a queue."""
        return (await self.call("GET", "/entities"))[1][queue]
