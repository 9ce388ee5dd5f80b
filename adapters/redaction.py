"""Keeps tokens, keys and signatures out of logs and error messages.

What must never be printed: bearer tokens, client secrets, shared access keys and signatures, and
the signature parameters of the operation URLs that Resource Manager hands out
(facts recovery-services 0).
"""

import copy
import logging
import re
from typing import Any

# Stars, so that a reader sees that something was taken out, and a search finds all of it.
STARS = "***"

_SECRETS = (
    # Authorization headers, and tokens that stand alone.
    re.compile(r"(?i)(\bbearer\s+)[A-Za-z0-9._~+/=-]+"),
    re.compile(r"()\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),
    re.compile(r"(SharedAccessSignature\s+)\S+"),
    # Connection strings: the value ends at the next semicolon.
    re.compile(r"(?i)((?:SharedAccessKey|AccountKey|SharedAccessSignature)=)[^;\s\"']+"),
    # Members of token requests and answers, as form fields and as JSON.
    re.compile(
        r"(?i)((?:client_secret|client_assertion|access_token|refresh_token|securityPIN)"
        r"[\"']?\s*[=:]\s*[\"']?)[^\"'&\s,}]+"
    ),
    # SAS and the t, c, s, h of signed operation URLs. Only in a query string: "h=" is a word too.
    re.compile(r"(?i)((?:[?&]|&amp;)(?:sig|skoid|t|c|s|h|code)=)[^&\s\"'<>]+"),
)


def redact(text: str) -> str:
    """``text`` with every secret replaced by stars; everything else stays as it was."""
    for secret in _SECRETS:
        text = secret.sub(rf"\g<1>{STARS}", text)
    return text


class RedactingFilter(logging.Filter):
    """Redacts whatever passes a log handler, whoever wrote it."""

    def filter(self, record: logging.LogRecord) -> logging.LogRecord:
        """A record with message and exception text rewritten; lets every record pass."""
        # A copy, because the record goes on to other handlers, which may want its arguments.
        redacted = copy.copy(record)
        redacted.msg = redact(record.getMessage())
        redacted.args = ()
        if record.exc_info:
            # Formatters take this text, where there is one, instead of making their own.
            text = record.exc_text or logging.Formatter().formatException(record.exc_info)
            redacted.exc_text = redact(text)
        return redacted


# A filter on a logger would miss what is logged through its children: filters are not inherited.
def redact_logs(*, root: logging.Logger | None = None) -> None:
    """Makes every handler of the root logger redact; calling it again changes nothing."""
    handlers: list[Any] = (root or logging.getLogger()).handlers
    for handler in handlers:
        if not any(isinstance(known, RedactingFilter) for known in handler.filters):
            handler.addFilter(RedactingFilter())
