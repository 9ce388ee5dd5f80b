"""AMQP 1.0 values from bytes (OASIS AMQP 1.0, part 1).

A reader per constructor byte, in a table: a broker decodes a few dozen values per message, and the
table lookup is what keeps a message life well below a millisecond.
"""

import struct
from collections.abc import Callable
from typing import Any
from uuid import UUID

from local.servicebus.values import (
    Described,
    Int,
    Long,
    Raw,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
)

type Reader = Callable[[bytes, int], tuple[Any, int]]

type Members = Callable[[bytes, int, int], tuple[Any, int]]
"""Reads so many members of a collection."""

_UINT32 = struct.Struct(">I")
_SIZE_AND_COUNT = struct.Struct(">II")


class DecodeError(ValueError):
    """The bytes are not AMQP 1.0."""


def decode(data: bytes, offset: int = 0) -> tuple[Any, int]:
    """The value that starts at ``offset``, and the offset behind it.

    Raises:
        DecodeError: The bytes are not an AMQP value or end too early.
    """
    try:
        return _READERS[data[offset]](data, offset + 1)
    # It is a ValueError itself, and would be wrapped once more for each level of nesting.
    except DecodeError:
        raise
    except (IndexError, TypeError, ValueError, RecursionError, struct.error) as error:
        message = f"Not an AMQP value at offset {offset}: {error}."
        raise DecodeError(message) from error


def decode_map(data: bytes, offset: int) -> tuple[dict[Any, Any], int]:
    """The map that starts at ``offset``, its values as the bytes they were, and the offset behind.

    Values become Python's and lose their width, a decimal even its meaning; what a sender wrote
    must leave as it came.

    Raises:
        DecodeError: The bytes are not a map or end too early.
    """
    heads = {0xC1: offset + 3, 0xD1: offset + 9}
    _whole, end = decode(data, offset)
    if data[offset] not in heads:
        message = f"There is no map at offset {offset}."
        raise DecodeError(message)
    position = heads[data[offset]]
    pairs: dict[Any, Any] = {}
    while position < end:
        key, start = decode(data, position)
        _value, position = decode(data, start)
        pairs[key] = Raw(data[start:position])
    return pairs, end


def _read(data: bytes, offset: int) -> tuple[Any, int]:
    return _READERS[data[offset]](data, offset + 1)


def _refuse(data: bytes, offset: int) -> tuple[Any, int]:
    message = f"Unknown AMQP constructor {data[offset - 1]:#04x} at offset {offset - 1}."
    raise DecodeError(message)


def _constant(value: Any) -> Reader:
    return lambda _data, offset: (value, offset)


def _fixed(layout: str, convert: Callable[[Any], Any]) -> Reader:
    codec = struct.Struct(layout)
    size = codec.size

    def read(data: bytes, offset: int) -> tuple[Any, int]:
        return convert(codec.unpack_from(data, offset)[0]), offset + size

    return read


def _sized(data: bytes, start: int, size: int) -> bytes:
    # Slicing forgives a value that is cut short; a broker must not.
    if start + size > len(data):
        message = f"A value of {size} bytes at offset {start} ends behind the data."
        raise DecodeError(message)
    return bytes(data[start : start + size])


def _short_bytes(data: bytes, offset: int) -> tuple[bytes, int]:
    size = data[offset]
    return _sized(data, offset + 1, size), offset + 1 + size


def _long_bytes(data: bytes, offset: int) -> tuple[bytes, int]:
    size = _UINT32.unpack_from(data, offset)[0]
    return _sized(data, offset + 4, size), offset + 4 + size


def _text(read_bytes: Callable[[bytes, int], tuple[bytes, int]], convert: type[str]) -> Reader:
    def read(data: bytes, offset: int) -> tuple[Any, int]:
        raw, end = read_bytes(data, offset)
        return convert(raw.decode()), end

    return read


def _described(data: bytes, offset: int) -> tuple[Any, int]:
    descriptor, offset = _read(data, offset)
    value, offset = _read(data, offset)
    return Described(descriptor, value), offset


def _items(data: bytes, offset: int, count: int) -> tuple[list[Any], int]:
    items = []
    for _ in range(count):
        value, offset = _READERS[data[offset]](data, offset + 1)
        items.append(value)
    return items, offset


