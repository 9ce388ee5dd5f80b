"""Finding messages in a queue by sequence number: peek, deferred and scheduled ones."""

from collections.abc import Sequence

from local.servicebus.errors import message_not_found
from local.servicebus.messages import Message, MessageState
from local.servicebus.queues import Queue


def peek(
    queue: Queue, from_sequence_number: int, count: int, session_id: str | None
) -> list[Message]:
    """Up to ``count`` messages in any state from a sequence number on, which stay as they are."""
    found = []
    for sequence_number in sorted(n for n in queue.messages if n >= from_sequence_number):
        message = queue.messages[sequence_number]
        if session_id is None or message.session_id == session_id:
            found.append(message)
        if len(found) == count:
            break
    return found


def cancel_scheduled(queue: Queue, sequence_numbers: Sequence[int]) -> None:
    """Removes messages that are not due yet, all or none.

    Raises:
        BrokerError: One of them is not there or not scheduled any more.
    """
    messages = [_find(queue, number, MessageState.SCHEDULED) for number in sequence_numbers]
    for message in messages:
        queue.remove(message)


def receive_deferred(
    queue: Queue, sequence_numbers: Sequence[int], session_id: str | None, *, is_destructive: bool
) -> list[Message]:
    """Locks deferred messages, all or none, or takes them out of the queue.

    Raises:
        BrokerError: One of them is not there, not deferred, locked, or in another session.
    """
    messages = [_find(queue, number, MessageState.DEFERRED) for number in sequence_numbers]
    for message in messages:
        if message.lock is not None or session_id not in {None, message.session_id}:
            raise message_not_found(f"free deferred message {message.sequence_number}")
    for message in messages:
        if is_destructive:
            queue.counters["completed"] += 1
            queue.remove(message)
        else:
            queue.lock(message)
    return messages


def _find(queue: Queue, sequence_number: int, state: MessageState) -> Message:
    message = queue.messages.get(sequence_number)
    if message is None or message.state is not state:
        raise message_not_found(f"{state.name.lower()} message {sequence_number}")
    return message
