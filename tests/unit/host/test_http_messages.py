"""HTTP answers of functions."""

from http.cookies import SimpleCookie
from typing import Any

import pytest
from azure.functions import HttpResponse
from azure.functions.http import HttpResponseConverter
from azure_functions_runtime.bindings.datumdef import datum_as_proto

from local.host.http_messages import to_response
from local.host.messages import PROTOS, TypedData


def answered(response: Any) -> Any:
    """What the host sends for what a function returned, by way of the runtime's own classes."""
    datum = HttpResponseConverter.encode(response, expected_type=None)
    return to_response(datum_as_proto(datum, PROTOS))


def test_status_headers_and_body_are_sent():
    """Bytes stay bytes; header names keep their values."""
    sent = answered(HttpResponse(b"\x00\xff", status_code=418, headers={"X-A": "1"}))

    assert (sent.status, sent.body, sent.headers["X-A"]) == (418, b"\x00\xff", "1")


def test_the_content_type_is_the_function_s():
    """A mimetype becomes the header, with a charset for text."""
    sent = answered(HttpResponse("x", mimetype="text/csv"))

    assert sent.headers["Content-Type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("name", ["Content-Length", "Transfer-Encoding", "Connection"])
def test_headers_of_the_connection_are_the_server_s(name: str):
    """A function cannot break the framing of its own answer."""
    sent = answered(HttpResponse("abc", headers={name: "99"}))

    assert sent.headers.get(name) in {None, "3"}


@pytest.mark.parametrize(
    "cookie",
    [
        "a=1",
        "a=1; Domain=example.com; Path=/x",
        "a=1; HttpOnly; SameSite=Lax; Secure",
        "a=1; SameSite=None",
        "a=1; Max-Age=60",
        "a=1; Max-Age=0",
        "a=1; expires=Mon, 23 Nov 2026 12:00:00 GMT",
    ],
)
def test_cookies_keep_their_attributes(cookie: str):
    """Every attribute the runtime understands arrives."""
    response = HttpResponse("x")
    response.headers.add("Set-Cookie", cookie)

    sent = answered(response).headers.getall("Set-Cookie")

    assert SimpleCookie(sent[0])["a"] == SimpleCookie(cookie)["a"]


def test_nothing_returned_is_no_content():
    """No value at all is 204."""
    assert to_response(None).status == 204


def test_a_plain_string_is_text():
    """A string answer is 200, text."""
    sent = to_response(TypedData(string="hello"))

    assert (sent.status, sent.text, sent.content_type) == (200, "hello", "text/plain")
