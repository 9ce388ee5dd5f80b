"""One process per file."""

import pytest

from domain.errors import ConfigurationError
from local.taskhub.lock import HubLock


@pytest.fixture
def path(tmp_path):
    """A hub's file."""
    return tmp_path / "hub.sqlite"


def test_a_lock_can_be_taken_again_after_its_release(path):
    """Stop and start in one process works."""
    for _ in range(2):
        lock = HubLock(path)
        lock.acquire()
        lock.release()

    assert path.with_name("hub.sqlite.lock").exists()


def test_the_holder_is_named_with_its_address(path):
    """Whoever is refused learns whom to ask."""
    lock = HubLock(path)
    lock.acquire()
    lock.describe("127.0.0.1:4711")

    with pytest.raises(ConfigurationError) as caught:
        HubLock(path).acquire()

    lock.release()
    assert "at 127.0.0.1:4711" in str(caught.value)
    assert "another file" in caught.value.what_to_do


def test_a_stale_note_of_a_dead_holder_is_no_lock(path):
    """The lock is the system's, not the text in the file."""
    path.with_name("hub.sqlite.lock").write_text("process 1 at nowhere")
    lock = HubLock(path)

    lock.acquire()

    lock.release()


def test_releasing_what_is_not_held_is_harmless(path):
    """A second release does nothing."""
    lock = HubLock(path)
    lock.acquire()
    lock.release()

    lock.release()
    lock.describe("too late")
