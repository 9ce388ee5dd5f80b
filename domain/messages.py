"""Messages that did not become a run: those refused at the door, and those that broke something.

A message that can never be used goes to the rejected queue with the reason, and counts as taken.
One whose handling failed is delivered again and, after some tries, dead-lettered by the queue.
Both can be looked at and replayed; a replay is a new message that names the old one.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LONGEST_REASON = 4_000
"""Characters of a reason; it travels as a property, and those are limited in size."""

SHORTEST_REASON = 100
"""Characters of a reason where the message itself leaves no room for more."""


class MessageBox(StrEnum):
    """Where such messages are kept."""

    REJECTED = "rejected"
    DEAD_LETTER = "dead-letter"


@dataclass(frozen=True, kw_only=True)
class QueueMessage:
    """A message as the trigger receives it."""

    body: bytes
    message_id: str
    session_id: str
    sequence_number: int
    """Given by the queue, in the order of arrival; a redelivery keeps it."""
    delivery_count: int
    """From 1."""


@dataclass(frozen=True, kw_only=True)
class KeptMessage:
    """One message of a box."""

    box: MessageBox
    sequence_number: int
    """In the box; names the message for a replay."""
    message_id: str
    session_id: str | None
    """Of the message that was sent."""
    reason: str
    description: str
    body: str
    """As text; what is not UTF-8 is shown with replacement characters."""
    enqueued_at: datetime | None
    """When it was sent, or its copy was; UTC."""
    delivery_count: int
    original_id: str
    """Of the message that was refused or failed."""
    replay_of: str | None
    """The message this one was a replay of."""


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """One message sent anew."""

    sequence_number: int
    """In the box, which it has left."""
    original_id: str
    message_id: str
    """Of the new message."""


def rejected_id(message: QueueMessage) -> str:
    """The id of the copy in the rejected queue: a message refused twice is there once."""
    return _digest(message.message_id, "rejected", message.sequence_number)


def replay_id(original_id: str, sequence_number: int) -> str:
    """The id of a replay; a replay that died half-way sends the same one again."""
    return _digest(original_id, "replay", sequence_number)


def _digest(message_id: str, what: str, sequence_number: int) -> str:
    # With the queue's own number: message ids are the senders' choice, and where one is used twice
    # the copies must not be taken for duplicates of each other.
    return hashlib.sha256(f"{message_id}|{what}|{sequence_number}".encode()).hexdigest()
