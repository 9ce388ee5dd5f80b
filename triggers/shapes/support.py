"""What the routes of failed upgrades answer."""

from typing import TypedDict

from domain.support import SupportBundle
from triggers.shapes.common import Moment


class SupportView(TypedDict):
    """What Microsoft Support needs about a failed upgrade."""

    id: str
    evidenceKey: str
    recordedAt: Moment
    bundle: SupportBundle
    """As kept in the evidence; `mail_to`, `mail_subject` and `mail_text` are ready to send."""


class RetryAccepted(TypedDict):
    """Microsoft's instruction was recorded, and the vault queued again."""

    id: str
    attempt: int
    """The attempt it opens, from 2."""
    ticket: str
    requestId: str
    """The same for the same ticket."""
