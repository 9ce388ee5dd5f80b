"""Rejected and dead-lettered messages on azure-servicebus: keep, look at, send anew.

Service Bus cannot receive one certain message, only the next. To take one out of a box, those
before it are received too and given back.
"""

from contextlib import suppress
from typing import Any, Protocol

from azure.servicebus import ServiceBusMessage, ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import MessageLockLostError

from domain.messages import (
    LONGEST_REASON,
    KeptMessage,
    MessageBox,
    QueueMessage,
    Replayed,
    rejected_id,
    replay_id,
)
from domain.moments import as_utc

MOST_SEARCHED = 2_000
"""Messages received to find one; beyond that, replay the older ones first."""

BATCH = 100
"""Messages asked for at once."""

WAIT_S = 1.0
"""For the next messages of a box; when none comes, it is empty."""

_REASON, _ORIGINAL, _SESSION, _REPLAY_OF = (
    "vaultliftReason",
    "vaultliftOriginalMessageId",
    "vaultliftSessionId",
    "vaultliftReplayOf",
)


def rejected_queue(queue: str) -> str:
    """The queue of messages that can never be used."""
    return f"{queue}-rejected"


def rejected_message(message: QueueMessage, reason: str) -> ServiceBusMessage:
    """The copy of a refused message: its body untouched, everything else as properties."""
    return ServiceBusMessage(
        message.body,
        message_id=rejected_id(message),
        correlation_id=message.message_id,
        content_type="application/json",
        subject="rejected",
        application_properties={
            _REASON: reason[:LONGEST_REASON],
            _ORIGINAL: message.message_id,
            _SESSION: message.session_id,
        },
    )


def open_box(client: ServiceBusClient, queue: str, box: MessageBox) -> ServiceBusReceiver:
    """A receiver of a box; neither has sessions."""
    if box is MessageBox.REJECTED:
        # A queue of our own and not the dead letters: a trigger in Python can complete or abandon a
        # message, but not dead-letter it with a reason (service-bus 5, 6.7).
        return client.get_queue_receiver(rejected_queue(queue))
    return client.get_queue_receiver(queue, sub_queue=ServiceBusSubQueue.DEAD_LETTER)


class Receiver(Protocol):
    """As much of the SDK's receiver as boxes need."""

    async def peek_messages(
        self, max_message_count: int = 1, *, sequence_number: int = 0
    ) -> list[ServiceBusReceivedMessage]:
        """Looks, taking none."""
        ...

    async def receive_messages(
        self, max_message_count: int | None = 1, max_wait_time: float | None = None
    ) -> list[ServiceBusReceivedMessage]:
        """Takes the next ones under lock."""
        ...

    async def complete_message(self, message: ServiceBusReceivedMessage) -> None:
        """Takes a message out for good."""
        ...

    async def abandon_message(self, message: ServiceBusReceivedMessage) -> None:
        """Gives a message back."""
        ...


class Sender(Protocol):
    """As much of the SDK's sender as a replay needs."""

    async def send_messages(self, message: ServiceBusMessage) -> None:
        """Sends a message."""
        ...


async def look_into(
    receiver: Receiver, box: MessageBox, limit: int, from_sequence: int
) -> tuple[KeptMessage, ...]:
    """The first messages of a box from a sequence number on."""
    found: list[KeptMessage] = []
    following = max(1, from_sequence)
    while len(found) < limit:
        # The service may give fewer than asked for; only an empty answer is the end.
        page = await receiver.peek_messages(
            min(BATCH, limit - len(found)), sequence_number=following
        )
        if not page:
            break
        found += [to_kept(message, box) for message in page]
        following = found[-1].sequence_number + 1
    return tuple(found)


async def replay_from(
    receiver: Receiver, sender: Sender, limit: int, only: int | None
) -> tuple[Replayed, ...]:
    """Sends messages of a box anew; those that are in the way of the one looked for stay."""
    passed: list[ServiceBusReceivedMessage] = []
    try:
        if only is None:
            return await _replay_all(receiver, sender, limit, passed)
        wanted = await _find(receiver, only, passed)
        return (await _replay(receiver, sender, wanted),) if wanted is not None else ()
    finally:
        for message in passed:
            # Its lock may have run out by now, which gives it back just as well.
            with suppress(MessageLockLostError):
                await receiver.abandon_message(message)


