"""How many policy edits a vault still takes today (recovery-services 1.4).

The service allows 50 edits per vault in any 24 hours and counts every send, so every send is
counted here before it leaves.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

MAX_EDITS = 50
"""Policy edits the service allows per vault within 24 hours."""

EDIT_WINDOW = timedelta(hours=24, minutes=10)
"""The rolling time over which edits are counted here. Longer than the service's own: an edit is
written down a little before the service counts it, and would come back a little too early."""

LIMIT_PAUSE = timedelta(hours=6)
"""Wait after the service said that the limit is reached although our own count is below it:
somebody else edits the same vault, and nobody tells how often."""


def next_edit_at(edits: Sequence[datetime], now: datetime) -> datetime | None:
    """When the next edit may be sent; None: now.

    Args:
        edits: The moments of earlier edits, oldest first, UTC; the last 50 are enough.
        now: UTC.
    """
    # The fiftieth edit from the end is the one that has to leave the window.
    if len(edits) < MAX_EDITS:
        return None
    # A window that slides with each edit, not a day that begins at midnight: the service does not
    # say when its 24 hours begin, and this reading is the one that is never too early.
    free_at = edits[-MAX_EDITS] + EDIT_WINDOW
    return free_at if free_at > now else None


def first_possible_end(waiting: int, edits: Sequence[datetime], now: datetime) -> datetime:
    """The earliest moment at which ``waiting`` more edits can all have been sent.

    Tells people how many days a vault with many policies takes; nothing is scheduled by it.
    """
    sent = [*edits]
    at = now
    for _ in range(waiting):
        # Each as early as the window lets it, as the writes themselves do.
        at = next_edit_at(sent, at) or at
        sent.append(at)
    return at
