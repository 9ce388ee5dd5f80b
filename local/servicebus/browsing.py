"""Finding messages of a queue by sequence number: to peek, or deferred and scheduled ones."""

from collections.abc import Mapping, Sequence

from local.servicebus.errors import message_not_found
from local.servicebus.messages import Message, MessageState

type Messages = Mapping[int, Message]
"""A queue's messages by sequence number."""


def peek(
    messages: Messages, from_sequence_number: int, count: int, session_id: str | None
) -> list[Message]:
    """Up to ``count`` messages in any state from a sequence number on."""
    found = []
    # Sorted anew each time: dead letters arrive out of order, and peeking is rare.
    for sequence_number in sorted(n for n in messages if n >= from_sequence_number):
        message = messages[sequence_number]
        if session_id is None or message.session_id == session_id:
            found.append(message)
        if len(found) == count:
            break
    return found


def find_scheduled(messages: Messages, sequence_numbers: Sequence[int]) -> list[Message]:
    """Messages that are not due yet, all or none.

    Raises:
        BrokerError: One of them is not there or not scheduled any more.
    """
    return _find_all(messages, sequence_numbers, MessageState.SCHEDULED)


def find_deferred(
    messages: Messages, sequence_numbers: Sequence[int], session_id: str | None
) -> list[Message]:
    """Deferred messages that nobody holds, all or none.

    Raises:
        BrokerError: One of them is not there, not deferred, locked, or in another session.
    """
    found = _find_all(messages, sequence_numbers, MessageState.DEFERRED)
    for message in found:
        if message.lock is not None or session_id not in {None, message.session_id}:
            raise message_not_found(f"free deferred message {message.sequence_number}")
    return found


def _find_all(
    messages: Messages, sequence_numbers: Sequence[int], state: MessageState
) -> list[Message]:
    # A number named twice is one message: it can be cancelled once, and has one lock.
    return [_find(messages, number, state) for number in dict.fromkeys(sequence_numbers)]


def _find(messages: Messages, sequence_number: int, state: MessageState) -> Message:
    message = messages.get(sequence_number)
    if message is None or message.state is not state:
        raise message_not_found(f"{state.name.lower()} message {sequence_number}")
    return message
