"""The frames of AMQP 1.0: performatives by name (OASIS AMQP 1.0, part 2, section 2.7).

Incoming ones are named tuples in wire order, so that a short list of fields fills up with None.
Outgoing ones are plain field lists: most are sent once, from one place.
"""

import struct
from enum import IntEnum
from typing import Any, NamedTuple

from local.servicebus.errors import BrokerError
from local.servicebus.values import Described, Symbol, ULong, encode

AMQP_HEADER = b"AMQP\x00\x01\x00\x00"
SASL_HEADER = b"AMQP\x03\x01\x00\x00"
EMPTY_FRAME = b"\x00\x00\x00\x08\x02\x00\x00\x00"
"""A heartbeat."""

# Larger than any message here: a client that allows it gets each in one frame.
MAX_FRAME_SIZE = 1024 * 1024
MAX_MESSAGE_SIZE = 256 * 1024
"""The limit of the service's Standard tier, in bytes."""

_HALF_OF_32_BITS = 0x80000000
_FRAME_HEAD = struct.Struct(">IBBH")


class Code(IntEnum):
    """Descriptor codes of performatives and delivery outcomes."""

    OPEN = 0x10
    BEGIN = 0x11
    ATTACH = 0x12
    FLOW = 0x13
    TRANSFER = 0x14
    DISPOSITION = 0x15
    DETACH = 0x16
    END = 0x17
    CLOSE = 0x18
    ERROR = 0x1D
    ACCEPTED = 0x24
    REJECTED = 0x25
    RELEASED = 0x26
    MODIFIED = 0x27
    SOURCE = 0x28
    SASL_MECHANISMS = 0x40
    SASL_INIT = 0x41
    SASL_OUTCOME = 0x44


# Types are not checked here: a field is looked at where it is used, and most never are.
class Open(NamedTuple):
    """A connection begins."""

    container_id: Any = None
    hostname: Any = None
    max_frame_size: Any = None
    channel_max: Any = None
    idle_timeout_ms: Any = None
    outgoing_locales: Any = None
    incoming_locales: Any = None
    offered_capabilities: Any = None
    desired_capabilities: Any = None
    properties: Any = None


class Begin(NamedTuple):
    """A channel begins."""

    remote_channel: Any = None
    next_outgoing_id: Any = None
    incoming_window: Any = None
    outgoing_window: Any = None
    handle_max: Any = None
    offered_capabilities: Any = None
    desired_capabilities: Any = None
    properties: Any = None


class Attach(NamedTuple):
    """A link begins."""

    name: Any = None
    handle: Any = None
    is_receiver: Any = None
    sender_settle_mode: Any = None
    receiver_settle_mode: Any = None
    source: Any = None
    target: Any = None
    unsettled: Any = None
    incomplete_unsettled: Any = None
    initial_delivery_count: Any = None
    max_message_size: Any = None
    offered_capabilities: Any = None
    desired_capabilities: Any = None
    properties: Any = None


class Flow(NamedTuple):
    """Credit, on a link or for the whole channel."""

    next_incoming_id: Any = None
    incoming_window: Any = None
    next_outgoing_id: Any = None
    outgoing_window: Any = None
    handle: Any = None
    delivery_count: Any = None
    link_credit: Any = None
    available: Any = None
    drain: Any = None
    echo: Any = None
    properties: Any = None


class Transfer(NamedTuple):
    """A message, or a part of one."""

    handle: Any = None
    delivery_id: Any = None
    delivery_tag: Any = None
    message_format: Any = None
    settled: Any = None
    more: Any = None
    receiver_settle_mode: Any = None
    state: Any = None
    resume: Any = None
    aborted: Any = None
    batchable: Any = None


class Disposition(NamedTuple):
    """What one side says about deliveries."""

    is_receiver: Any = None
    first: Any = None
    last: Any = None
    settled: Any = None
    state: Any = None
    batchable: Any = None


class Detach(NamedTuple):
    """A link ends."""

    handle: Any = None
    closed: Any = None
    error: Any = None


def serial_difference(later: int, earlier: int) -> int:
    """How far a 32-bit counter that wraps around has come; negative if it is behind (RFC 1982)."""
    distance = (later - earlier) & 0xFFFFFFFF
    return distance if distance < _HALF_OF_32_BITS else distance - 2 * _HALF_OF_32_BITS


def encode_frame(channel: int, code: Code, fields: list[Any], payload: bytes = b"") -> bytes:
    """An AMQP frame; trailing fields that are None are left out."""
    return _encode_frame(0, channel, code, fields, payload)


def encode_sasl_frame(code: Code, fields: list[Any]) -> bytes:
    """A frame of the SASL exchange that opens a connection."""
    return _encode_frame(1, 0, code, fields, b"")


def _encode_frame(
    frame_type: int, channel: int, code: Code, fields: list[Any], payload: bytes
) -> bytes:
    # The list was made for this frame alone; nobody minds that it gets shorter.
    while fields and fields[-1] is None:
        fields.pop()
    body = b"\x00\x53" + bytes((code,)) + encode(fields) + payload
    # The head has 8 bytes, told once in bytes as part of the size, and once in words of four as the
    # data offset: there is no extended header (AMQP 1.0, part 2, section 2.3).
    return _FRAME_HEAD.pack(len(body) + 8, 2, frame_type, channel) + body


# Fields by position, as on the wire: outcomes have at most three.
def outcome(code: Code, *fields: Any) -> Described:
    """A delivery outcome."""
    return Described(ULong(code), list(fields))


def encode_error(error: BrokerError) -> Described:
    """The AMQP form of a refusal."""
    # The empty third field must be there: the client library reads it by position.
    return outcome(Code.ERROR, Symbol(error.condition), error.description, None)
