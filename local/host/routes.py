"""ASP.NET route templates, as HTTP triggers use them.

``{name}``, ``{name?}``, ``{name=default}``, ``{*rest}`` and constraints ``{id:int:min(1)}``.
Matching ignores case; literal segments win over parameters with constraints, those over parameters
without, those over catch-alls.
"""

import re
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from .functions import AppLoadError

_PARAMETER = re.compile(
    r"\{(?P<stars>\*{0,2})(?P<name>\w+)(?P<constraints>(?::[a-zA-Z]+(?:\((?:[^()]|\([^()]*\))*\))?)*)"
    r"(?:=(?P<default>[^}?]*))?(?P<optional>\?)?\}"
)
_CONSTRAINT = re.compile(r":(?P<name>[a-zA-Z]+)(?:\((?P<argument>(?:[^()]|\([^()]*\))*)\))?")

type Check = Callable[[str], bool]


def _parses(parse: Callable[[str], object]) -> Check:
    def check(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return check


def _integer(bits: int) -> Check:
    # .NET's int and long have a size; Python's int would take any number of digits.
    limit = 1 << (bits - 1)
    return lambda text: (
        re.fullmatch(r"[+-]?\d+", text, re.ASCII) is not None and -limit <= int(text) < limit
    )


def _bounds(argument: str) -> tuple[int, int]:
    low, _, high = argument.partition(",")
    return int(low), int(high or low)


def _within(measure: Callable[[str], int], low: int, high: float) -> Check:
    is_number = _integer(64)
    return lambda text: (measure is len or is_number(text)) and low <= measure(text) <= high


def _fits(expression: str) -> Check:
    # Templates write braces twice, since single ones are parameters.
    compiled = re.compile(expression.replace("{{", "{").replace("}}", "}"), re.IGNORECASE)
    return lambda text: compiled.search(text) is not None


_NO_LIMIT = float("inf")
_LOWEST = -(1 << 63)
_CONSTRAINTS: Mapping[str, Callable[[str], Check]] = {
    "int": lambda _: _integer(32),
    "long": lambda _: _integer(64),
    "bool": lambda _: lambda text: text.lower() in {"true", "false"},
    "guid": lambda _: _parses(uuid.UUID),
    "alpha": lambda _: lambda text: re.fullmatch("[a-zA-Z]*", text) is not None,
    "decimal": lambda _: _parses(float),
    "double": lambda _: _parses(float),
    "float": lambda _: _parses(float),
    "datetime": lambda _: _parses(datetime.fromisoformat),
    "required": lambda _: bool,
    "length": lambda argument: _within(len, *_bounds(argument)),
    "minlength": lambda argument: _within(len, int(argument), _NO_LIMIT),
    "maxlength": lambda argument: _within(len, 0, int(argument)),
    "min": lambda argument: _within(int, int(argument), _NO_LIMIT),
    "max": lambda argument: _within(int, _LOWEST, int(argument)),
    "range": lambda argument: _within(int, *_bounds(argument)),
    "regex": _fits,
}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a template."""

    name: str
    is_catch_all: bool
    is_optional: bool
    default: str | None
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class RouteTemplate:
    """A compiled template."""

    text: str
    pattern: re.Pattern[str]
    parameters: Mapping[str, Parameter]
    precedence: tuple[int, ...]
    """One digit a segment, lower first: 1 literal, 2 constrained, 3 plain, 4 catch-all."""

    def match(self, path: str) -> dict[str, str] | None:
        """The route parameters when ``path`` (decoded, without outer slashes) fits, else None."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        values: dict[str, str] = {}
        for group, parameter in self.parameters.items():
            value = found[group] or parameter.default
            if value is None:
                continue
            # A failed constraint is no error: another route may take the path.
            if not all(check(value) for check in parameter.checks):
                return None
            values[parameter.name] = value
        return values


def compile_template(text: str) -> RouteTemplate:
    """Compiles a template.

    Raises:
        AppLoadError: The template, or a constraint in it, is not understood.
    """
    pattern, precedence = "", []
    parameters: dict[str, Parameter] = {}
    for index, segment in enumerate(text.strip("/").split("/") if text.strip("/") else ()):
        # Groups are numbered: a parameter's own name need not be a valid group name.
        body, found, rank = _compile_segment(segment, len(parameters), text)
        _check_parameters(parameters.values(), found.values(), text)
        parameters.update(found)
        precedence.append(rank)
        # A missing optional or catch-all takes the slash before it along.
        is_omissible = len(found) == 1 and all(
            one.is_optional or one.is_catch_all or one.default is not None for one in found.values()
        )
        slash = "/" if index else ""
        pattern += f"(?:{slash}{body})?" if is_omissible else slash + body
    compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    return RouteTemplate(text, compiled, parameters, tuple(precedence))


def _check_parameters(
    before: Collection[Parameter], found: Collection[Parameter], text: str
) -> None:
    # As in ASP.NET, which refuses such a template and with it the function.
    if any(one.is_catch_all for one in before):
        raise AppLoadError(f"route '{text}': a catch-all parameter must be the last segment")
    names = [one.name.lower() for one in (*before, *found)]
    for name in names:
        if names.count(name) > 1:
            raise AppLoadError(f"route '{text}': parameter '{name}' appears more than once")


def _compile_segment(
    segment: str, first_group: int, text: str
) -> tuple[str, dict[str, Parameter], int]:
    body, end = "", 0
    parameters: dict[str, Parameter] = {}
    for found in _PARAMETER.finditer(segment):
        parameter = _to_parameter(found, text)
        group = f"p{first_group + len(parameters)}"
        parameters[group] = parameter
        # Not greedy, so that literal text after a parameter in one segment is found.
        value = ".*" if parameter.is_catch_all else "[^/]+?"
        body += re.escape(segment[end : found.start()]) + f"(?P<{group}>{value})"
        end = found.end()
    literal = segment[end:]
    # An empty segment is two slashes in a row, and "?" begins what no path holds.
    if not segment or re.search(r"[{}?]", re.sub(_PARAMETER, "", segment)):
        raise AppLoadError(f"route '{text}': '{segment}' is not understood")
    return body + re.escape(literal), parameters, _rank(parameters.values())


def _rank(parameters: Iterable[Parameter]) -> int:
    rank = 1
    for parameter in parameters:
        # ASP.NET's order: what is more specific must be tried first, or it would never be reached.
        own = 4 if parameter.is_catch_all else 2 if parameter.checks else 3
        rank = max(rank, own)
    return rank


def _to_parameter(found: re.Match[str], text: str) -> Parameter:
    checks = []
    for constraint in _CONSTRAINT.finditer(found["constraints"]):
        maker = _CONSTRAINTS.get(constraint["name"].lower())
        if maker is None:
            raise AppLoadError(f"route '{text}': unknown constraint '{constraint['name']}'")
        try:
            checks.append(maker(constraint["argument"] or ""))
        except (ValueError, re.error) as error:
            raise AppLoadError(f"route '{text}': constraint {constraint[0]}: {error}") from error
    return Parameter(
        name=found["name"],
        is_catch_all=bool(found["stars"]),
        is_optional=bool(found["optional"]),
        default=found["default"],
        checks=tuple(checks),
    )


@dataclass(frozen=True, kw_only=True)
class Route[T]:
    """A template, the methods it takes and what stands behind it."""

    template: RouteTemplate
    methods: frozenset[str]
    """Upper case; empty: any method."""
    target: T


@dataclass(frozen=True, kw_only=True)
class Found[T]:
    """The answer of a look-up: a target, or the methods the path would take."""

    target: T | None
    parameters: Mapping[str, str]
    allowed: frozenset[str]
    """With no target: methods that the path does take; empty when nothing matches the path."""


class RouteTable[T]:
    """Finds the target of a path and method."""

    def __init__(self, routes: Sequence[Route[T]]) -> None:
        # Stable, so equal routes keep the order in which the app registered them.
        self._routes = sorted(routes, key=lambda route: route.template.precedence)

    def find(self, method: str, path: str) -> Found[T]:
        """The most specific route that takes ``method``; without one, who would."""
        allowed: set[str] = set()
        for route in self._routes:
            parameters = route.template.match(path.strip("/"))
            if parameters is None:
                continue
            if not route.methods or method in route.methods:
                return Found(target=route.target, parameters=parameters, allowed=frozenset())
            # Remembered, because 405 may only be said once no other route takes the method.
            allowed |= route.methods
        return Found(target=None, parameters={}, allowed=frozenset(allowed))
