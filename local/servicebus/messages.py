"""A message: what the sender wrote, kept byte for byte, and what the broker knows about it.

The sections of an encoded message come in a fixed order (AMQP 1.0, part 3, section 3.2). Header and
message annotations belong to the broker and are rebuilt for each delivery; properties, application
properties and body pass through unread, but for the few properties the rules need.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any
from uuid import UUID, uuid4

from local.servicebus.amqp_types import Long, Symbol, Timestamp, UInt
from local.servicebus.decoder import decode
from local.servicebus.encoder import encode_section
from local.servicebus.errors import BrokerError
from local.servicebus.timeline import Timer

HEADER = 0x70
ANNOTATIONS = 0x72
PROPERTIES = 0x73
APPLICATION_PROPERTIES = 0x74
DATA = 0x75
VALUE = 0x77

_UINT_MAX = 0xFFFFFFFF

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


class MessageState(IntEnum):
    """Where a message stands, as ``x-opt-message-state`` says it on the wire."""

    ACTIVE = 0
    DEFERRED = 1
    SCHEDULED = 2


@dataclass(slots=True, eq=False)
class Lock:
    """A receiver's exclusive right to settle one message."""

    until_ms: int
    """Expiry; with sessions, that of the session's lock."""
    token: UUID = field(default_factory=uuid4)
    timer: Timer | None = None
    """What ends the lock; None with sessions, whose own timer ends all of theirs."""


@dataclass(slots=True, eq=False)
class Message:
    """One message in a queue."""

    durable: bool | None = None
    priority: int | None = None
    ttl_ms: int | None = None
    annotations: dict[Any, Any] = field(default_factory=dict)
    """The sender's own annotations, without those the broker sets."""
    properties: bytes = b""
    """The encoded properties section, or nothing."""
    rest: bytes = b""
    """Everything behind it, encoded: application properties, body, footer."""
    message_id: Any = None
    session_id: str | None = None
    scheduled_ms: int | None = None

    sequence_number: int = 0
    enqueued_ms: int = 0
    expires_ms: int | None = None
    delivery_count: int = 0
    state: MessageState = MessageState.ACTIVE
    lock: Lock | None = None
    timer: Timer | None = None
    """What activates a scheduled message, or expires one with a time to live."""
    is_gone: bool = False
    """Removed from its queue; set so that stale entries in waiting lists are recognised."""

    @property
    def is_ready(self) -> bool:
        """Whether a receiver may have it now."""
        return self.state is MessageState.ACTIVE and self.lock is None and not self.is_gone

    def encode_for_delivery(self) -> bytes:
        """The message as a receiver gets it."""
        annotations = dict(self.annotations)
        annotations[Symbol("x-opt-sequence-number")] = Long(self.sequence_number)
        annotations[Symbol("x-opt-enqueued-time")] = Timestamp(self.enqueued_ms)
        annotations[Symbol("x-opt-message-state")] = Long(self.state)
        if self.lock is not None:
            annotations[Symbol("x-opt-locked-until")] = Timestamp(self.lock.until_ms)
        return self._encode(annotations)

    def encode_for_store(self) -> bytes:
        """The message as the sender wrote it, in the form :func:`parse_message` reads."""
        return self._encode(self.annotations)

    def _encode(self, annotations: dict[Any, Any]) -> bytes:
        ttl = None if self.ttl_ms is None else UInt(min(self.ttl_ms, _UINT_MAX))
        header = [self.durable, self.priority, ttl, None, UInt(self.delivery_count)]
        head = encode_section(HEADER, header)
        return head + encode_section(ANNOTATIONS, annotations) + self.properties + self.rest

    def stamp_message_id(self) -> None:
        """Gives the message an id as the service does when the sender set none (service-bus 3.11)."""
        self.message_id = uuid4().hex
        fields = decode(self.properties, 3)[0] if self.properties else [None]
        self.properties = encode_section(PROPERTIES, [self.message_id, *fields[1:]])

    def add_application_properties(self, extra: dict[str, Any]) -> None:
        """Adds or replaces application properties."""
        present: dict[Any, Any] = {}
        end = 0
        if self.rest[:3] == b"\x00\x53\x74":
            present, end = decode(self.rest, 3)
        section = encode_section(APPLICATION_PROPERTIES, {**present, **extra})
        self.rest = section + self.rest[end:]


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
        if code > PROPERTIES:
            break
        value, end = decode(raw, offset + 3)
        if code == HEADER:
            _read_header(message, value)
        elif code == ANNOTATIONS:
            _read_annotations(message, value)
        elif code == PROPERTIES:
            message.properties = raw[offset:end]
            _read_properties(message, value)
        offset = end
    message.rest = raw[offset:]
    return message


def _read_header(message: Message, fields: list[Any]) -> None:
    message.durable, message.priority, message.ttl_ms = (*fields, None, None, None)[:3]


def _read_annotations(message: Message, annotations: dict[Any, Any]) -> None:
    message.annotations = {
        key: value
        for key, value in annotations.items()
        if key in _SENDER_ANNOTATIONS or not str(key).startswith("x-opt-")
    }
    message.scheduled_ms = annotations.get("x-opt-scheduled-enqueue-time")


def _read_properties(message: Message, fields: list[Any]) -> None:
    padded = fields + [None] * (_SESSION_ID + 1 - len(fields))
    message.message_id = padded[_MESSAGE_ID]
    message.session_id = padded[_SESSION_ID]
    expiry, created = padded[_ABSOLUTE_EXPIRY], padded[_CREATED]
    # The header's ttl has 32 bits, about 49 days; senders that mean longer say it in these two.
    if expiry and created and expiry > created:
        message.ttl_ms = expiry - created
