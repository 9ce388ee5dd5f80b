"""Messages: read, changed, encoded again."""

import pytest

from local.servicebus.decoder import DecodeError, decode
from local.servicebus.errors import BrokerError
from local.servicebus.messages import (
    ANNOTATIONS,
    APPLICATION_PROPERTIES,
    DATA,
    HEADER,
    PROPERTIES,
    Lock,
    MessageState,
)
from local.servicebus.parsing import (
    add_application_properties,
    parse_message,
    stamp_message_id,
)
from local.servicebus.values import Int, Raw, Symbol, Timestamp, UInt, encode, encode_section
from tests.unit.servicebus.broker_fakes import encode_message, make_message


def read_sections(raw):
    """Every section by its code."""
    sections, offset = {}, 0
    while offset < len(raw):
        section, offset = decode(raw, offset)
        sections[int(section.descriptor)] = section.value
    return sections


def test_rules_properties_are_read():
    """Message id, session id, time to live and schedule are known to the broker."""
    message = make_message("m", session_id="s", ttl_ms=5000, scheduled_ms=7)

    expected = ("m", "s", 5000, 7)
    assert expected == (
        message.message_id,
        message.session_id,
        message.ttl_ms,
        message.scheduled_ms,
    )


def test_bare_message_passes_through_unchanged():
    """Properties and body are delivered byte for byte."""
    bare = encode_message("m", session_id="s", body=b"x" * 300)

    delivered = parse_message(bare).encode_for_delivery()

    assert delivered.endswith(bare)


def test_delivery_carries_what_the_broker_knows():
    """Number, time, state, lock and delivery count are annotations and header of a delivery."""
    message = make_message("m")
    message.sequence_number, message.enqueued_ms, message.delivery_count = 7, 1000, 2
    message.lock = Lock(until_ms=2000)

    sections = read_sections(message.encode_for_delivery())

    assert {
        "x-opt-sequence-number": 7,
        "x-opt-enqueued-time": 1000,
        "x-opt-message-state": MessageState.ACTIVE,
        "x-opt-locked-until": 2000,
    } == sections[ANNOTATIONS]
    assert 2 == sections[HEADER][4]


def test_sender_cannot_forge_the_brokers_annotations():
    """Annotations with the service's prefix are dropped, but for those a sender may set."""
    annotations = {
        Symbol("x-opt-sequence-number"): 99,
        Symbol("x-opt-partition-key"): "p",
        Symbol("own"): "kept",
    }
    message = parse_message(encode_section(ANNOTATIONS, annotations) + encode_message("m"))

    kept = {"x-opt-partition-key": encode("p"), "own": encode("kept")}
    assert kept == message.annotations


def test_long_time_to_live_comes_from_the_expiry():
    """A life of more than 49 days does not fit the header; expiry minus creation says it."""
    year_ms = 365 * 86_400_000
    fields = ["m", *[None] * 7, Timestamp(1000 + year_ms), Timestamp(1000)]
    raw = encode_section(HEADER, [None, None, UInt(0xFFFFFFFF)])
    raw += encode_section(PROPERTIES, fields)

    assert year_ms == parse_message(raw).ttl_ms


def test_long_time_to_live_is_capped_in_the_header():
    """The header of a delivery holds at most 32 bits."""
    message = make_message("m")
    message.ttl_ms = 2**40

    assert 0xFFFFFFFF == read_sections(message.encode_for_delivery())[HEADER][2]


def test_missing_message_id_is_stamped():
    """A message without id gets one; its other properties stay."""
    message = make_message(None, session_id="s")
    stamp_message_id(message)

    again = parse_message(message.encode_for_store())

    assert 32 == len(again.message_id)
    assert ("s", message.message_id) == (again.session_id, again.message_id)


def test_message_without_properties_is_stamped():
    """Even a message that is nothing but a body gets an id."""
    message = parse_message(encode_section(DATA, b"x"))
    stamp_message_id(message)

    assert message.message_id == read_sections(message.encode_for_delivery())[PROPERTIES][0]


