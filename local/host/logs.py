"""Log lines as JSON, each with the function, invocation and orchestration it belongs to.

A coroutine finds its invocation in a context variable; a synchronous function runs in a thread of
the runtime, where only the runtime's own variable says which invocation it is.
"""

import contextlib
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO, override

from adapters.redaction import redact

from .functions import AppLoadError

_LEVELS: Mapping[str, int] = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "information": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "none": logging.CRITICAL + 10,
}
"""The level names of host.json."""

STACK = "user_stack"
"""Name of the ``extra`` that carries a traceback of user code."""
_HOST_CATEGORY = "Host."
_QUIET_LIBRARIES = ("azure", "durabletask", "uamqp", "asyncio", "grpc")
"""Loggers whose INFO lines report every request or reconnection."""


@dataclass(frozen=True, kw_only=True)
class InvocationScope:
    """Which invocation the current code belongs to."""

    function: str
    invocation_id: str
    instance_id: str | None = None


_scope: ContextVar[InvocationScope | None] = ContextVar("invocation_scope", default=None)
_active: dict[str, InvocationScope] = {}


@contextlib.contextmanager
def invocation_scope(scope: InvocationScope) -> Iterator[None]:
    """Marks everything logged inside, in this task and in the runtime's threads, with ``scope``."""
    # Both: tasks find the variable, threads of the runtime only the table.
    token = _scope.set(scope)
    _active[scope.invocation_id] = scope
    try:
        yield
    finally:
        _active.pop(scope.invocation_id, None)
        _scope.reset(token)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, category, message, and the invocation when there is one.

    Args:
        now: The time to stamp with; the virtual clock's, so that lines and histories agree.
        current_invocation_id: The invocation the calling thread runs, as the runtime knows it.
    """

    def __init__(
        self, now: Callable[[], datetime], current_invocation_id: Callable[[], str | None]
    ) -> None:
        super().__init__()
        self._now = now
        self._current_invocation_id = current_invocation_id

    @override
    def format(self, record: logging.LogRecord) -> str:
        scope = _scope_of(self._current_invocation_id)
        line: dict[str, object] = {
            "time": self._now().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "category": _category(record.name, scope),
            "message": record.getMessage(),
        }
        if scope is not None:
            line["function"] = scope.function
            line["invocationId"] = scope.invocation_id
            if scope.instance_id is not None:
                line["instanceId"] = scope.instance_id
        stack = getattr(record, STACK, None)
        if record.exc_info:
            stack = self.formatException(record.exc_info)
        # Only when there is one: most lines have none.
        if stack:
            # The app's redaction rewrites messages; the text of an exception is made only here.
            line["exception"] = redact(stack)
        return json.dumps(line, ensure_ascii=False, default=str)


def _scope_of(current_invocation_id: Callable[[], str | None]) -> InvocationScope | None:
    # Worker threads do not inherit context variables, so there the runtime is asked.
    return _scope.get() or _active.get(current_invocation_id() or "")


def _category(logger_name: str, scope: InvocationScope | None) -> str:
    # In Azure all loggers of an app share the category of their function; libraries called by it
    # would drown in it, so those keep their names.
    if scope is None or logger_name.startswith((_HOST_CATEGORY, "Function.", *_QUIET_LIBRARIES)):
        return logger_name
    return f"Function.{scope.function}.User"


class LevelFilter(logging.Filter):
    """Applies ``logging.logLevel`` of host.json: the longest matching category prefix decides.

    Args:
        levels: Category prefix → level name; ``default`` is for all others.
        current_invocation_id: The invocation the calling thread runs, as the runtime knows it.

    Raises:
        AppLoadError: A level name is not one of host.json's.
    """

    def __init__(
        self,
        levels: Mapping[str, str],
        current_invocation_id: Callable[[], str | None] = lambda: None,
    ) -> None:
        super().__init__()
        self._current_invocation_id = current_invocation_id
        self._default = logging.INFO
        self._levels: list[tuple[str, int]] = []
        for category, name in levels.items():
            level = _LEVELS.get(str(name).lower())
            if level is None:
                raise AppLoadError(f"host.json: logLevel {category}: unknown level {name!r}")
            if category.lower() == "default":
                self._default = level
            else:
                # .NET compares category prefixes without case.
                self._levels.append((category.lower(), level))
        # The first match below is then the longest prefix, which decides in .NET too.
        self._levels.sort(key=lambda entry: -len(entry[0]))

    def with_levels(self, levels: Mapping[str, str]) -> "LevelFilter":
        """The same filter with other levels.

        Raises:
            AppLoadError: A level name is not one of host.json's.
        """
        return LevelFilter(levels, self._current_invocation_id)

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        category = _category(record.name, _scope_of(self._current_invocation_id))
        compared = category.lower()
        for prefix, level in self._levels:
            if compared == prefix or compared.startswith(prefix + "."):
                return record.levelno >= level
        # host.json can still ask for them by name; only the default does not reach them.
        is_library = category.startswith(_QUIET_LIBRARIES)
        return record.levelno >= (
            max(self._default, logging.WARNING) if is_library else self._default
        )


def configure_logging(
    *,
    stream: TextIO,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    current_invocation_id: Callable[[], str | None] = lambda: None,
) -> logging.Handler:
    """Sends every log line of the process to ``stream`` as JSON; gives the handler."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter(now, current_invocation_id))
    handler.addFilter(LevelFilter({}, current_invocation_id))
    root = logging.getLogger()
    # The runtime and libraries add handlers of their own, which would write every line twice.
    root.handlers[:] = [handler]
    # The filter decides; a level here would hide what host.json asks for by category.
    root.setLevel(logging.DEBUG)
    return handler


def apply_levels(handler: logging.Handler, levels: Mapping[str, str]) -> None:
    """Replaces the handler's levels by those of host.json."""
    # Other filters stay: loading the app may have added one that redacts.
    handler.filters[:] = [
        one.with_levels(levels) if isinstance(one, LevelFilter) else one for one in handler.filters
    ]
    by_category = {"default": "Information"} | {
        category.lower(): str(name).lower() for category, name in levels.items()
    }
    # Records below every configured level are dropped before they cost anything.
    logging.getLogger().setLevel(min(_LEVELS[name.lower()] for name in by_category.values()))


class LoggedOutput(io.TextIOBase):
    """Stands in for stdout, so that ``print`` of an app becomes log lines of its invocation."""

    def __init__(self) -> None:
        self._log = logging.getLogger("stdout")
        self._rest = ""

    @override
    def write(self, text: str, /) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._log.info("%s", line)
        return len(text)

    @override
    def writable(self) -> bool:
        return True


def capture_stdout() -> TextIO:
    """Turns prints into log lines from now on; gives the real stdout."""
    real = sys.stdout
    sys.stdout = LoggedOutput()
    return real
