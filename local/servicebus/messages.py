"""A message: what the sender wrote, kept byte for byte, and what the broker knows about it.

Header and message annotations belong to the broker and are rebuilt for each delivery; properties,
application properties and body leave as they came (AMQP 1.0, part 3, section 3.2).
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any
from uuid import UUID, uuid4

from local.servicebus.timeline import Timer
from local.servicebus.values import Long, Symbol, Timestamp, UInt, encode_section

HEADER = 0x70
ANNOTATIONS = 0x72
PROPERTIES = 0x73
APPLICATION_PROPERTIES = 0x74
DATA = 0x75
VALUE = 0x77

_UINT_MAX = 0xFFFFFFFF


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


# By identity: messages may look alike, and sets of them must keep them apart.
@dataclass(slots=True, eq=False)
class Message:
    """One message in a queue."""

    durable: bool | None = None
    priority: int | None = None
    ttl_ms: int | None = None
    annotations: dict[Any, Any] = field(default_factory=dict)
    """The sender's own annotations, encoded, without those the broker sets."""
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
        # A copy: what one delivery adds must not be kept with the message.
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
        # The header has 32 bits for it; a longer life is also in the properties, which pass
        # through.
        ttl = None if self.ttl_ms is None else UInt(min(self.ttl_ms, _UINT_MAX))
        # The first acquirer is left out: the delivery count says as much.
        header = [self.durable, self.priority, ttl, None, UInt(self.delivery_count)]
        head = encode_section(HEADER, header)
        return head + encode_section(ANNOTATIONS, annotations) + self.properties + self.rest
