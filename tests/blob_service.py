"""A blob service on loopback that fails as a test says, with the answers Azure's gives.

It keeps what it is sent in memory, refuses what the real one refuses, and refuses besides a put
that could overwrite: nothing of vaultlift may send one.
"""

import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from aiohttp import web

from adapters.blob_container import Container, container_by_connection
from adapters.evidence_blob import EvidenceBlobs
from adapters.evidence_location import ContainerLocation
from adapters.loop_local import LoopLocal
from adapters.transport import CarefulTransport

CONTAINER = "evidence"
ACCOUNT = "devstoreaccount1"
# The account key every storage emulator has; it is published and guards nothing.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
REQUEST_ID = "7f3a90de-301e-0012-5c1b-5d0a6b000000"

type Fault = Callable[["BlobService", web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Blob:
    """What is kept of one blob."""

    content: bytes
    metadata: dict[str, str]


@dataclass
class BlobService:
    """The service, what it holds, and what it will do wrong next."""

    url: str = ""
    has_container: bool = True
    blobs: dict[str, Blob] = field(default_factory=dict)
    faults: list[Fault | None] = field(default_factory=list)
    """For the coming requests, in order; None lets one pass."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of every request."""

    @property
    def connection_string(self) -> str:
        """Of the only account."""
        return connection_string(f"{self.url}/{ACCOUNT}")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers one request, or fails as planned."""
        self.asked.append((request.method, request.path))
        fault = self.faults.pop(0) if self.faults else None
        return await (fault(self, request) if fault else self.answer(request))

    async def answer(self, request: web.Request) -> web.Response:
        """The answer of a service that is well."""
        if not self.has_container:
            return refusal(404, "ContainerNotFound")
        key = request.path.removeprefix(f"/{ACCOUNT}/{CONTAINER}").lstrip("/")
        if not key:
            return self._listing(request.query.get("prefix", ""))
        return (
            self._put(key, request, await request.read())
            if request.method == "PUT"
            else (self._get(key))
        )

    def _put(self, key: str, request: web.Request, content: bytes) -> web.Response:
        if request.headers.get("If-None-Match") != "*":
            return refusal(400, "InvalidHeaderValue")
        md5 = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        if request.headers.get("Content-MD5") != md5:
            return refusal(400, "Md5Mismatch")
        if key in self.blobs:
            return refusal(409, "BlobAlreadyExists")
        meta = {
            name.lower().removeprefix("x-ms-meta-"): value
            for name, value in request.headers.items()
            if name.lower().startswith("x-ms-meta-")
        }
        self.blobs[key] = Blob(content, meta)
        return web.Response(status=201, headers=_HEADERS | {"ETag": '"1"'})

    def _get(self, key: str) -> web.Response:
        blob = self.blobs.get(key)
        if blob is None:
            return refusal(404, "BlobNotFound")
        last = len(blob.content) - 1
        headers = _HEADERS | {
            "ETag": '"1"',
            "x-ms-blob-type": "BlockBlob",
            "Content-Range": f"bytes 0-{last}/{last + 1}",
            **{f"x-ms-meta-{name}": value for name, value in blob.metadata.items()},
        }
        return web.Response(status=206, body=blob.content, headers=headers)

    def _listing(self, prefix: str) -> web.Response:
        names = sorted(name for name in self.blobs if name.startswith(prefix))
        blobs = "".join(f"<Blob><Name>{escape(name)}</Name><Properties/></Blob>" for name in names)
        return web.Response(
            text=f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint='
            f'"{self.url}" ContainerName="{CONTAINER}"><Blobs>{blobs}</Blobs><NextMarker/>'
            "</EnumerationResults>",
            content_type="application/xml",
            headers=_HEADERS,
        )


_HEADERS = {"x-ms-request-id": REQUEST_ID, "x-ms-version": "2026-02-06"}


def refusal(status: int, code: str, **headers: str) -> web.Response:
    """An error as the service words it: code in header and body, request id in the message."""
    return web.Response(
        status=status,
        text=f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code>'
        f"<Message>Refused.\nRequestId:{REQUEST_ID}</Message></Error>",
        content_type="application/xml",
        headers=_HEADERS | {"x-ms-error-code": code} | headers,
    )


def answering(status: int, code: str, **headers: str) -> Fault:
    """A fault that refuses, without any effect."""

    async def fault(_: BlobService, __: web.Request) -> web.StreamResponse:
        return refusal(status, code, **headers)

    return fault


async def lose_the_answer(service: BlobService, request: web.Request) -> web.StreamResponse:
    """A fault after the effect: the request is carried out, and the connection breaks."""
    await service.answer(request)
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def connection_string(endpoint: str) -> str:
    """For the emulators' account at an endpoint."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
        f"BlobEndpoint={endpoint};"
    )


def blob_store(connection: str) -> EvidenceBlobs:
    """An evidence store on the container; between attempts it waits no time at all."""
    location = ContainerLocation(name=CONTAINER, account_url=None)
    return EvidenceBlobs(
        LoopLocal(
            lambda: container_by_connection(
                location, connection, CarefulTransport(), retry_base_s=0
            ),
            Container.aclose,
        )
    )


@asynccontextmanager
async def blob_service() -> AsyncIterator[BlobService]:
    """The service, for as long as the context lasts."""
    service = BlobService()
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{rest:.*}", service.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    service.url = f"http://{host}:{port}"
    try:
        yield service
    finally:
        await runner.cleanup()
