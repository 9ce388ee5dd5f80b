"""Raw JSON documents of the service: their paths, and where two of them differ.

People read paths as ``properties.subProtectionPolicy[0].schedulePolicy``. Inside they are tuples,
because a member's own name may hold a point.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from domain.codec import Json, JsonObject

type Path = tuple[str | int, ...]
"""Member names and list indexes from the document down to one value."""

_SERVICE_DEFAULTS: tuple[tuple[Path, Json], ...] = (
    # What the service adds to an answer although nobody sent it (recovery-services 1.2).
    (("scheduleWeeklyFrequency",), 0),
    (("instantRPDetails",), {}),
    (("ArchivedRP", "duration"), 0),
    (("ArchivedRP", "durationType"), "Invalid"),
)

_COUNTERS: frozenset[Path] = frozenset({("properties", "protectedItemsCount")})
"""Members the service counts by itself and ignores in a write (recovery-services 1.4)."""

ABSENT = "(absent)"
"""Stands for a member that is not there, where a value has to be shown."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One place where two documents differ."""

    path: str
    before: str
    """The value as compact text, or :data:`ABSENT`."""
    after: str


def path_text(path: Path) -> str:
    """A path as people read it."""
    parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(parts).removeprefix(".")


def walk(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Every scalar and every empty container of a document, with its path."""
    steps = _steps(value)
    for step, inner in steps:
        yield from walk(inner, (*path, step))
    if not steps:
        yield path, value


def _steps(value: Json) -> list[tuple[str | int, Json]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def value_at(document: JsonObject, path: Path) -> Any:
    """The value at a path; None where the path leads nowhere, as for a JSON null."""
    value: Any = document
    for step in path:
        try:
            value = value[step]
        # TypeError: the path asks for a member of something that is no object, as in a body of
        # another API version.
        except (KeyError, IndexError, TypeError):
            return None
    return value


def text_at(document: JsonObject, path: Path) -> str:
    """The text at a path, without blanks around it; empty where there is none."""
    value = value_at(document, path)
    return value.strip() if isinstance(value, str) else ""


def integer_at(document: JsonObject, path: Path) -> int | None:
    """The whole number at a path; None where there is none."""
    value = value_at(document, path)
    # JSON true is a bool, which Python counts among the integers.
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def with_value(document: JsonObject, path: Path, value: Json) -> JsonObject:
    """A copy of the document with the value at ``path`` replaced; missing objects are made.

    Raises:
        TypeError: Something on the way holds neither members nor elements.
    """
    # The original is kept as the before-image; nothing may reach it through the copy.
    changed = copy.deepcopy(document)
    *way, last = path
    place: Any = changed
    for step in way:
        # The service writes null as well as nothing where a whole object is missing.
        if isinstance(place, dict) and place.get(step) is None:
            place[step] = {}
        place = place[step]
    place[last] = value
    return changed


def _is_default(path: Path, value: Json) -> bool:
    if path in _COUNTERS:
        return True
    # A null member is as good as none; a null element still takes its place in the list.
    if value is None and isinstance(path[-1], str):
        return True
    ends = [default for tail, default in _SERVICE_DEFAULTS if path[-len(tail) :] == tail]
    return any(_is_same(value, default) for default in ends)


def _is_same(one: Json, other: Json) -> bool:
    # True == 1 in Python, and the service knows the difference.
    return type(one) is type(other) and one == other


def _comparable(document: JsonObject, other: JsonObject) -> dict[Path, Json]:
    """The values that count; an empty object counts only where the other side has no object."""
    return {
        path: value
        for path, value in walk(document)
        if not _is_default(path, value)
        and not (value in ({}, []) and isinstance(value_at(other, path), type(value)))
    }


def _shown(values: dict[Path, Json], path: Path) -> str:
    return str(values[path]) if path in values else ABSENT


def diff_documents(before: JsonObject, after: JsonObject) -> tuple[Difference, ...]:
    """Where two documents differ, leaving out what the service adds by itself.

    A null counts as absent, and so do the defaults of recovery-services 1.2 and the item counter.
    """
    old, new = _comparable(before, after), _comparable(after, before)
    return tuple(
        Difference(path=path_text(path), before=_shown(old, path), after=_shown(new, path))
        for path in dict.fromkeys([*old, *new])
        if path not in old or path not in new or not _is_same(old[path], new[path])
    )
