"""How a request finds its route: segment by segment, without case, as ARM does."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from local.azure.exchange import Handler


class Api(StrEnum):
    """The API a route belongs to: it decides about tokens, headers and the form of refusals."""

    CLASSIC = "classic"
    ARM = "arm"
    LOGS = "logs"


@dataclass(frozen=True, kw_only=True)
class Route:
    """One operation."""

    method: str
    pattern: tuple[str, ...]
    """Segments; ``{name}`` stands for any one segment."""
    name: str
    api: Api
    handler: Handler


@dataclass(frozen=True, kw_only=True)
class Match:
    """A route that was found, with what its placeholders stand for."""

    route: Route
    params: Mapping[str, str]


def split_path(raw_path: str) -> tuple[str, ...]:
    """The decoded segments of a path; an escaped slash stays inside its segment."""
    return tuple(unquote(segment) for segment in raw_path.strip("/").split("/"))


def match_pattern(pattern: tuple[str, ...], segments: tuple[str, ...]) -> dict[str, str] | None:
    """The placeholders' values if the segments fit the pattern, else None."""
    if len(pattern) != len(segments):
        return None
    params: dict[str, str] = {}
    for wanted, have in zip(pattern, segments, strict=True):
        if wanted.startswith("{"):
            # An empty segment is no name: a doubled slash must not find a vault.
            if not have:
                return None
            params[wanted[1:-1]] = have
        elif wanted.lower() != have.lower():
            return None
    return params


class Router:
    """Finds the route of a request.

    Args:
        routes: Every route.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = tuple(routes)

    def find(self, method: str, segments: tuple[str, ...]) -> Match | None:
        """The route for a method and path, or None."""
        for route in self._routes:
            if route.method == method:
                params = match_pattern(route.pattern, segments)
                if params is not None:
                    return Match(route=route, params=params)
        return None

    def methods(self, segments: tuple[str, ...]) -> tuple[str, ...]:
        """The methods a path knows."""
        return tuple(
            route.method
            for route in self._routes
            if match_pattern(route.pattern, segments) is not None
        )
