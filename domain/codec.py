"""Frozen dataclasses to plain JSON and back, for everything that crosses a boundary.

Orchestrator inputs, activity results and evidence are plain JSON: histories stay readable and do
not depend on how a library pickles classes. pydantic does the work; unknown members are ignored on
the way in, so that a history written by a newer version can still be read.
"""

from functools import cache
from typing import Any

from pydantic import TypeAdapter

type Json = dict[str, Json] | list[Json] | str | int | float | bool | None
type JsonObject = dict[str, Any]


# Making an adapter takes far longer than using it, and a replay decodes every value of a history
# again.
@cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    return TypeAdapter(cls)


def to_json(value: Any) -> Any:
    """The plain JSON form of a dataclass, or of a tuple, list or dict of them."""
    # mypy does not take a class for Hashable, which the cache asks for; every class is.
    return _adapter(type(value)).dump_python(value, mode="json")  # type: ignore[arg-type]


def to_object(value: Any) -> JsonObject:
    """The plain JSON form of a dataclass, which is always an object."""
    return to_json(value)  # type: ignore[no-any-return]


def from_json[T](cls: type[T], data: Any) -> T:
    """The value of type ``cls`` that ``to_json`` wrote.

    Raises:
        pydantic.ValidationError: The data does not have the shape of ``cls``.
    """
    return _adapter(cls).validate_python(data)  # type: ignore[arg-type, no-any-return]
