"""A client's connection: bytes in, frames out (service-bus 3, points 1 and 2)."""

import asyncio
import struct
from collections.abc import Callable
from typing import Any, cast
from uuid import uuid4

from local.servicebus.channels import Channel, Router
from local.servicebus.decoder import DecodeError, decode
from local.servicebus.errors import BrokerError, StoreFaultError
from local.servicebus.faults import ConnectionCutError
from local.servicebus.liveness import ANNOUNCED_MS, Liveness
from local.servicebus.performatives import (
    AMQP_HEADER,
    EMPTY_FRAME,
    MAX_FRAME_SIZE,
    SASL_HEADER,
    Begin,
    Code,
    Open,
    encode_error,
    encode_frame,
    encode_sasl_frame,
)
from local.servicebus.timeline import Timeline
from local.servicebus.values import Array, ElementType, Symbol, UByte, UInt, UShort

_CHANNEL_MAX = 4999
_HEAD_SIZE = 8

_MOST_WAITING = 1024 * 1024
"""Bytes that may wait for a client that does not read. From there on it is neither heard nor sent
anything."""

# No peer may ask for smaller frames (AMQP 1.0, part 2, section 2.7.1).
_SMALLEST_FRAME_LIMIT = 512
# ANONYMOUS is what the Python client looks for, MSSBCBS the .NET one (service-bus 3.1).
_MECHANISMS = ("MSSBCBS", "PLAIN", "ANONYMOUS", "EXTERNAL")

# What a field of the wrong type or size raises, wherever it is used.
_CLIENTS_FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    struct.error,
)


