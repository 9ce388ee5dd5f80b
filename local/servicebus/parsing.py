"""Reading encoded messages, and the two changes a broker makes in them.

The sections come in a fixed order (AMQP 1.0, part 3, section 3.2). Only header, annotations and the
few properties the rules need are read; the rest passes through as bytes.
"""

from typing import Any
from uuid import uuid4

from local.servicebus.decoder import decode, decode_map
from local.servicebus.errors import BrokerError
from local.servicebus.messages import (
    ANNOTATIONS,
    APPLICATION_PROPERTIES,
    HEADER,
    PROPERTIES,
    Message,
)
from local.servicebus.values import encode_section

_LONGEST_TTL_MS = 922_337_203_685_477
"""The service's own longest time to live: what .NET can express."""

_EARLIEST_MS = -(2**63)
"""The earliest moment a timestamp can tell."""

_SENDER_ANNOTATIONS = frozenset(
    {
        "x-opt-partition-key",
        "x-opt-via-partition-key",
        "x-opt-scheduled-enqueue-time",
        "x-opt-deadletter-source",
    }
)
"""Annotations with the service's prefix that a sender may set; it owns the others."""

# Positions in the properties section.
_MESSAGE_ID, _ABSOLUTE_EXPIRY, _CREATED, _SESSION_ID = 0, 8, 9, 10


def parse_message(raw: bytes) -> Message:
    """The message a sender encoded.

    Raises:
        BrokerError: The bytes are not sections of a message.
        DecodeError: A section is not AMQP.
    """
    message = Message()
    offset = 0
    while offset < len(raw):
        if raw[offset : offset + 2] != b"\x00\x53":
            description = f"There is no message section at offset {offset}."
            raise BrokerError("amqp:decode-error", description)
        code = raw[offset + 2]
        # From the application properties on nothing concerns the broker, but it must be able to add
        # to them when it dead-letters the message: too late to find out that they are none.
        if code > PROPERTIES:
            if code == APPLICATION_PROPERTIES:
                decode_map(raw, offset + 3)
            break
        offset = _read_section(message, code, raw, offset)
    message.rest = raw[offset:]
    return message


def _read_section(message: Message, code: int, raw: bytes, offset: int) -> int:
    if code == ANNOTATIONS:
        annotations, end = decode_map(raw, offset + 3)
        _read_annotations(message, annotations)
        return end
    fields, end = decode(raw, offset + 3)
    if code == HEADER:
        _read_header(message, fields)
    elif code == PROPERTIES:
        message.properties = raw[offset:end]
        _read_properties(message, fields)
    return end


def _read_header(message: Message, fields: list[Any]) -> None:
    message.durable, message.priority, ttl_ms = (*fields, None, None, None)[:3]
    message.ttl_ms = _whole_number(ttl_ms, least=0)


def _read_annotations(message: Message, annotations: dict[Any, Any]) -> None:
    # A forged lock or sequence number would confuse whoever receives the message.
    message.annotations = {
        key: value
        for key, value in annotations.items()
        if key in _SENDER_ANNOTATIONS or not str(key).startswith("x-opt-")
    }
    due = annotations.get("x-opt-scheduled-enqueue-time")
    message.scheduled_ms = None if due is None else _whole_number(decode(due)[0])


def _read_properties(message: Message, fields: list[Any]) -> None:
    padded = fields + [None] * (_SESSION_ID + 1 - len(fields))
    message.message_id = padded[_MESSAGE_ID]
    message.session_id = padded[_SESSION_ID]
    expiry, created = _whole_number(padded[_ABSOLUTE_EXPIRY]), _whole_number(padded[_CREATED])
    # The header's ttl has 32 bits, about 49 days; senders that mean longer say it in these two.
    if expiry and created and expiry > created:
        message.ttl_ms = min(expiry - created, _LONGEST_TTL_MS)


def _whole_number(value: Any, *, least: int = _EARLIEST_MS) -> int | None:
    # Asked before anything is done with the message: where it fails later, a part of its batch is
    # in the queue already.
    if value is None or (isinstance(value, int) and value >= least):
        return value
    raise BrokerError("amqp:decode-error", f"{value!r} is no number of milliseconds.")


def stamp_message_id(message: Message) -> None:
    """Gives a message an id, as the service does for one without (service-bus 3.11)."""
    message.message_id = uuid4().hex
    fields = decode(message.properties, 3)[0] if message.properties else [None]
    message.properties = encode_section(PROPERTIES, [message.message_id, *fields[1:]])


def add_application_properties(message: Message, extra: dict[str, Any]) -> None:
    """Adds or replaces application properties."""
    present: dict[Any, Any] = {}
    end = 0
    if message.rest[:3] == b"\x00\x53\x74":
        present, end = decode_map(message.rest, 3)
    section = encode_section(APPLICATION_PROPERTIES, {**present, **extra})
    message.rest = section + message.rest[end:]