def test_application_properties_are_added():
    """New properties join the present ones and replace those of the same name."""
    raw = encode_message("m", body=b"kept")
    section = encode_section(APPLICATION_PROPERTIES, {"a": "1", "b": "2"})
    message = parse_message(raw.replace(encode_section(DATA, b"kept"), b"") + section)
    message.rest += encode_section(DATA, b"kept")
    add_application_properties(message, {"b": "3", "c": "4"})

    sections = read_sections(message.rest)

    assert {"a": "1", "b": "3", "c": "4"} == sections[APPLICATION_PROPERTIES]
    assert b"kept" == sections[DATA]


def test_application_properties_are_started():
    """A message without application properties gets a section in front of its body."""
    message = make_message("m", body=b"kept")
    add_application_properties(message, {"a": "1"})

    sections = read_sections(message.rest)

    assert ({"a": "1"}, b"kept") == (sections[APPLICATION_PROPERTIES], sections[DATA])


def test_stored_form_is_read_back():
    """What a store keeps is the message the sender wrote."""
    message = make_message("m", session_id="s", ttl_ms=5000, body=b"x")

    again = parse_message(message.encode_for_store())

    fields = ("message_id", "session_id", "ttl_ms", "durable", "properties", "rest")
    assert [getattr(message, f) for f in fields] == [getattr(again, f) for f in fields]


NARROW = {
    "decimal32": b"\x74" + bytes(range(4)),
    "decimal64": b"\x84" + bytes(range(8)),
    "decimal128": b"\x94" + bytes(range(16)),
    "byte": b"\x51\xff",
    "short": b"\x61\x01\x02",
    "float": b"\x72\x3f\xc0\x00\x00",
    "char": b"\x73\x00\x00\x00\x41",
    "smallint": b"\x54\x05",
}
"""Values that Python has no type of its own for, as a sender writes them."""


@pytest.mark.parametrize("raw", NARROW.values(), ids=NARROW)
def test_application_property_keeps_its_type(raw):
    """What a dead letter's reason is put beside leaves as its sender wrote it."""
    section = encode_section(APPLICATION_PROPERTIES, {"own": Raw(raw)})
    message = parse_message(section + encode_section(DATA, b"x"))
    add_application_properties(message, {"DeadLetterReason": "r"})

    added = {"own": Raw(raw), "DeadLetterReason": "r"}
    assert encode_section(APPLICATION_PROPERTIES, added) in message.encode_for_delivery()


def test_annotation_keeps_its_type():
    """Even an array, which is a list to Python."""
    array = b"\xe0\x04\x02\x51\x01\x02"
    raw = encode_section(ANNOTATIONS, {Symbol("own"): Raw(array)}) + encode_message("m")

    assert array in parse_message(raw).encode_for_delivery()


@pytest.mark.parametrize("raw", [b"garbage", b"\x00\x80\x00", b"\x53\x75\xa0\x01x"])
def test_bytes_without_sections_are_refused(raw):
    """What is not a message is refused as such."""
    with pytest.raises(BrokerError, match="no message section"):
        parse_message(raw)


@pytest.mark.parametrize("properties", [["no map"], None, "text"])
def test_application_properties_that_are_no_map_are_refused(properties):
    """On arrival: whoever dead-letters the message must be able to add the reason to them."""
    with pytest.raises(DecodeError, match="no map"):
        parse_message(encode_section(APPLICATION_PROPERTIES, properties))


@pytest.mark.parametrize(
    "section",
    [
        encode_section(HEADER, [None, None, "long"]),
        encode_section(HEADER, [None, None, Int(-1)]),
        encode_section(ANNOTATIONS, {Symbol("x-opt-scheduled-enqueue-time"): float("nan")}),
        encode_section(PROPERTIES, [*[None] * 8, "late", Timestamp(1)]),
    ],
)
def test_time_that_is_no_number_is_refused(section):
    """On arrival, before any message of its batch is in the queue."""
    with pytest.raises(BrokerError, match="no number of milliseconds"):
        parse_message(section)


def test_life_is_no_longer_than_the_service_can_tell():
    """An absurd expiry is a message that stays, and fits into the database."""
    forever = encode_section(PROPERTIES, [*[None] * 8, Timestamp(2**63 - 1), Timestamp(-(2**63))])

    assert 922_337_203_685_477 == parse_message(forever).ttl_ms