def _pairs(data: bytes, offset: int, count: int) -> tuple[dict[Any, Any], int]:
    items, offset = _items(data, offset, count)
    return dict(zip(items[::2], items[1::2], strict=True)), offset


def _elements(data: bytes, offset: int, count: int) -> tuple[list[Any], int]:
    constructor = data[offset]
    offset += 1
    descriptor = None
    # The descriptor of described elements stands once, in front of their constructor.
    if constructor == 0:
        descriptor, offset = _read(data, offset)
        constructor = data[offset]
        offset += 1
    read = _READERS[constructor]
    elements = []
    for _ in range(count):
        value, offset = read(data, offset)
        elements.append(value if descriptor is None else Described(descriptor, value))
    return elements, offset


def _bounded(read: Members, data: bytes, offset: int, count: int, end: int) -> tuple[Any, int]:
    # No element is cheaper than a byte, but in arrays of nothings, which nobody sends. And a size
    # is held to: where many small collections may claim the same bytes, a frame costs the square
    # of its length.
    if end > len(data) or count > end - offset:
        message = f"A collection of {count} elements cannot fit into {end - offset} bytes."
        raise DecodeError(message)
    value, stop = read(data, offset, count)
    if stop != end:
        message = f"A collection ends at offset {stop}, and should at {end}."
        raise DecodeError(message)
    return value, end


# The size counts what is behind it, the count included.
def _short(read: Members) -> Reader:
    return lambda data, offset: _bounded(
        read, data, offset + 2, data[offset + 1], offset + 1 + data[offset]
    )


def _long(read: Members) -> Reader:
    def reader(data: bytes, offset: int) -> tuple[Any, int]:
        size, count = _SIZE_AND_COUNT.unpack_from(data, offset)
        return _bounded(read, data, offset + 8, count, offset + 4 + size)

    return reader


# A list with a place for each byte: no look-up can fail, unknown ones refuse themselves.
_READERS: list[Reader] = [_refuse] * 256
_READERS[0x00] = _described
_READERS[0x40] = _constant(None)
_READERS[0x41] = _constant(value=True)
_READERS[0x42] = _constant(value=False)
# Zero, one byte and full width are forms of one type; every sender chooses its own.
_READERS[0x43] = _constant(UInt(0))
_READERS[0x44] = _constant(ULong(0))
_READERS[0x45] = lambda _data, offset: ([], offset)
_READERS[0x50] = _fixed(">B", UByte)
_READERS[0x51] = _fixed(">b", Int)
_READERS[0x52] = _fixed(">B", UInt)
_READERS[0x53] = _fixed(">B", ULong)
_READERS[0x54] = _fixed(">b", Int)
_READERS[0x55] = _fixed(">b", Long)
_READERS[0x56] = _fixed(">B", bool)
_READERS[0x60] = _fixed(">H", UShort)
_READERS[0x61] = _fixed(">h", Int)
_READERS[0x70] = _fixed(">I", UInt)
_READERS[0x71] = _fixed(">i", Int)
_READERS[0x72] = _fixed(">f", float)
_READERS[0x73] = _fixed(">I", chr)
_READERS[0x80] = _fixed(">Q", ULong)
_READERS[0x81] = _fixed(">q", Long)
_READERS[0x82] = _fixed(">d", float)
_READERS[0x83] = _fixed(">q", Timestamp)
# Decimals pass through as their bytes: nobody computes with them here.
_READERS[0x74], _READERS[0x84] = _fixed(">4s", bytes), _fixed(">8s", bytes)
_READERS[0x94] = _fixed(">16s", bytes)
_READERS[0x98] = _fixed(">16s", lambda raw: UUID(bytes=raw))
_READERS[0xA0], _READERS[0xB0] = _short_bytes, _long_bytes
_READERS[0xA1], _READERS[0xB1] = _text(_short_bytes, str), _text(_long_bytes, str)
_READERS[0xA3], _READERS[0xB3] = _text(_short_bytes, Symbol), _text(_long_bytes, Symbol)
# Short and long forms differ only in the width of their size and count.
_READERS[0xC0], _READERS[0xD0] = _short(_items), _long(_items)
_READERS[0xC1], _READERS[0xD1] = _short(_pairs), _long(_pairs)
_READERS[0xE0], _READERS[0xF0] = _short(_elements), _long(_elements)
