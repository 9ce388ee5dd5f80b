"""Finding messages by number."""

import pytest

from local.servicebus.browsing import find_deferred, find_scheduled, peek
from local.servicebus.errors import BrokerError
from local.servicebus.messages import Lock, MessageState
from tests.unit.servicebus.broker_fakes import make_message


@pytest.fixture
def messages():
    """Numbers 1 to 4: ready, deferred, scheduled, deferred in another session."""
    states = [
        MessageState.ACTIVE,
        MessageState.DEFERRED,
        MessageState.SCHEDULED,
        MessageState.DEFERRED,
    ]
    found = {}
    for number, state in enumerate(states, start=1):
        message = make_message(f"m{number}", session_id="b" if number == 4 else "a")
        message.sequence_number, message.state = number, state
        found[number] = message
    return found


@pytest.mark.parametrize(
    ("first", "count", "session_id", "expected"),
    [
        (1, 10, None, [1, 2, 3, 4]),
        (2, 2, None, [2, 3]),
        (0, 10, "b", [4]),
        (5, 10, None, []),
    ],
)
def test_peek_shows_every_state(messages, first, count, session_id, expected):
    """Peek goes by number, in any state, within a session if asked."""
    found = peek(messages, first, count, session_id)

    assert expected == [message.sequence_number for message in found]


def test_scheduled_messages_are_found(messages):
    """Messages that are not due are found by their numbers."""
    assert [messages[3]] == find_scheduled(messages, [3])


@pytest.mark.parametrize("numbers", [[1], [2], [99], [3, 99]])
def test_other_messages_cannot_be_cancelled(messages, numbers):
    """All must be scheduled, or none is found."""
    with pytest.raises(BrokerError, match="scheduled message"):
        find_scheduled(messages, numbers)


def test_deferred_messages_are_found(messages):
    """Deferred messages are found by number, within the session if there is one."""
    assert [messages[2]] == find_deferred(messages, [2], "a")
    assert [messages[2], messages[4]] == find_deferred(messages, [2, 4], None)


@pytest.mark.parametrize(("numbers", "session_id"), [([1], None), ([99], None), ([4], "a")])
def test_other_messages_are_not_deferred(messages, numbers, session_id):
    """A message that is not deferred, or in another session, is not found."""
    with pytest.raises(BrokerError, match="deferred message"):
        find_deferred(messages, numbers, session_id)


def test_held_message_is_not_given_twice(messages):
    """A deferred message that somebody has fetched is not free."""
    messages[2].lock = Lock(until_ms=1)

    with pytest.raises(BrokerError, match="free deferred message 2"):
        find_deferred(messages, [2], None)
