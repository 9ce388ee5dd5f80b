"""One call to a service and its answer, as it is kept for Microsoft Support: without secrets."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """What was sent and what came back, redacted and cut to a readable length."""

    method: str
    path: str
    """Path and query, with secrets replaced by stars."""
    sent_at: datetime
    """UTC."""
    request_headers: dict[str, str]
    """Those that matter; never an Authorization header."""
    request_body: str
    status: int | None
    """None: no answer came."""
    response_headers: dict[str, str]
    response_body: str
