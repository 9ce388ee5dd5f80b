"""AMQP values, there and back."""

import struct
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.servicebus.decoder import DecodeError, decode
from local.servicebus.values import (
    Array,
    Described,
    ElementType,
    Int,
    Long,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
    encode,
    encode_section,
)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(0, 2**8 - 1).map(UByte),
    st.integers(0, 2**16 - 1).map(UShort),
    st.integers(0, 2**32 - 1).map(UInt),
    st.integers(0, 2**64 - 1).map(ULong),
    st.integers(-(2**31), 2**31 - 1).map(Int),
    st.integers(-(2**63), 2**63 - 1).map(Long),
    st.integers(0, 2**50).map(Timestamp),
    st.floats(allow_nan=False),
    st.text(max_size=300),
    st.text("abc-:", max_size=300).map(Symbol),
    st.binary(max_size=300),
    st.uuids(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=20),
        st.dictionaries(st.text(max_size=5), inner, max_size=5),
        st.builds(Described, st.integers(0, 255).map(ULong), inner),
    ),
    max_leaves=30,
)


@given(VALUES)
def test_value_survives_encoding(value):
    """Whatever is encoded is decoded to the same value, and nothing is left over."""
    raw = encode(value)

    assert (value, len(raw)) == decode(raw)


@given(SCALARS)
def test_wire_type_survives_encoding(value):
    """A uint comes back as a uint, not as some integer: the client library checks."""
    assert type(value) is type(decode(encode(value))[0])


@given(st.binary(max_size=64))
def test_any_bytes_decode_or_are_refused(raw):
    """Bytes from the network end in a value or in DecodeError, never in another exception."""
    try:
        _value, end = decode(raw)
    except DecodeError:
        return

    assert end <= len(raw)


@pytest.mark.parametrize(
    ("element_type", "items"),
    [
        (ElementType.LONG, [Long(-1), Long(2**40)]),
        (ElementType.TIMESTAMP, [Timestamp(1_800_000_000_000)]),
        (ElementType.UUID, [UUID(int=1), UUID(int=2)]),
        (ElementType.STRING, ["a", "ü" * 300]),
        (ElementType.SYMBOL, [Symbol("PLAIN"), Symbol("ANONYMOUS")]),
        (ElementType.LONG, []),
    ],
)
def test_array_survives_encoding(element_type, items):
    """An array of each element type comes back as the list of its elements."""
    assert items == decode(encode(Array(element_type, items)))[0]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"\x56\x01", True),
        (b"\x55\xff", Long(-1)),
        (b"\x61\xff\xfe", Int(-2)),
        (b"\x72\x3f\x80\x00\x00", 1.0),
        (b"\x73\x00\x00\x20\xac", "€"),
        (b"\x94" + bytes(16), bytes(16)),
        (b"\xe0\x04\x02\x50\x07\x08", [UByte(7), UByte(8)]),
        (b"\xe0\x05\x01\x00\x53\x24\x45", [Described(ULong(0x24), [])]),
    ],
)
def test_forms_that_only_clients_use_are_read(raw, expected):
    """Encodings the broker never writes itself are understood."""
    assert expected == decode(raw)[0]


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        (UInt(0), b"\x43"),
        (UInt(255), b"\x52\xff"),
        (UInt(256), b"\x70\x00\x00\x01\x00"),
        (ULong(0), b"\x44"),
        ([], b"\x45"),
        ("a" * 255, b"\xa1\xff" + b"a" * 255),
        ("a" * 256, b"\xb1\x00\x00\x01\x00" + b"a" * 256),
    ],
)
def test_shortest_form_is_written(value, raw):
    """Small values take the short constructors, at the exact limits."""
    assert raw == encode(value)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x3f",
        b"\xa1\x05abc",
        b"\xb0\xff\xff\xff\xff",
        b"\xd0\x00\x00\x00\x08\xff\xff\xff\xff\x40",
        b"\xf0\x00\x00\x00\x09\xff\xff\xff\xff\x40",
        b"\xc0\x03\x01\x40",
        b"\xc0\x03\x01\x40\x40",
        b"\xc0\x01\x01\x40\x40",
        b"\xc1\x02\x01\x40",
        b"\xc1\x03\x02\x45\x40",
        b"\x00" * 5000,
        b"\xa1\x01\xff",
    ],
)
def test_malformed_bytes_are_refused(raw):
    """Truncation, lying counts, odd maps, list keys, endless nesting and bad text are refused."""
    with pytest.raises(DecodeError):
        decode(raw)


def test_collections_cannot_claim_the_same_bytes():
    """Each by itself would fit into the frame; together they would stand for millions of values."""
    inner = b"\xf0" + struct.pack(">II", 5, 10_000) + b"\x40"
    raw = b"\xd0" + struct.pack(">II", 10 * 1000 + 4, 1000) + inner * 1000

    with pytest.raises(DecodeError, match="10000 elements cannot fit into 1 bytes"):
        decode(raw)


def test_unknown_type_is_refused():
    """A Python type without an AMQP form is a mistake in the broker and says so."""
    with pytest.raises(TypeError, match="complex has no AMQP form"):
        encode(1j)


def test_section_is_described_by_its_code():
    """A section is a described value with a small numeric descriptor."""
    assert Described(ULong(0x75), b"x") == decode(encode_section(0x75, b"x"))[0]