async def _replay_all(
    receiver: Receiver, sender: Sender, limit: int, passed: list[ServiceBusReceivedMessage]
) -> tuple[Replayed, ...]:
    """What is in the box; ``passed`` gets what came back to it meanwhile."""
    done: list[Replayed] = []
    # A message that nobody can use is soon back, refused by another instance of the app. Sent again
    # and again it would take every place up to the limit.
    while len(done) < limit and not passed:
        size = min(BATCH, limit - len(done))
        batch = await receiver.receive_messages(size, max_wait_time=WAIT_S)
        if not batch:
            break
        sent = {one.message_id for one in done}
        passed += [one for one in batch if _original_id(one) in sent]
        done += [await _replay(receiver, sender, one) for one in batch if one not in passed]
    return tuple(done)


async def _find(
    receiver: Receiver, number: int, passed: list[ServiceBusReceivedMessage]
) -> ServiceBusReceivedMessage | None:
    """The message of a number; ``passed`` gets every other one that had to be received for it."""
    found: ServiceBusReceivedMessage | None = None
    while found is None and len(passed) < MOST_SEARCHED:
        batch = await receiver.receive_messages(BATCH, max_wait_time=WAIT_S)
        if not batch:
            return None
        # To the end of the batch: what was received after the one looked for is given back, too.
        found = next((one for one in batch if one.sequence_number == number), None)
        passed += [one for one in batch if one is not found]
    return found


async def _replay(
    receiver: Receiver, sender: Sender, message: ServiceBusReceivedMessage
) -> Replayed:
    """Sent first and taken out after: a crash in between sends the same message id again."""
    properties = _properties(message)
    original_id = _original_id(message)
    number = message.sequence_number or 0
    anew = ServiceBusMessage(
        _body(message),
        message_id=replay_id(original_id, number),
        # The vault's session again, so that the replay keeps its place among what the vault still
        # has waiting; the queue takes no message without one.
        session_id=properties.get(_SESSION) or message.session_id or original_id,
        correlation_id=original_id,
        content_type="application/json",
        subject="replay",
        application_properties={_REPLAY_OF: original_id},
    )
    await sender.send_messages(anew)
    await receiver.complete_message(message)
    return Replayed(
        sequence_number=number, original_id=original_id, message_id=anew.message_id or ""
    )


def to_kept(message: ServiceBusReceivedMessage, box: MessageBox) -> KeptMessage:
    """A message of a box as it is shown."""
    properties, enqueued = _properties(message), message.enqueued_time_utc
    return KeptMessage(
        box=box,
        sequence_number=message.sequence_number or 0,
        message_id=message.message_id or "",
        session_id=properties.get(_SESSION) or message.session_id,
        reason=message.dead_letter_reason or "InvalidMessage",
        description=_description(message),
        body=_body(message).decode("utf-8", "replace"),
        enqueued_at=as_utc(enqueued) if enqueued else None,
        delivery_count=message.delivery_count or 0,
        original_id=_original_id(message),
        replay_of=properties.get(_REPLAY_OF),
    )


def _original_id(message: ServiceBusReceivedMessage) -> str:
    # A copy in the rejected queue has an id of its own; a dead-lettered message keeps the sender's.
    return str(_properties(message).get(_ORIGINAL) or message.message_id or "")


def _description(message: ServiceBusReceivedMessage) -> str:
    # Ours for what was refused, the service's or the host's for what was dead-lettered.
    ours = _properties(message).get(_REASON)
    return str(ours or message.dead_letter_error_description or "")


def _properties(message: ServiceBusReceivedMessage) -> dict[str, Any]:
    """The application properties with text for names and values; the SDK gives bytes."""
    return {
        _text(name): _text(value) for name, value in (message.application_properties or {}).items()
    }


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _body(message: ServiceBusReceivedMessage) -> bytes:
    """The body as it was sent; one that is no data section is given as its text."""
    body = message.body
    if isinstance(body, bytes | str):
        return body if isinstance(body, bytes) else body.encode()
    sections = list(body) if hasattr(body, "__iter__") else [body]
    return b"".join(one if isinstance(one, bytes) else str(one).encode() for one in sections)
