"""What the routes of messages and of admission answer."""

from typing import Annotated, TypedDict

from domain.messages import MessageBox
from triggers.shapes.common import Moment, one_of

MOST_SHOWN = 500
"""Messages of one answer, and of one replay."""


class MessageView(TypedDict):
    """A message that became no run."""

    box: Annotated[str, one_of(MessageBox)]
    sequenceNumber: int
    """Names it in its box."""
    messageId: str
    sessionId: str | None
    reason: str
    description: str
    enqueuedAt: Moment | None
    deliveryCount: int
    originalId: str
    """Id of the message that was refused or failed."""
    replayOf: str | None
    """Id of the message it was a replay of."""


class MessageDetail(MessageView):
    """A message with its body."""

    body: str


MessagePage = TypedDict(
    # `from` is a word of the language, so the page cannot be a class.
    "MessagePage",
    {"messages": list[MessageView], "from": int | None},
)
"""The oldest first; `from` is where the next page begins, null on the last."""


class ReplayedView(TypedDict):
    """A message that was sent anew."""

    sequenceNumber: int
    """Of the old one, which has left the box."""
    originalId: str
    messageId: str
    """Of the new one."""


class ReplayAnswer(TypedDict):
    """What was sent anew."""

    replayed: list[ReplayedView]


class AdmissionView(TypedDict):
    """The order of vaults that no campaign paces."""

    window: int | None
    """How many may be in flight; null: nobody has waited yet."""
    inFlight: int
    waiting: int
