"""Waiting work: oldest first, by kind."""

from local.taskhub.workqueue import WorkQueue


def filled(*entries):
    """A queue with these entries."""
    queue = WorkQueue()
    for kind, item in entries:
        queue.put(kind, item)
    return queue


def anything(_kind):
    """Accepts every kind."""
    return True


A, B = ("a", "1"), ("b", "")


def test_the_oldest_item_comes_first_whatever_its_kind():
    """Kinds do not jump the queue."""
    queue = filled((A, 1), (B, 2), (A, 3))

    assert [1, 2, 3] == [queue.take(anything) for _ in range(3)]


def test_only_accepted_kinds_are_taken():
    """What a worker does not take stays for others."""
    queue = filled((A, 1), (B, 2))

    assert (2, None) == (queue.take(lambda kind: kind == B), queue.take(lambda kind: kind == B))
    assert 1 == len(queue)


def test_an_empty_queue_gives_nothing():
    """Nothing is None, not an error."""
    assert WorkQueue().take(anything) is None


def test_unwanted_items_can_be_discarded():
    """Discarding takes an item out of every lane and keeps the order of the rest."""
    queue = filled((A, 1), (B, 2), (A, 3), (B, 1))

    queue.discard(lambda item: item == 1)

    assert [2, 3, None] == [queue.take(anything) for _ in range(3)]
