"""AMQP 1.0 values: the types that Python lacks, and the bytes of all (AMQP 1.0, part 1).

The client library checks the wire type of several fields (a ``uint`` where it expects a ``long`` is
an error there), so each value remembers what it is on the wire. Bytes are written in the shortest
usual form; :mod:`local.servicebus.decoder` reads every form.
"""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

_UINT32 = struct.Struct(">I")
_INT64 = struct.Struct(">q")

_SHORT_LIMIT = 256
"""Sizes and counts from here on need four bytes instead of one."""


class Symbol(str):
    """A symbol: ASCII text from a fixed vocabulary."""

    __slots__ = ()


class UByte(int):
    """An 8-bit unsigned integer."""

    __slots__ = ()


class UShort(int):
    """A 16-bit unsigned integer."""

    __slots__ = ()


class UInt(int):
    """A 32-bit unsigned integer."""

    __slots__ = ()


class ULong(int):
    """A 64-bit unsigned integer."""

    __slots__ = ()


class Int(int):
    """A 32-bit signed integer."""

    __slots__ = ()


class Long(int):
    """A 64-bit signed integer."""

    __slots__ = ()


class Timestamp(int):
    """Milliseconds since the Unix epoch."""

    __slots__ = ()


class Raw(bytes):
    """An encoded value, passed on as it came."""

    __slots__ = ()


@dataclass(slots=True)
class Described:
    """A value with a descriptor that says what it is."""

    descriptor: Any
    value: Any


# Arrays write the type once, so it must be known even when they are empty.
class ElementType(Enum):
    """Constructors of the array elements that Service Bus uses."""

    LONG = b"\x81"
    TIMESTAMP = b"\x83"
    UUID = b"\x98"
    # Of variable types only the wide form: one constructor serves all elements, so it has to fit
    # the longest.
    STRING = b"\xb1"
    SYMBOL = b"\xb3"


class Array(list[Any]):
    """An array: values of one type, encoded without repeating the type."""

    __slots__ = ("element_type",)

    def __init__(self, element_type: ElementType, items: Iterable[Any]) -> None:
        super().__init__(items)
        self.element_type = element_type


def encode(value: Any) -> bytes:
    """The bytes of a value.

    Raises:
        TypeError: The value has a type that AMQP does not know.
    """
    try:
        write = _WRITERS[type(value)]
    except KeyError:
        message = f"{type(value).__name__} has no AMQP form."
        raise TypeError(message) from None
    return write(value)


def encode_section(code: int, value: Any) -> bytes:
    """The bytes of a described value with a small numeric descriptor: a section, a performative."""
    return b"\x00\x53" + bytes((code,)) + encode(value)


def _variable(short: int, long: int, raw: bytes) -> bytes:
    if len(raw) < _SHORT_LIMIT:
        return bytes((short, len(raw))) + raw
    return bytes((long,)) + _UINT32.pack(len(raw)) + raw


def _compound(short: int, long: int, parts: list[bytes]) -> bytes:
    body = b"".join(parts)
    # The one-byte size counts the count byte as well.
    if len(body) + 1 < _SHORT_LIMIT and len(parts) < _SHORT_LIMIT:
        return bytes((short, len(body) + 1, len(parts))) + body
    return bytes((long,)) + _UINT32.pack(len(body) + 4) + _UINT32.pack(len(parts)) + body


def _list(items: list[Any]) -> bytes:
    return _compound(0xC0, 0xD0, [encode(item) for item in items]) if items else b"\x45"


def _map(pairs: dict[Any, Any]) -> bytes:
    return _compound(0xC1, 0xD1, [encode(part) for pair in pairs.items() for part in pair])


def _unsigned(zero: bytes, small: int, wide: bytes, layout: str) -> Callable[[int], bytes]:
    codec = struct.Struct(layout)

    def write(value: int) -> bytes:
        if value == 0:
            return zero
        return bytes((small, value)) if value < _SHORT_LIMIT else wide + codec.pack(value)

    return write


def _fixed(constructor: bytes, layout: str) -> Callable[[Any], bytes]:
    codec = struct.Struct(layout)
    return lambda value: constructor + codec.pack(value)


def _sized_text(text: str) -> bytes:
    raw = text.encode()
    return _UINT32.pack(len(raw)) + raw


_ELEMENT_WRITERS: dict[ElementType, Callable[[Any], bytes]] = {
    ElementType.LONG: _INT64.pack,
    ElementType.TIMESTAMP: _INT64.pack,
    ElementType.UUID: lambda value: value.bytes,
    ElementType.STRING: _sized_text,
    ElementType.SYMBOL: _sized_text,
}


def _array(array: Array) -> bytes:
    write = _ELEMENT_WRITERS[array.element_type]
    # Always in the long form: arrays are rare and short, so a second form would save nothing.
    body = b"".join(write(item) for item in array)
    head = _UINT32.pack(len(body) + 5) + _UINT32.pack(len(array)) + array.element_type.value
    return b"\xf0" + head + body


_WRITERS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _value: b"\x40",
    bool: lambda value: b"\x41" if value else b"\x42",
    UByte: _fixed(b"\x50", ">B"),
    UShort: _fixed(b"\x60", ">H"),
    UInt: _unsigned(b"\x43", 0x52, b"\x70", ">I"),
    ULong: _unsigned(b"\x44", 0x53, b"\x80", ">Q"),
    Int: _fixed(b"\x71", ">i"),
    Long: _fixed(b"\x81", ">q"),
    # A plain int says nothing about its width; the widest loses nothing.
    int: _fixed(b"\x81", ">q"),
    Timestamp: _fixed(b"\x83", ">q"),
    float: _fixed(b"\x82", ">d"),
    str: lambda value: _variable(0xA1, 0xB1, value.encode()),
    Symbol: lambda value: _variable(0xA3, 0xB3, value.encode()),
    bytes: lambda value: _variable(0xA0, 0xB0, value),
    UUID: lambda value: b"\x98" + value.bytes,
    Raw: bytes,
    list: _list,
    dict: _map,
    Array: _array,
    Described: lambda value: b"\x00" + encode(value.descriptor) + encode(value.value),
}
