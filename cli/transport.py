"""JSON over HTTP: one call, its answer, and the error of our tree where the answer is one.

Plain ``urllib``: the command line has to start fast and may stand behind a proxy, which urllib
takes from the environment.
"""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from adapters.clouds import is_loopback, may_carry_secrets
from domain.codec import JsonObject
from domain.errors import (
    AccessDeniedError,
    ConfigurationError,
    InvalidInputError,
    NotFoundError,
    Problem,
    RefusedError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)

TIMEOUT_S = 30.0
"""For one call. The app answers from its own store, so anything slower is broken."""

LIST_TIMEOUT_S = 230.0
"""The most for a list of vaults, of which thousands are noted one by one or whole subscriptions are
looked through, and for a box of messages. The load balancer in front of a Functions app holds a
request no longer."""


@dataclass(frozen=True, kw_only=True)
class _Answer:
    status: int
    body: JsonObject
    retry_after_s: float | None
    request_id: str | None


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() else None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Does not carry the key to wherever a redirect points."""

    def redirect_request(self, *_: Any) -> None:
        """Follows nothing: the 3xx is raised as the answer it is."""
        return


def _check_address(url: str) -> None:
    how = "Give it as --url http://HOST:PORT or in VAULTLIFT_URL."
    parts = _split(url)
    if parts is None:
        raise ConfigurationError("not the address of an app", subject=url, what_to_do=how)
    # The portal copies an address with its key, and routes put behind that would reach nothing. Not
    # shown again: errors end up in logs.
    if parts.query or parts.fragment or parts.username is not None:
        raise ConfigurationError(
            f"the address of {parts.hostname} holds more than an address",
            what_to_do=f"{how} A function key goes to --key or VAULTLIFT_KEY.",
        )


def _split(url: str) -> urllib.parse.SplitResult | None:
    """The parts of a web address; None for anything else."""
    try:
        parts = urllib.parse.urlsplit(url)
        # Asking for the port is what checks it.
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if is_address else None


class JsonTransport:
    """Calls one server.

    Args:
        url: Where it is: ``http://127.0.0.1:7071``.
        key: The function key, if the app wants one.
        timeout_s: Seconds before one call is given up.

    Raises:
        ConfigurationError: The URL is not http or https or holds a key, or the key would travel
            unprotected.
    """

    def __init__(self, url: str, key: str | None = None, *, timeout_s: float = TIMEOUT_S) -> None:
        _check_address(url)
        # The key opens every route of the app, approvals included.
        if key and not may_carry_secrets(url):
            raise ConfigurationError(
                "a function key needs https", subject=url, what_to_do="Give an https address."
            )
        self.url = url.rstrip("/")
        self._key = key
        self._timeout_s = timeout_s
        handlers: list[Any] = [_NoRedirect]
        if is_loopback(url):
            # No proxy can reach this machine's own loopback address; one in the environment is
            # meant for everything else.
            handlers.append(urllib.request.ProxyHandler({}))
        # One opener for all calls: it reads the proxies of the environment once.
        self._opener = urllib.request.build_opener(*handlers)

    def call(
        self,
        method: str,
        path: str,
        body: JsonObject | None = None,
        *,
        timeout_s: float | None = None,
    ) -> JsonObject:
        """Sends one request and gives the answer's JSON object; empty for an empty body.

        Args:
            method: The HTTP method.
            path: Below the address, with its query.
            body: Sent as JSON.
            timeout_s: Seconds before this call is given up, where it may take longer than others.

        Raises:
            InvalidInputError: The app found problems in the body.
            ServiceError: The app refused, or did not answer.
        """
        headers = {"Accept": "application/json"}
        if self._key:
            # In a header, not as ?code=: addresses end up in logs of proxies.
            headers["x-functions-key"] = self._key
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
            self.url + path,
            method=method,
            headers=headers,
            data=None if body is None else json.dumps(body).encode(),
        )
        answer = self._open(request, timeout_s or self._timeout_s)
        # 3xx too: redirects are not followed, so one is an answer nobody asked for.
        if answer.status >= http.HTTPStatus.MULTIPLE_CHOICES:
            raise _error_of(answer, subject=f"{method} {self.url}{path}")
        return answer.body

    def _open(self, request: urllib.request.Request, timeout_s: float) -> _Answer:
        try:
            try:
                response = self._opener.open(request, timeout=timeout_s)
            except urllib.error.HTTPError as error:
                # An error status is an answer like any other: its body says what is wrong.
                response = error
            with response:
                return self._read(response)
        except (http.client.HTTPException, OSError) as error:
            raise UnavailableError(
                f"the app does not answer: {_reason(error)}",
                subject=self.url,
                what_to_do="Is it running there? Give its address with --url or VAULTLIFT_URL.",
            ) from error

    def _read(self, response: Any) -> _Answer:
        content: bytes = response.read()
        headers = response.headers
        try:
            body = json.loads(content) if content.strip() else {}
        # Text nested deep enough exhausts the parser's stack; whoever sent that is no app of ours.
        except (ValueError, RecursionError):
            body = None
        # An error may come from a proxy and be HTML; its status alone says enough then.
        if not isinstance(body, dict):
            if response.status < http.HTTPStatus.MULTIPLE_CHOICES:
                raise UnexpectedAnswerError(
                    "the answer is not a JSON object",
                    status=response.status,
                    subject=self.url,
                    what_to_do="Is this the address of the vaultlift app?",
                )
            body = {}
        return _Answer(
            status=response.status,
            body=body,
            retry_after_s=_seconds(headers.get("Retry-After")),
            request_id=headers.get("x-ms-request-id"),
        )


def _reason(error: BaseException) -> str:
    """Why a connection failed, without error numbers and class names."""
    inner = getattr(error, "reason", None) or error
    return str(getattr(inner, "strerror", None) or inner or type(inner).__name__)


def _problems(error: JsonObject) -> tuple[Problem, ...]:
    # A gateway in front of the app has errors of its own, under the same names.
    listed = error.get("problems")
    return tuple(
        Problem(
            where=str(problem.get("where", "-")),
            field=str(problem.get("field", "-")),
            message=str(problem.get("message", "")),
            vault=str(problem["vault"]) if problem.get("vault") else None,
        )
        for problem in (listed if isinstance(listed, list) else ())
        if isinstance(problem, dict)
    )


_NO_KEY = "Give the app's function key with --key or VAULTLIFT_KEY."
_KINDS: dict[http.HTTPStatus, tuple[type[ServiceError], str]] = {
    http.HTTPStatus.UNAUTHORIZED: (AccessDeniedError, _NO_KEY),
    http.HTTPStatus.FORBIDDEN: (AccessDeniedError, _NO_KEY),
    http.HTTPStatus.NOT_FOUND: (
        NotFoundError,
        "`vaultlift status --all` lists what the app knows.",
    ),
}


def _error_of(answer: _Answer, *, subject: str) -> Exception:
    """The error of our tree for an answer that is one."""
    given = answer.body.get("error")
    error: JsonObject = given if isinstance(given, dict) else {}
    problems = _problems(error)
    if problems:
        return InvalidInputError(problems, subject=subject)
    status, code = answer.status, error.get("code")
    message = str(error.get("message") or f"the app answered with HTTP status {status}")
    ids: dict[str, Any] = {"subject": subject, "code": code, "request_id": answer.request_id}
    if status == http.HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(message, retry_after_s=answer.retry_after_s, **ids)
    if status in _KINDS:
        kind, advice = _KINDS[http.HTTPStatus(status)]
        return kind(message, status=status, what_to_do=advice, **ids)
    # 5xx may pass and is asked again; any other 4xx is final.
    may_pass = status >= http.HTTPStatus.INTERNAL_SERVER_ERROR
    return (UnavailableError if may_pass else RefusedError)(message, status=status, **ids)
