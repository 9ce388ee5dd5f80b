"""HTTP requests and responses, between aiohttp's form and the runtime's."""

from collections.abc import Iterable, Mapping
from email.utils import formatdate
from http.cookies import SimpleCookie
from typing import Any

from aiohttp import web
from multidict import CIMultiDict, MultiMapping

from .messages import RpcHttp, TypedData

DEFAULT_BODY_LIMIT = 104_857_600
"""Bytes; the real host's default of ``FUNCTIONS_REQUEST_BODY_SIZE_LIMIT``."""

_WRITTEN_BY_THE_SERVER = frozenset({"content-length", "transfer-encoding", "connection"})


async def body_of(request: web.Request) -> bytes:
    """The whole body.

    Raises:
        web.HTTPRequestEntityTooLarge: It is larger than the server's limit; answered with 413.
    """
    # Told by the header alone, where it says so, instead of after reading all the limit allows.
    announced = request.content_length or 0
    if announced > request.client_max_size:
        raise web.HTTPRequestEntityTooLarge(max_size=request.client_max_size, actual_size=announced)
    return await request.read()


def to_rpc_request(
    request: web.Request, route_parameters: Mapping[str, str], body: bytes
) -> RpcHttp:
    """The request as a trigger value.

    Like the real host: header names in lower case, repeated headers and query members joined with
    a comma, empty values left out.
    """
    return RpcHttp(
        method=request.method,
        url=str(request.url),
        headers=_joined(request.headers, lower=True),
        query=_joined(request.query, lower=False),
        params=dict(route_parameters),
        body=TypedData(bytes=body),
    )


def _joined(values: MultiMapping[str], *, lower: bool) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in values.items():
        key = name.lower() if lower else name
        # An app that tests for a header must find the same here and in Azure.
        if value:
            joined[key] = f"{joined[key]},{value}" if key in joined else value
    return joined


def to_response(value: TypedData | None) -> web.Response:
    """What a function returned as an HTTP answer; nothing returned is 204."""
    # As the real host answers when a function returned nothing.
    if value is None or value.kind is None:
        return web.Response(status=204)
    if value.kind != "http":
        return web.Response(text=str(value.value))
    answer: RpcHttp = value.value
    headers: CIMultiDict[str] = CIMultiDict(
        (name, text)
        for name, text in answer.headers.items()
        # aiohttp computes these from the body; a second value would contradict it.
        if name.lower() not in _WRITTEN_BY_THE_SERVER
    )
    # Added one by one: cookies are the one header that must not be joined (RFC 6265, 3).
    for cookie in _set_cookies(answer.cookies or ()):
        headers.add("Set-Cookie", cookie)
    return web.Response(
        status=int(answer.status_code), headers=headers, body=_to_bytes(answer.body)
    )


def _to_bytes(body: TypedData) -> bytes:
    value: Any = body.value
    if value is None:
        return b""
    return value if isinstance(value, bytes) else str(value).encode()


def _set_cookies(cookies: Iterable[Any]) -> Iterable[str]:
    for cookie in cookies:
        jar: SimpleCookie = SimpleCookie()
        jar[cookie.name] = cookie.value
        jar[cookie.name].update({name: value for name, value in _attributes(cookie) if value})
        yield jar[cookie.name].OutputString()


def _attributes(cookie: Any) -> Iterable[tuple[str, Any]]:
    yield "domain", _value(cookie.domain)
    yield "path", _value(cookie.path)
    yield "secure", _value(cookie.secure)
    yield "httponly", _value(cookie.http_only)
    yield "samesite", _value(cookie.same_site)
    yield "expires", None if cookie.expires is None else _http_date(cookie.expires.value)
    # As text: a cookie that ends at once has 0 here, which must not count as absent.
    yield "max-age", None if cookie.max_age is None else str(int(cookie.max_age.value))


def _value(nullable: Any) -> Any:
    return None if nullable is None else nullable.value


def _http_date(timestamp: Any) -> str:
    return formatdate(timestamp.seconds, usegmt=True)
