"""A client that speaks AMQP by hand, to say what the client library never would."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from local.servicebus.authorization import AccessKey, Authorization
from local.servicebus.connection import Connection
from local.servicebus.decoder import decode
from local.servicebus.faults import Faults
from local.servicebus.messages import APPLICATION_PROPERTIES, PROPERTIES, VALUE
from local.servicebus.performatives import (
    AMQP_HEADER,
    SASL_HEADER,
    Attach,
    Code,
    Disposition,
    Flow,
    Transfer,
    encode_frame,
    encode_sasl_frame,
    outcome,
)
from local.servicebus.routing import ConnectionRouter
from local.servicebus.values import Described, Symbol, UInt, ULong, encode_section
from tests.unit.servicebus.broker_fakes import QUEUE, Bench

CHANNEL = 1
REQUEST_ID = UUID(int=7)
SESSION_FILTER = Symbol("com.microsoft:session-filter")


@dataclass(frozen=True)
class Response:
    correlation_id: Any
    properties: dict[str, Any]
    body: Any


class FakeTransport:
    """Keeps what is written; knows whether it was closed or cut."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.is_closed = False
        self.is_cut = False
        self.is_reading = True

    def set_write_buffer_limits(self, high: int) -> None:
        """Nothing waits here unless a test says so."""

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.is_closed or self.is_cut

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_cut = True


class WireClient:
    """One connection to a queue, frame by frame."""

    def __init__(
        self,
        bench: Bench,
        *,
        access_key: AccessKey | None = None,
        faults: Faults | None = None,
        before_write: Callable[[], None] = lambda: None,
    ) -> None:
        authorization = Authorization(access_key, bench.timeline)
        self.faults = faults or Faults()
        self.connections: set[Connection] = set()
        router = ConnectionRouter(bench.namespace, authorization, self.faults)
        self.connection = Connection(
            router, before_write, self.connections, timeline=bench.timeline
        )
        self.transport = FakeTransport()
        self.connection.connection_made(self.transport)
        self._deliveries = 0

    async def say(self, data: bytes) -> list[tuple[int, list[Any], bytes]]:
        """Sends bytes; gives the frames that come back, as code, fields and payload."""
        self.transport.written.clear()
        self.connection.data_received(data)
        return await self.hear()

    async def hear(self) -> list[tuple[int, list[Any], bytes]]:
        """The frames that have come since the last were heard."""
        await asyncio.sleep(0)
        data, self.transport.written = bytes(self.transport.written), bytearray()
        return [*read_frames(data)]

    async def frame(self, code: Code, *fields: Any, payload: bytes = b"") -> list[Any]:
        """Sends a frame on the one channel."""
        return await self.say(encode_frame(CHANNEL, code, list(fields), payload))

    async def open(self, max_frame_size: int = 65536, window: int = 1000) -> None:
        """Everything up to the first attach."""
        await self.say(SASL_HEADER)
        await self.say(encode_sasl_frame(Code.SASL_INIT, [Symbol("ANONYMOUS")]))
        await self.say(AMQP_HEADER)
        await self.say(encode_frame(0, Code.OPEN, ["me", "host", UInt(max_frame_size)]))
        await self.frame(Code.BEGIN, None, UInt(0), UInt(window), UInt(1000))

    async def attach(
        self,
        handle: int,
        address: str = QUEUE,
        *,
        receives: bool,
        filters: dict[Any, Any] | None = None,
        properties: dict[Any, Any] | None = None,
        settled: bool = False,
    ) -> list[Any]:
        """Attaches a link; gives the answers."""
        source = Described(ULong(0x28), [address if receives else None, *[None] * 6, filters])
        target = Described(ULong(0x29), [None if receives else address])
        fields = Attach(
            name=f"link-{handle}",
            handle=UInt(handle),
            is_receiver=receives,
            sender_settle_mode=UInt(1 if settled else 0),
            source=source,
            target=target,
            properties=properties,
        )
        return await self.frame(Code.ATTACH, *fields)

    async def transfer(self, handle: int, raw: bytes, *, more: bool = False) -> list[Any]:
        """Sends a message, or a part of one."""
        self._deliveries += 1
        tag = str(self._deliveries).encode()
        fields = [UInt(handle), UInt(self._deliveries), tag, UInt(0), False, more]
        return await self.frame(Code.TRANSFER, *fields, payload=raw)

    async def flow(
        self, handle: int, credit: int, *, seen: int = 0, drain: bool = False, echo: bool = False
    ) -> Any:
        """Asks for messages."""
        window = [UInt(0), UInt(1000), UInt(0), UInt(1000)]
        return await self.frame(
            Code.FLOW, *window, UInt(handle), UInt(seen), UInt(credit), None, drain, echo
        )

    async def judge(self, first: int, last: int | None, state: Described) -> list[Any]:
        """Says what becomes of deliveries."""
        to = None if last is None else UInt(last)
        verdict = Disposition(
            is_receiver=True, first=UInt(first), last=to, settled=False, state=state
        )
        return await self.frame(Code.DISPOSITION, *verdict)

    async def request(self, handle: int, operation: str, body: Any) -> Response:
        """Sends a management or token request; gives the response."""
        properties = {"operation": operation}
        raw = encode_section(PROPERTIES, [REQUEST_ID])
        raw += encode_section(APPLICATION_PROPERTIES, properties) + encode_section(VALUE, body)
        frames = await self.transfer(handle, raw)
        (raw,) = [payload for code, _fields, payload in frames if code == Code.TRANSFER]
        return read_response(raw)

    def lose(self) -> None:
        """The connection breaks."""
        self.connection.connection_lost(None)


def read_frames(data: bytes) -> Any:
    """Every frame in a stream, protocol headers left out."""
    while data:
        if data[:4] == b"AMQP":
            data = data[8:]
            continue
        size = int.from_bytes(data[:4])
        if size > 8:
            performative, end = decode(data, data[4] * 4)
            yield Code(performative.descriptor), performative.value, data[end:size]
        data = data[size:]


def read_response(raw: bytes) -> Response:
    """A response message."""
    sections: dict[int, Any] = {}
    offset = 0
    while offset < len(raw):
        section, offset = decode(raw, offset)
        sections[section.descriptor] = section.value
    properties = sections[APPLICATION_PROPERTIES]
    return Response(sections[PROPERTIES][5], properties, sections[VALUE])


def transfers(frames: list[Any]) -> list[Transfer]:
    """The transfer frames."""
    return [Transfer(*fields) for code, fields, _payload in frames if code == Code.TRANSFER]


def dispositions(frames: list[Any]) -> list[Disposition]:
    """The disposition frames."""
    return [Disposition(*fields) for code, fields, _ in frames if code == Code.DISPOSITION]


def flows(frames: list[Any]) -> list[Flow]:
    """The flow frames."""
    return [Flow(*fields) for code, fields, _payload in frames if code == Code.FLOW]


def codes(frames: list[Any]) -> list[Code]:
    """What kinds of frames came, in order."""
    return [code for code, _fields, _payload in frames]


def error_of(frames: list[Any]) -> tuple[str, str]:
    """Condition and description of the error in the last frame."""
    _code, fields, _payload = frames[-1]
    (error,) = [field for field in fields if isinstance(field, Described)]
    return error.value[0], error.value[1]


ACCEPTED = outcome(Code.ACCEPTED)
