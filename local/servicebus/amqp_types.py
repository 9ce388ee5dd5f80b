"""AMQP 1.0 types that Python has no type of its own for (OASIS AMQP 1.0, part 1, section 1.6).

The client library checks the wire type of several fields (a ``uint`` where it expects a ``long`` is
an error there), so each value remembers what it was on the wire.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Any


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


class Described:
    """A value with a descriptor that says what it is."""

    __slots__ = ("descriptor", "value")

    def __init__(self, descriptor: Any, value: Any) -> None:
        self.descriptor = descriptor
        self.value = value

    def __eq__(self, other: object) -> bool:
        """Equal when descriptor and value are."""
        if not isinstance(other, Described):
            return NotImplemented
        return bool(self.descriptor == other.descriptor and self.value == other.value)

    __hash__ = None  # type: ignore[assignment]  # mutable, like the list it usually holds

    def __repr__(self) -> str:
        """Short, for test failures."""
        return f"Described({self.descriptor!r}, {self.value!r})"


class ElementType(Enum):
    """Constructors of the array elements that Service Bus uses."""

    LONG = b"\x81"
    TIMESTAMP = b"\x83"
    UUID = b"\x98"
    STRING = b"\xb1"
    SYMBOL = b"\xb3"


class Array(list[Any]):
    """An array: values of one type, encoded without repeating the type."""

    __slots__ = ("element_type",)

    def __init__(self, element_type: ElementType, items: Iterable[Any]) -> None:
        super().__init__(items)
        self.element_type = element_type
