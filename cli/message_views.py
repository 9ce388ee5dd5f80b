"""What the app's HTTP API says about messages that became no run, as the command line reads it."""

from datetime import datetime

from pydantic import Field

from cli.views import Body


class KeptMessageView(Body):
    """A message that became no run."""

    box: str
    sequence_number: int
    message_id: str
    session_id: str | None = None
    reason: str
    description: str = ""
    enqueued_at: datetime | None = None
    delivery_count: int = 0
    original_id: str
    replay_of: str | None = None
    body: str | None = None


class MessagePage(Body):
    """Answer of ``GET /api/messages/{box}``."""

    messages: tuple[KeptMessageView, ...]
    from_: int | None = Field(default=None, alias="from")
    """Where the box goes on; None: it holds no more."""


class ReplayedMessage(Body):
    """One message sent anew."""

    sequence_number: int
    original_id: str
    message_id: str


class ReplayAnswer(Body):
    """Answer of a replay."""

    replayed: tuple[ReplayedMessage, ...]
