"""HTTP over aiohttp that tells "nothing was sent" from "the answer was lost", and never re-sends.

No answer takes for ever or fills the memory: its time and its size have bounds.

Two traps of the stack below (seen in azure-core 1.41 and aiohttp 3.14) would break the rule of one
start per vault. azure-core reports every aiohttp error as ServiceRequestError, "nothing was sent",
even a connection that broke while the answer was awaited. And aiohttp itself sends an idempotent
request, a PUT too, a second time when the connection breaks.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from azure.core.exceptions import (
    ServiceRequestError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline.transport import AioHttpTransport

from adapters.proxies import proxy_options

CONNECT_TIMEOUT_S = 30
"""Real seconds to wait for a connection."""
READ_TIMEOUT_S = 60
"""Real seconds to wait for bytes of an answer to a read; the slowest seen took seven."""
WRITE_TIMEOUT_S = 300
"""The same for a write: giving up early makes its outcome unknown (vault-upgrade 2.0: 300 s)."""
WHOLE_TIMEOUT_S = 300
"""Real seconds for a whole answer: one that comes byte by byte is never silent for long."""
LARGEST_BODY = 64 * 1024 * 1024
"""Bytes of a body, decompressed. The largest there can be is the classic list of a subscription
with hundreds of vaults in every region: some 20 MB."""


class ConnectionBrokeError(aiohttp.ClientError):
    """The connection broke after the request had, or may have, left."""


async def _never_resend(
    request: aiohttp.ClientRequest, send: Callable[..., Awaitable[aiohttp.ClientResponse]]
) -> aiohttp.ClientResponse:
    # aiohttp re-sends on exactly these two families; under another name they pass it by.
    try:
        return await send(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise ConnectionBrokeError(str(error) or "the server closed the connection") from error


class _BoundedResponse(aiohttp.ClientResponse):
    async def read(self) -> bytes:
        """The whole body.

        Raises:
            ClientPayloadError: It has no end in sight, or broke off.
        """
        if self._body is None:
            try:
                self._body = await _bounded(self.content)
            except BaseException:
                # As aiohttp does: what is left of the body must not be taken for the next answer.
                self.close()
                raise
        # The body is there by now: this gives the connection back.
        return await super().read()


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    async for part in content.iter_any():
        body += part
        if len(body) > LARGEST_BODY:
            raise aiohttp.ClientPayloadError(f"more than {LARGEST_BODY} bytes of body")
    return bytes(body)


class CarefulTransport(AioHttpTransport):  # type: ignore[misc]
    """The transport of every client; belongs to the loop it is made on.

    Args:
        reuse_connections: False for writes: a connection the server is about to close would turn
            a write that was never read into one of unknown outcome.
        read_timeout_s: Real seconds to wait for bytes of an answer.
        whole_timeout_s: Real seconds to wait for the whole of one that is not streamed.
        sleep: Waits some seconds between attempts.
    """

    def __init__(
        self,
        *,
        reuse_connections: bool = True,
        read_timeout_s: float = READ_TIMEOUT_S,
        whole_timeout_s: float = WHOLE_TIMEOUT_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=not reuse_connections),
            # Cookies of a gateway would tie calls to one back end, and are nobody's state here.
            cookie_jar=aiohttp.DummyCookieJar(),
            # Not by azure-core: it has no bound for what a few bytes may unfold to, and no error of
            # its own for a body that is not compressed after all.
            auto_decompress=True,
            response_class=_BoundedResponse,
            middlewares=(_never_resend,),
        )
        super().__init__(
            session=session,
            connection_timeout=CONNECT_TIMEOUT_S,
            read_timeout=read_timeout_s,
        )
        self._sleep = sleep
        self._whole_timeout_s = whole_timeout_s

    async def sleep(self, duration: float) -> None:
        """What the retry policy waits by."""
        await self._sleep(duration)

    async def send(self, request: Any, **options: Any) -> Any:
        """Sends once.

        Raises:
            ServiceRequestError: Nothing was sent: no connection was made.
            ServiceResponseError: The request may have arrived; its answer did not.
        """
        # The environment's, as every other program on the machine uses them.
        proxied = {**proxy_options(request.url), **options}
        try:
            async with asyncio.timeout(self._whole_timeout_s):
                return await super().send(request, **proxied)
        except TimeoutError as error:
            raise ServiceResponseTimeoutError(
                f"the answer had not ended after {self._whole_timeout_s} s", error=error
            ) from error
        except ServiceRequestError as error:
            # By the kind of error underneath: azure-core's own name for it says too much.
            if isinstance(error.inner_exception, _NOTHING_SENT):
                raise
            # The family for "sent, and no answer": callers of a write read it as an outcome nobody
            # knows.
            raise ServiceResponseError(str(error), error=error.inner_exception) from error


_NOTHING_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)
