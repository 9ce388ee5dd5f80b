"""Service Bus messages as trigger values: the body, and metadata under the extension's names.

The runtime tells one message from many by the presence of ``UserProperties`` or
``UserPropertiesArray``; without either it refuses (service-bus 5).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from .messages import ByteCollection, TypedData


class Message(Protocol):
    """What is read of a received message; the SDK's own class has it all."""

    @property
    def body(self) -> Any:
        """Data sections, or a single value."""
        ...

    @property
    def message_id(self) -> str | None:
        """The sender's id."""
        ...

    @property
    def session_id(self) -> str | None:
        """The session it belongs to."""
        ...

    @property
    def delivery_count(self) -> int | None:
        """Deliveries before this one."""
        ...


# Left the extension's name, which apps read; right the SDK's.
_TEXT_FIELDS = {
    "ContentType": "content_type",
    "CorrelationId": "correlation_id",
    "DeadLetterErrorDescription": "dead_letter_error_description",
    "DeadLetterReason": "dead_letter_reason",
    "DeadLetterSource": "dead_letter_source",
    "Label": "subject",
    "MessageId": "message_id",
    "PartitionKey": "partition_key",
    "ReplyTo": "reply_to",
    "ReplyToSessionId": "reply_to_session_id",
    "SessionId": "session_id",
    "Subject": "subject",
    "To": "to",
}
_TIME_FIELDS = {
    "EnqueuedTimeUtc": "enqueued_time_utc",
    "ExpiresAtUtc": "expires_at_utc",
    "LockedUntil": "locked_until_utc",
}


def to_value(messages: Sequence[Message], *, is_batch: bool) -> TypedData:
    """The trigger's value: one body, or all of them."""
    bodies = [body_of(message) for message in messages]
    if is_batch:
        return TypedData(collection_bytes=ByteCollection(bodies))
    return TypedData(bytes=bodies[0])


def to_metadata(messages: Sequence[Message], *, is_batch: bool) -> dict[str, TypedData]:
    """The trigger's metadata; for a batch every name ends in ``Array`` and holds one entry each."""
    columns = [fields_of(message) for message in messages]
    if is_batch:
        # Nothing is left out of a batch: the n-th entry of every column is the n-th message.
        return {f"{name}Array": _json([one[name] for one in columns]) for name in columns[0]}
    return {name: _json(value) for name, value in columns[0].items() if value is not None}


def fields_of(message: Message) -> dict[str, Any]:
    """The metadata of one message as plain JSON values."""
    properties = _properties(getattr(message, "application_properties", None) or {})
    fields: dict[str, Any] = {
        # 1 for the first delivery, as .NET counts; the Python SDK counts from 0.
        "DeliveryCount": (message.delivery_count or 0) + 1,
        "SequenceNumber": getattr(message, "sequence_number", None) or 0,
        "EnqueuedSequenceNumber": getattr(message, "enqueued_sequence_number", None) or 0,
        "State": int(getattr(message, "state", None) or 0),
        "LockToken": _text(getattr(message, "lock_token", None)),
        # Twice: old bindings read the second name, and the runtime decides by it (service-bus 5).
        "ApplicationProperties": properties,
        "UserProperties": properties,
    }
    fields |= {name: _text(getattr(message, of, None)) for name, of in _TEXT_FIELDS.items()}
    fields |= {name: _iso(getattr(message, of, None)) for name, of in _TIME_FIELDS.items()}
    return fields


def body_of(message: Message) -> bytes:
    """The body's bytes; a value body that is not bytes is taken as text."""
    body = message.body
    if isinstance(body, bytes):
        return body
    if body is None:
        return b""
    # Data sections come one by one. A map could be gone through as well, and would give its keys.
    if isinstance(body, str | Mapping) or not isinstance(body, Iterable):
        return str(body).encode()
    return b"".join(part if isinstance(part, bytes) else str(part).encode() for part in body)


def _properties(given: Mapping[Any, Any]) -> dict[str, Any]:
    return {_key(name): _plain(value) for name, value in given.items()}


def _key(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _plain(value: Any) -> Any:
    # AMQP texts of some clients arrive as bytes, which JSON cannot carry.
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _json(value: Any) -> TypedData:
    return TypedData(json=json.dumps(value))
