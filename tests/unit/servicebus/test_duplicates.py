"""Duplicate detection, second by second."""

import pytest

from local.servicebus.duplicates import DuplicateHistory
from tests.unit.servicebus.broker_fakes import MINUTE_MS, START_MS, FakeTimeline


class RecordingStore:
    def __init__(self):
        self.calls = []

    def put_duplicate(self, queue, message_id, until_ms):
        self.calls.append(("put", queue, message_id, until_ms))

    def delete_duplicates(self, queue, until_ms):
        self.calls.append(("delete", queue, until_ms))


@pytest.fixture
def timeline():
    """A clock that obeys."""
    return FakeTimeline()


@pytest.fixture
def store():
    """A store that remembers what it was told."""
    return RecordingStore()


def test_window_ends_exactly(timeline, store):
    """An id counts as seen for the whole window and not a moment longer."""
    history = DuplicateHistory("q", MINUTE_MS, timeline, store)

    seen = [history.is_duplicate("m")]
    timeline.advance(MINUTE_MS - 1)
    seen.append(history.is_duplicate("m"))
    timeline.advance(1)
    seen.append(history.is_duplicate("m"))

    assert [False, True, False] == seen


def test_repeats_do_not_extend_the_window(timeline, store):
    """The window runs from the first time the id was seen."""
    history = DuplicateHistory("q", MINUTE_MS, timeline, store)
    history.is_duplicate("m")
    timeline.advance(MINUTE_MS // 2)
    history.is_duplicate("m")
    timeline.advance(MINUTE_MS // 2)

    assert not history.is_duplicate("m")


def test_no_window_means_no_detection(timeline, store):
    """A queue without duplicate detection remembers nothing."""
    history = DuplicateHistory("q", 0, timeline, store)

    assert [False, False] == [history.is_duplicate("m") for _ in range(2)]
    assert [] == store.calls


def test_store_learns_of_new_and_forgotten_ids(timeline, store):
    """Each id is stored once, and removed once its window has ended."""
    history = DuplicateHistory("q", MINUTE_MS, timeline, store)
    history.is_duplicate("m")
    history.is_duplicate("m")
    timeline.advance(MINUTE_MS)
    history.is_duplicate("n")

    expected = [
        ("put", "q", "m", START_MS + MINUTE_MS),
        ("delete", "q", START_MS + MINUTE_MS),
        ("put", "q", "n", START_MS + 2 * MINUTE_MS),
    ]
    assert expected == store.calls


def test_restored_ids_keep_their_time(timeline, store):
    """What an earlier run saw counts until its own moment."""
    history = DuplicateHistory("q", MINUTE_MS, timeline, store)
    history.restore([("old", START_MS), ("young", START_MS + 1)])

    assert [False, True] == [history.is_duplicate(name) for name in ("old", "young")]


def test_cleared_history_knows_nothing(timeline, store):
    """After a reset every id is new."""
    history = DuplicateHistory("q", MINUTE_MS, timeline, store)
    history.is_duplicate("m")
    history.clear()

    assert not history.is_duplicate("m")
