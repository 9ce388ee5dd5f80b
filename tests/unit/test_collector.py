"""The garbage collector of long-running programs."""

import gc
from collections.abc import Iterator

import pytest

from local.collector import YOUNG_OBJECTS, ease_collection


@pytest.fixture(autouse=True)
def _own_collector() -> Iterator[None]:
    """Gives the collector of the test run back as it was."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_is_loaded_is_not_looked_through_again():
    """Everything alive at the call counts as permanent."""
    alive = len(gc.get_objects())

    ease_collection()

    assert alive // 2 < gc.get_freeze_count()


def test_the_young_are_looked_through_less_often():
    """Only the first threshold changes; the others are Python's own."""
    _, middle, old = gc.get_threshold()

    ease_collection()

    assert (YOUNG_OBJECTS, middle, old) == gc.get_threshold()


def test_cycles_made_later_are_still_collected():
    """What becomes unreachable after the call goes away."""
    ease_collection()
    cycle: list[object] = []
    cycle.append(cycle)
    del cycle

    assert gc.collect() >= 1
