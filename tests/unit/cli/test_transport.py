"""One call to the app: what is sent, and which error an answer becomes."""

import io

import pytest
from rich.console import Console

from cli.problem_table import problem_table
from cli.transport import JsonTransport
from domain.errors import (
    AccessDeniedError,
    ConfigurationError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)
from tests.unit.cli.fake_app import error_body

PATH = "/api/things"


def call(app, *answer, key=None, timeout_s=5.0):
    """Calls the path once with this answer."""
    app.on("GET", PATH, answer)
    return JsonTransport(app.url, key, timeout_s=timeout_s).call("GET", PATH)


def test_answer_is_its_json_object(fake_app):
    """A success gives the JSON object of its body."""
    assert {"a": 1} == call(fake_app, 200, {"a": 1})


def test_empty_answer_is_an_empty_object(fake_app):
    """A success without a body is a success."""
    assert {} == call(fake_app, 202, b"")


def test_key_travels_in_the_functions_header(fake_app):
    """The key is sent where Azure Functions looks for it, not in the address."""
    call(fake_app, 200, {}, key="secret")
    _, path, headers, _ = fake_app.calls[0]

    assert (PATH, "secret") == (path, headers["x-functions-key"])


def test_this_machine_is_reached_without_a_proxy(fake_app, monkeypatch):
    """A proxy in the environment cannot reach an app on the loopback address."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    assert {"a": 1} == call(fake_app, 200, {"a": 1})


def test_key_is_not_sent_unprotected_to_another_machine():
    """Plain http is for this machine only; the error comes before anything is sent."""
    with pytest.raises(ConfigurationError, match="https"):
        JsonTransport("http://app.example", "secret")


def test_body_is_json(fake_app):
    """A body is sent as JSON and says so."""
    fake_app.on("POST", PATH, (200, {}))
    JsonTransport(fake_app.url).call("POST", PATH, {"name": "Müller"})
    _, _, headers, body = fake_app.calls[0]

    assert ({"name": "Müller"}, "application/json") == (body, headers["content-type"])


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RefusedError),
        (401, AccessDeniedError),
        (403, AccessDeniedError),
        (404, NotFoundError),
        (405, RefusedError),
        (409, RefusedError),
        (429, ThrottledError),
        (500, UnavailableError),
        (503, UnavailableError),
    ],
)
def test_status_decides_the_error(fake_app, status, kind):
    """Each status becomes the error of its kind, with the app's own sentence and code."""
    with pytest.raises(kind) as caught:
        call(fake_app, status, error_body("Code", "A sentence."))

    assert ("A sentence.", "Code") == (caught.value.message, caught.value.code)


def test_problems_are_all_kept(fake_app):
    """A 400 with problems becomes an input error that lists each of them."""
    problems = [
        {"where": "vaults[0]", "field": "region", "message": "is missing", "vault": "v"},
        {"where": "vaults[1]", "field": "-", "message": "twice", "vault": None},
    ]
    with pytest.raises(InvalidInputError) as caught:
        call(fake_app, 400, error_body("InvalidInput", "2 problems", problems=problems))

    assert [("vaults[0]", "region", "is missing", "v"), ("vaults[1]", "-", "twice", None)] == [
        (p.where, p.field, p.message, p.vault) for p in caught.value.problems
    ]


def test_throttled_answer_says_when_to_come_back(fake_app):
    """Retry-After is kept, in seconds."""
    with pytest.raises(ThrottledError) as caught:
        call(fake_app, 429, error_body("Throttled", "Slow."), {"Retry-After": "17"})

    assert 17.0 == caught.value.retry_after_s


def test_error_without_json_is_still_an_error(fake_app):
    """An error page of a proxy in between is reported by its status."""
    with pytest.raises(UnavailableError, match="502"):
        call(fake_app, 502, b"<html>Bad gateway</html>")


def test_success_without_json_is_unexpected(fake_app):
    """A page that is not JSON was not sent by the app."""
    with pytest.raises(UnexpectedAnswerError, match="not a JSON object"):
        call(fake_app, 200, b"<html>Welcome</html>")


def test_redirect_is_not_followed(fake_app):
    """The key is never carried to where a redirect points."""
    fake_app.on("GET", "/elsewhere", (200, {}))
    with pytest.raises(RefusedError, match="302"):
        call(fake_app, 302, b"", {"Location": f"{fake_app.url}/elsewhere"})

    assert [PATH] == [path for _, path, _, _ in fake_app.calls]


def test_broken_connection_is_unavailable(fake_app):
    """A connection that breaks before the answer says so, with what to do."""
    with pytest.raises(UnavailableError, match="does not answer") as caught:
        call(fake_app, 0, b"")

    assert "VAULTLIFT_URL" in caught.value.what_to_do


def test_nobody_there_is_unavailable():
    """A port nobody listens on is reported in words, not in error numbers."""
    with pytest.raises(UnavailableError, match="does not answer: Connection refused") as caught:
        JsonTransport("http://127.0.0.1:9").call("GET", PATH)

    assert "Errno" not in caught.value.message


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/?code=SECRET", "https://host/#SECRET", "https://ada:SECRET@host"]
)
def test_a_key_in_the_address_is_refused_and_not_shown(url):
    """It would travel in the address, where every log keeps it; the error is logged, too."""
    with pytest.raises(ConfigurationError, match="--key") as caught:
        JsonTransport(url)

    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "problems", [7, "text", {"a": 1}, [3], [{"where": None, "field": [1], "vault": 5}]]
)
def test_problems_of_another_shape_do_not_hide_the_error(fake_app, problems):
    """A gateway's error under the same names is still one sentence."""
    with pytest.raises((RefusedError, InvalidInputError)) as caught:
        call(fake_app, 400, error_body("Code", "A sentence.", problems=problems))

    shown = io.StringIO()
    Console(file=shown).print(problem_table(getattr(caught.value, "problems", ())))
    assert "Where" in shown.getvalue()


def test_an_answer_nested_without_end_is_unexpected(fake_app):
    """What the parser gives up on was not sent by the app."""
    with pytest.raises(UnexpectedAnswerError, match="not a JSON object"):
        call(fake_app, 200, b"[" * 100_000)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host",
        "localhost:7071",
        "file:///etc/passwd",
        "",
        "http://[::1",
        "http://host:port",
        "http://:7071",
        "http://host:70710",
    ],
)
def test_only_http_addresses_are_taken(url):
    """Anything but an http or https address is refused before a call."""
    with pytest.raises(ConfigurationError, match="not the address of an app"):
        JsonTransport(url)
