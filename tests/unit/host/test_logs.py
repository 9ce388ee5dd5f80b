"""Log lines and their levels."""

import json
import logging
from collections.abc import Iterator
from contextvars import Context
from datetime import UTC, datetime
from io import StringIO

import pytest

from local.host.functions import AppLoadError
from local.host.logs import (
    STACK,
    InvocationScope,
    JsonFormatter,
    LevelFilter,
    LoggedOutput,
    apply_levels,
    configure_logging,
    invocation_scope,
)

SCOPE = InvocationScope(function="f", invocation_id="i", instance_id="o")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def record(name: str = "mine", level: int = logging.INFO, **extra: object) -> logging.LogRecord:
    """A log record."""
    made = logging.LogRecord(name, level, "p", 1, "said %s", ("x",), None)
    made.__dict__.update(extra)
    return made


def formatted(made: logging.LogRecord, thread: str | None = None) -> dict[str, object]:
    """The JSON line of a record; ``thread`` is the invocation the runtime knows."""
    return dict(json.loads(JsonFormatter(lambda: NOON, lambda: thread).format(made)))


def test_a_line_has_time_level_category_and_message():
    """The virtual time, so that lines agree with histories."""
    assert formatted(record()) == {
        "time": "2026-11-23T12:00:00.000+00:00",
        "level": "info",
        "category": "mine",
        "message": "said x",
    }


def test_a_line_inside_an_invocation_names_it():
    """Function, invocation and orchestration; the app's loggers share one category."""
    with invocation_scope(SCOPE):
        line = formatted(record())

    assert line["category"] == "Function.f.User"
    assert (line["function"], line["invocationId"], line["instanceId"]) == ("f", "i", "o")


def test_a_line_of_a_worker_thread_names_its_invocation():
    """There only the runtime's own variable says which invocation it is."""
    with invocation_scope(SCOPE):
        pass
    with invocation_scope(InvocationScope(function="sync", invocation_id="j")):
        line = formatted(record(), thread="j")

    assert line["function"] == "sync"
    assert "function" not in formatted(record(), thread="j")


@pytest.mark.parametrize("name", ["Host.Function", "azure.servicebus._x", "durabletask.worker"])
def test_host_and_libraries_keep_their_category(name: str):
    """What they log inside an invocation is not the app's."""
    with invocation_scope(SCOPE):
        line = formatted(record(name))

    assert line["category"] == name


def test_a_traceback_is_a_member_of_its_own():
    """Of the host's own exceptions and of user code."""
    assert formatted(record(**{STACK: "line 1"}))["exception"] == "line 1"


@pytest.mark.parametrize("of_whom", ["user code", "the host"])
def test_tracebacks_hold_no_secrets(of_whom: str):
    """What the redaction of messages does not see: the text of an exception."""
    made = record()
    if of_whom == "user code":
        made = record(**{STACK: "ValueError: https://x?sig=topsecret"})
    else:
        error = ValueError("https://x?sig=topsecret")
        made.exc_info = (ValueError, error, None)

    assert formatted(made)["exception"].endswith("ValueError: https://x?sig=***")


def test_levels_are_those_of_the_function_in_worker_threads_too():
    """A synchronous function's category is its own, as it is in the line that is written."""
    levels = LevelFilter({"Function.sync": "Error"}, lambda: "j")
    with invocation_scope(InvocationScope(function="sync", invocation_id="j")):
        # A worker thread starts with an empty context.
        assert Context().run(levels.filter, record(level=logging.WARNING)) is False


def test_categories_are_compared_without_case():
    """As .NET does with the prefixes of host.json."""
    assert not LevelFilter({"host.http": "Error"}).filter(record("Host.Http", logging.WARNING))


def test_applying_levels_keeps_other_filters():
    """An app that redacts what is logged has put its filter there before levels are known."""
    handler = logging.StreamHandler(StringIO())
    other = logging.Filter("other")
    handler.filters[:] = [LevelFilter({}), other]
    root = logging.getLogger()
    level = root.level
    apply_levels(handler, {"default": "Error"})
    root.setLevel(level)

    assert other in handler.filters
    assert [type(one) for one in handler.filters].count(LevelFilter) == 1


@pytest.mark.parametrize(
    ("name", "level", "passes"),
    [
        ("anything", logging.INFO, False),
        ("anything", logging.WARNING, True),
        ("Host.Http", logging.DEBUG, True),
        ("Host", logging.DEBUG, True),
        ("Hosted", logging.INFO, False),
        ("Host.Http.Quiet", logging.ERROR, False),
        ("azure.core", logging.WARNING, True),
        ("azure.core", logging.INFO, False),
    ],
)
def test_the_longest_category_decides(name: str, level: int, passes: bool):
    """As host.json's logLevel: default, then prefixes up to a dot."""
    levels = {"default": "Warning", "Host": "Debug", "Host.Http.Quiet": "None"}

    assert LevelFilter(levels).filter(record(name, level)) is passes


def test_libraries_are_quiet_unless_asked():
    """Their INFO lines tell every request."""
    assert not LevelFilter({}).filter(record("azure.core", logging.INFO))
    assert LevelFilter({"azure": "Information"}).filter(record("azure.core", logging.INFO))


def test_an_unknown_level_is_refused():
    """The error names category and level."""
    with pytest.raises(AppLoadError, match="logLevel Host: unknown level 'Loud'"):
        LevelFilter({"Host": "Loud"})


@pytest.fixture
def stream() -> Iterator[StringIO]:
    """Log lines of the whole process; the loggers are put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    text = StringIO()
    handler = configure_logging(stream=text)
    apply_levels(handler, {"default": "Information", "chatty": "Debug"})
    yield text
    root.handlers[:] = handlers
    root.setLevel(level)


def test_every_logger_writes_json(stream: StringIO):
    """Levels of host.json are applied to the process."""
    logging.getLogger("chatty").debug("heard")
    logging.getLogger("other").debug("not heard")

    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["heard"]


def test_prints_become_lines(stream: StringIO):
    """Text is cut at line ends, wherever the pieces end."""
    output = LoggedOutput()
    output.write("one\ntw")
    output.write("o\nrest")

    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == [
        "one",
        "two",
    ]
    assert output.writable()
