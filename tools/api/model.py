"""What has to be said about a route that its code cannot say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.codec import JsonObject
from triggers.shapes.common import MAX_PAGE_SIZE, PAGE_SIZE


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One value in the path or the query."""

    name: str
    text: str
    schema: JsonObject
    example: str | int | None = None


@dataclass(frozen=True, kw_only=True)
class Body:
    """What is sent."""

    schema: str
    """Name of one of :func:`tools.api.bodies.body_schemas`."""
    examples: Mapping[str, JsonObject]
    """By what each shows; every one is tried against the app's own reader in the tests."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer below 400."""

    status: int
    text: str
    shape: Any
    """The type the app's code builds it as."""
    example: JsonObject


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An answer of 400 and above."""

    status: int
    codes: tuple[str, ...]
    """``error.code``; every one that may come with this status."""
    text: str


@dataclass(frozen=True, kw_only=True)
class RouteText:
    """One route in words. Which path and method it has, and who may call it, the app says."""

    tag: str
    summary: str
    text: str
    replies: tuple[Reply, ...]
    refusals: tuple[Refusal, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    """Of path and query; what is in the path is told by the route."""
    body: Body | None = None


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A route as the app registers it."""

    function: str
    path: str
    """With the prefix of ``host.json``: ``/api/upgrades/{id}``."""
    methods: tuple[str, ...]
    """Lower case."""
    is_keyed: bool
    """The host asks for a function key before the app sees the call."""


@dataclass(frozen=True, kw_only=True)
class Shapes:
    """The schemas of everything that is sent and answered."""

    definitions: JsonObject
    """By name, for ``components/schemas``."""
    of_types: Mapping[int, JsonObject] = field(default_factory=dict)
    """Reference to the schema of each answer's type, by the type's ``id``."""


REF = "#/components/schemas/{model}"
"""How schemas refer to each other."""


def ref(name: str) -> JsonObject:
    """A reference to a named schema."""
    return {"$ref": REF.format(model=name)}


INVALID = "InvalidInput"
NOT_FOUND = "NotFound"


def invalid(text: str = "Something in the input is wrong; every problem is listed.") -> Refusal:
    """400 with every problem."""
    return Refusal(status=400, codes=(INVALID,), text=text)


def not_found(text: str) -> Refusal:
    """404."""
    return Refusal(status=404, codes=(NOT_FOUND,), text=text)


NO_EVIDENCE = Refusal(
    status=503,
    codes=("EvidenceUnavailable",),
    text="The evidence could not be read or kept. Ask again later.",
)

PAGE = (
    Parameter(
        name="top",
        text="How many at most.",
        schema={
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_PAGE_SIZE,
            "default": PAGE_SIZE,
        },
    ),
    Parameter(
        name="continuation",
        text="`continuationToken` of the page before.",
        schema={"type": "string"},
    ),
)
"""Query of a list that comes in pages."""

BAD_PAGE = "`top` is no number in range, or no answer ever gave this `continuation`."