class Connection(asyncio.Protocol):
    """One TCP connection.

    Args:
        router: Decides what links are for.
        before_write: Runs before bytes leave; makes what they promise permanent, or raises
            StoreFaultError.
        connections: Where the connection is listed while it lasts.
        timeline: Clock and scheduler.
        idle_timeout_ms: How much silence the client is told not to exceed.
    """

    def __init__(
        self,
        router: Router,
        before_write: Callable[[], None],
        connections: "set[Connection]",
        *,
        timeline: Timeline,
        idle_timeout_ms: int = ANNOUNCED_MS,
    ) -> None:
        # Until the client says more, the least that it must be able to take.
        self.remote_max_frame_size = _SMALLEST_FRAME_LIMIT
        self._router = router
        self._before_write = before_write
        self._connections = connections
        self._input = bytearray()
        self._output: list[bytes] = []
        self._output_size = 0
        self._is_paused = False
        self._expects_header = True
        self._was_closed = False
        self._channels: dict[int, Channel] = {}
        self._transport: asyncio.Transport
        self._idle_timeout_ms = idle_timeout_ms
        self._liveness = Liveness(
            timeline, idle_timeout_ms, beat=self._send_beat, give_up=self._give_up
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_MOST_WAITING)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone; what it held is given back, at once."""
        self._connections.discard(self)
        self._liveness.stop()
        self._router.close()
        # The client's half of an orderly end is the close frame; without it, or with an error, what
        # it held was cut off in the middle of something.
        for channel in self._channels.values():
            channel.dropped(is_orderly=self._was_closed and exc is None)
        self._channels.clear()

    def abort(self) -> None:
        """Cuts the connection without a word."""
        # What waits to be sent goes too: the point of a cut is an answer that never came.
        self._take_output()
        self._transport.abort()

    @property
    def is_congested(self) -> bool:
        """Whether the client has to read before it is sent more messages."""
        return self._is_paused or self._output_size >= _MOST_WAITING

    def pause_writing(self) -> None:
        """The client reads more slowly than it asks; its requests wait where they are."""
        self._is_paused = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has read enough to be heard again."""
        self._is_paused = False
        self._transport.resume_reading()
        self._go_on()

    def send_frame(self, channel: int, code: Code, fields: list[Any], payload: bytes = b"") -> None:
        """Sends a frame, together with whatever else this turn of the loop sends."""
        self._write(encode_frame(channel, code, fields, payload))

    def data_received(self, data: bytes) -> None:
        """Takes what has come, frame by frame."""
        self._liveness.heard()
        self._input += data
        self._take_all()

    def _take_all(self) -> None:
        try:
            # Between two frames: what one of them asks for is done as a whole.
            while self._is_listening() and self._take_one():
                pass
        except ConnectionCutError:
            self.abort()
        except (BrokerError, *_CLIENTS_FAULTS) as error:
            # Whatever a client does wrong ends its connection, with the reason, and no other. Types
            # are not checked field by field: a wrong one fails where it is used.
            self._fail(error)

    def _is_listening(self) -> bool:
        return not self.is_congested and not self._transport.is_closing()

    def _take_one(self) -> bool:
        size = self._next_size()
        if size is None or len(self._input) < size:
            return False
        piece = bytes(self._input[:size])
        del self._input[:size]
        if self._expects_header:
            self._on_header(piece)
        else:
            self._on_frame(piece)
        return True

    def _next_size(self) -> int | None:
        if len(self._input) < _HEAD_SIZE:
            return None
        if self._expects_header:
            return _HEAD_SIZE
        # Checked before the rest is waited for: a wrong length would be waited for for ever.
        size = int.from_bytes(self._input[:4])
        if not _HEAD_SIZE <= size <= MAX_FRAME_SIZE:
            message = f"A frame of {size} bytes is outside {_HEAD_SIZE} to {MAX_FRAME_SIZE}."
            raise DecodeError(message)
        return size

    def _on_header(self, header: bytes) -> None:
        if header == SASL_HEADER:
            mechanisms = [Symbol(name) for name in _MECHANISMS]
            self._write(SASL_HEADER)
            offer = [Array(ElementType.SYMBOL, mechanisms)]
            self._write(encode_sasl_frame(Code.SASL_MECHANISMS, offer))
        elif header == AMQP_HEADER:
            self._write(AMQP_HEADER)
        else:
            # The answer to another protocol is the one we speak (AMQP 1.0, part 2, section 2.2).
            self._transport.write(AMQP_HEADER)
            self._transport.close()
        self._expects_header = False

    def _on_frame(self, frame: bytes) -> None:
        # The header may be longer than it is today; the frame says where its body starts.
        body = frame[4] * 4
        if len(frame) == body:
            return
        performative, end = decode(frame, body)
        code, fields = performative.descriptor, performative.value
        if frame[5] == 1:
            self._on_sasl(code)
        elif code in {Code.OPEN, Code.BEGIN, Code.END, Code.CLOSE}:
            self._on_connection_frame(int.from_bytes(frame[6:8]), code, fields)
        else:
            channel = self._channels.get(int.from_bytes(frame[6:8]))
            # Frames may still arrive for a channel that has just ended.
            if channel is not None:
                channel.on_frame(code, fields, frame[end:])

    def _on_sasl(self, code: int) -> None:
        # Any mechanism will do: tokens are checked later, link by link ($cbs).
        if code == Code.SASL_INIT:
            self._write(encode_sasl_frame(Code.SASL_OUTCOME, [UByte(0)]))
            # After SASL the client starts over with the plain protocol header.
            self._expects_header = True

    def _on_connection_frame(self, number: int, code: int, fields: list[Any]) -> None:
        match code:
            case Code.OPEN:
                self._on_open(Open(*fields))
            case Code.BEGIN:
                self._on_begin(number, Begin(*fields))
            case Code.END:
                self._on_end(number)
            case _:
                self._on_close()

    def _on_open(self, request: Open) -> None:
        limit = request.max_frame_size or MAX_FRAME_SIZE
        # A client that states less than it must take is not obeyed: a transfer would have no room
        # for a single byte of its message.
        self.remote_max_frame_size = max(min(limit, MAX_FRAME_SIZE), _SMALLEST_FRAME_LIMIT)
        answer = [
            f"vaultlift-servicebus-{uuid4().hex[:8]}",
            None,
            UInt(MAX_FRAME_SIZE),
            UShort(_CHANNEL_MAX),
            UInt(self._idle_timeout_ms),
        ]
        self.send_frame(0, Code.OPEN, answer)
        if request.idle_timeout_ms:
            self._liveness.send_beats(request.idle_timeout_ms)

    def _on_begin(self, number: int, request: Begin) -> None:
        if number in self._channels:
            raise BrokerError("amqp:not-allowed", f"Channel {number} has begun already.")
        self._channels[number] = Channel(self, number, request, self._router)

    def _on_end(self, number: int) -> None:
        channel = self._channels.pop(number, None)
        # One that we have ended was dropped then; this is the client's answer.
        if channel is not None and not channel.is_ended:
            channel.dropped(is_orderly=True)
            self.send_frame(number, Code.END, [])

    def _on_close(self) -> None:
        self._was_closed = True
        self.send_frame(0, Code.CLOSE, [])
        self._flush()
        self._transport.close()

    def _fail(self, error: Exception) -> None:
        refusal = error
        if not isinstance(refusal, BrokerError):
            refusal = BrokerError("amqp:connection:framing-error", str(error))
        self.send_frame(0, Code.CLOSE, [encode_error(refusal)])
        self._flush()
        self._transport.close()

    def _send_beat(self) -> None:
        self._write(EMPTY_FRAME)

    def _give_up(self, why: str) -> None:
        # The service's condition for a connection that has gone quiet. Whoever does not speak any
        # more may not listen either, so the farewell is not waited for.
        self._fail(BrokerError("amqp:connection:forced", why))
        self._transport.abort()

    # One write per turn of the loop: a hundred acknowledgements share one commit and one packet.
    def _write(self, data: bytes) -> None:
        if not self._output:
            asyncio.get_running_loop().call_soon(self._flush)
        self._output.append(data)
        self._output_size += len(data)

    def _flush(self) -> None:
        was_congested = self.is_congested
        if self._output and not self._transport.is_closing():
            # What these bytes say has happened must survive a kill right after.
            try:
                self._before_write()
            except StoreFaultError:
                self.abort()
                return
            self._transport.write(self._take_output())
        self._take_output()
        # Where the system took everything at once, nothing else says that there is room again. In a
        # turn of its own: whoever flushes may be about to close.
        if was_congested and not self.is_congested:
            asyncio.get_running_loop().call_soon(self._go_on)

    def _take_output(self) -> bytes:
        data = b"".join(self._output)
        self._output.clear()
        self._output_size = 0
        return data

    def _go_on(self) -> None:
        if not self._is_listening():
            return
        for channel in list(self._channels.values()):
            channel.pump()
        self._take_all()
