"""The routes of messages and of admission, in words."""

from collections.abc import Mapping

from domain.codec import JsonObject
from domain.messages import MessageBox
from tools.api import samples
from tools.api.model import (
    NO_EVIDENCE,
    Body,
    Parameter,
    Refusal,
    Reply,
    RouteText,
    invalid,
    not_found,
)
from triggers.shapes.messages import (
    MOST_SHOWN,
    AdmissionView,
    MessageDetail,
    MessagePage,
    ReplayAnswer,
)

TAG = "messages"
NO_BOX = not_found("There is no such box.")
NO_MESSAGE = not_found("There is no such box, or no such message in it.")
AWAY = Refusal(
    status=503,
    codes=("QueueUnavailable",),
    text="The queue could not be reached. What was replayed is replayed once.",
)
AWAY_OR_NO_EVIDENCE = Refusal(
    status=503,
    codes=(*AWAY.codes, *NO_EVIDENCE.codes),
    text="The queue or the evidence could not be reached. What was replayed is replayed once.",
)

BOX = Parameter(
    name="box",
    text="`rejected`: could never be used. `dead-letter`: handling it failed too often.",
    schema={"type": "string", "enum": [box.value for box in MessageBox]},
)
NUMBER = Parameter(
    name="number",
    text="Its `sequenceNumber` in the box.",
    schema={"type": "integer", "minimum": 0},
    example=17,
)

_VIEW: JsonObject = {
    "box": "rejected",
    "sequenceNumber": 17,
    "messageId": "c1" * 32,
    "sessionId": samples.CLASSIC.key,
    "reason": "InvalidInput",
    "description": "schemaVersion: is 7; this version of vaultlift reads schemaVersion 1",
    "enqueuedAt": samples.STARTED,
    "deliveryCount": 1,
    "originalId": "0d" * 32,
    "replayOf": None,
}
_REPLAYED = Reply(
    status=202,
    text="Sent anew.",
    shape=ReplayAnswer,
    example={"replayed": [{"sequenceNumber": 17, "originalId": "0d" * 32, "messageId": "7e" * 32}]},
)
_WHY = Body(schema="CommandBody", examples={"with a comment": samples.COMMAND})

TEXTS: Mapping[str, RouteText] = {
    "list_messages": RouteText(
        tag=TAG,
        summary="List messages that became no run",
        text="The oldest first.",
        parameters=(
            BOX,
            Parameter(
                name="top",
                text="How many at most.",
                schema={
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MOST_SHOWN,
                    "default": 100,
                },
            ),
            Parameter(
                name="from",
                text="The sequence number to begin with; `from` of the page before.",
                schema={"type": "integer", "minimum": 0, "default": 0},
            ),
        ),
        replies=(
            Reply(
                status=200,
                text="One page.",
                shape=MessagePage,
                example={"messages": [_VIEW], "from": None},
            ),
        ),
        refusals=(invalid("`top` or `from` is no number in range."), NO_BOX, AWAY),
    ),
    "get_message": RouteText(
        tag=TAG,
        summary="Look into a message",
        text="With its body, as text.",
        parameters=(BOX, NUMBER),
        replies=(
            Reply(
                status=200,
                text="The message.",
                shape=MessageDetail,
                example={**_VIEW, "body": '{"schemaVersion": 7}'},
            ),
        ),
        refusals=(NO_MESSAGE, AWAY),
    ),
    "replay_message": RouteText(
        tag=TAG,
        summary="Send a message anew",
        text="A new message with the old body and an id of its own; the old one leaves the box.",
        parameters=(BOX, NUMBER),
        body=_WHY,
        replies=(_REPLAYED,),
        refusals=(invalid(), NO_MESSAGE, AWAY_OR_NO_EVIDENCE),
    ),
    "replay_messages": RouteText(
        tag=TAG,
        summary="Send every message of a box anew",
        text=f"The first {MOST_SHOWN} of them.",
        parameters=(BOX,),
        body=_WHY,
        replies=(_REPLAYED,),
        refusals=(invalid(), NO_BOX, AWAY_OR_NO_EVIDENCE),
    ),
    "get_admission": RouteText(
        tag=TAG,
        summary="See how many vaults wait",
        text="Of those that no campaign paces: how many wait for their turn, and how many are in "
        "flight.",
        replies=(
            Reply(
                status=200,
                text="The counts.",
                shape=AdmissionView,
                example={"window": 100, "inFlight": 100, "waiting": 8900},
            ),
        ),
    ),
}
"""By the name of the registered function."""
