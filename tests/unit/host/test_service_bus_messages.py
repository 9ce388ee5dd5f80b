"""Messages as trigger values, read back with the library's own converter."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from azure.functions import meta
from azure.functions.servicebus import ServiceBusMessageInConverter

from local.host.messages import TypedData
from local.host.service_bus_messages import body_of, fields_of, to_metadata, to_value

WHEN = datetime(2026, 11, 23, 12, tzinfo=UTC)
LOCK = UUID("7d7e3b8e-3c1b-4b65-9a43-1f2d6c0a9b11")


def received(**members: Any) -> SimpleNamespace:
    """A received message as the SDK gives it."""
    given = {
        "body": [b"part one, ", b"part two"],
        "message_id": "m",
        "session_id": "s",
        "correlation_id": "c",
        "delivery_count": 0,
        "sequence_number": 7,
        "enqueued_time_utc": WHEN,
        "locked_until_utc": WHEN,
        "lock_token": LOCK,
        "application_properties": {b"attempt": 3, "raw": b"x", "when": WHEN, "lock": LOCK},
        "state": 0,
        "subject": "vault",
    }
    return SimpleNamespace(**{**given, **members})


def decoded(messages: list[Any], *, is_batch: bool) -> Any:
    """What a function would be given."""
    value = to_value(messages, is_batch=is_batch)
    metadata = {
        name: meta.Datum(data.value, data.kind)
        for name, data in to_metadata(messages, is_batch=is_batch).items()
    }
    datum = meta.Datum(value.value, value.kind)
    return ServiceBusMessageInConverter.decode(datum, trigger_metadata=metadata)


def test_a_message_is_read_as_in_azure():
    """Body, ids, times and properties; deliveries are counted from 1."""
    message = decoded([received()], is_batch=False)

    assert message.get_body() == b"part one, part two"
    assert (message.message_id, message.session_id, message.correlation_id) == ("m", "s", "c")
    assert (message.delivery_count, message.sequence_number, message.label) == (1, 7, "vault")
    assert (message.enqueued_time_utc, message.lock_token) == (WHEN, str(LOCK))
    assert message.application_properties == {
        "attempt": 3,
        "raw": "x",
        "when": WHEN.isoformat(),
        "lock": str(LOCK),
    }


def test_a_batch_is_a_list_of_messages():
    """Each message has its own members, absent ones too."""
    messages = decoded([received(), received(message_id="n", session_id=None)], is_batch=True)

    assert [one.message_id for one in messages] == ["m", "n"]
    assert [one.session_id for one in messages] == ["s", None]
    assert messages[1].get_body() == b"part one, part two"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"raw", b"raw"),
        ("text", b"text"),
        (None, b""),
        ([b"a", b"b"], b"ab"),
        ([1, "x"], b"1x"),
        (5, b"5"),
        (True, b"True"),
        ({"a": 1}, b"{'a': 1}"),
    ],
)
def test_bodies_of_every_form_are_bytes(body: Any, expected: bytes):
    """Data sections, values and sequences."""
    assert body_of(received(body=body)) == expected


def test_dead_letter_members_are_passed_on():
    """A trigger on a dead-letter queue sees why."""
    fields = fields_of(received(dead_letter_reason="MaxDeliveryCountExceeded"))

    assert fields["DeadLetterReason"] == "MaxDeliveryCountExceeded"


def test_absent_members_of_one_message_are_left_out():
    """The converter reads what is missing as None."""
    metadata = to_metadata([received(correlation_id=None)], is_batch=False)

    assert "CorrelationId" not in metadata
    assert isinstance(metadata["UserProperties"], TypedData)
