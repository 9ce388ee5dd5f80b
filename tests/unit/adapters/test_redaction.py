"""Secrets never get into logs or messages."""

import io
import logging

import pytest

from adapters.redaction import STARS, RedactingFilter, redact, redact_logs


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abc.def-123", "abc.def-123"),
        ("token eyJhbGciOi.eyJzdWIiOi.c2lnbmF0 refused", "eyJhbGciOi"),
        ("https://x/operations/1?api-version=2025-08-01&t=6389&c=MIIHp&s=sgn&h=hsh", "MIIHp"),
        ("https://x/operations/1?t=6389&c=MIIHp&s=sgn&h=hsh done", "hsh"),
        ("https://x.blob/y?sv=1&sig=aB%2Bc%3D", "aB%2Bc%3D"),
        ("Endpoint=sb://x/;SharedAccessKey=k3y==;EntityPath=q", "k3y=="),
        ("SharedAccessSignature sr=sb%3A&sig=zzz&se=1", "zzz"),
        ("grant_type=client_credentials&client_secret=hush&scope=s", "hush"),
        ('{"access_token": "raw-token", "expires_in": 1}', "raw-token"),
        ('{"securityPIN":"123456"}', "123456"),
    ],
)
def test_secrets_become_stars(text: str, secret: str) -> None:
    """Tokens, keys and signatures are replaced wherever they stand."""
    clean = redact(text)

    assert secret not in clean
    assert STARS in clean


def test_everything_else_stays() -> None:
    """Ids, names and the harmless part of a URL are still readable."""
    text = "GET https://x/vaults/v1?api-version=2025-08-01&$filter=a eq 'b' gave 404, h=1 not a key"

    assert text == redact(text)


def test_what_surrounds_a_secret_stays() -> None:
    """Only the value goes, so the line can still be understood."""
    assert f"a&sig={STARS}&b=2" == redact("a&sig=abc&b=2")


def _logger(name: str, stream: io.StringIO) -> logging.Logger:
    logger = logging.getLogger(name)
    logger.propagate = False
    logger.handlers = [logging.StreamHandler(stream)]
    return logger


def test_log_arguments_are_redacted() -> None:
    """A secret that comes in as an argument of the log call is caught too."""
    stream = io.StringIO()
    logger = _logger("test.redaction.arguments", stream)
    redact_logs(root=logger)

    logger.warning("sent %s to %s", "Bearer abc123", "host")

    assert f"sent Bearer {STARS} to host\n" == stream.getvalue()


def test_exceptions_in_logs_are_redacted() -> None:
    """The text of a logged exception is cleaned like the message."""
    stream = io.StringIO()
    logger = _logger("test.redaction.exceptions", stream)
    redact_logs(root=logger)

    error = ValueError("https://x?sig=topsecret")
    logger.error("failed", exc_info=error)

    assert "topsecret" not in stream.getvalue()
    assert "ValueError" in stream.getvalue()


def test_redacting_leaves_the_record_to_other_handlers() -> None:
    """Only what this handler writes is rewritten; arguments are still there for the next one."""
    record = logging.LogRecord("n", logging.INFO, "p", 1, "sent %s", ("Bearer abc123",), None)
    passed = RedactingFilter().filter(record)

    assert f"sent Bearer {STARS}" == passed.getMessage()
    assert ("sent %s", ("Bearer abc123",)) == (record.msg, record.args)


def test_redacting_twice_adds_one_filter() -> None:
    """Building the ports again does not pile up filters."""
    logger = _logger("test.redaction.twice", io.StringIO())
    redact_logs(root=logger)

    redact_logs(root=logger)

    assert 1 == sum(isinstance(f, RedactingFilter) for f in logger.handlers[0].filters)
