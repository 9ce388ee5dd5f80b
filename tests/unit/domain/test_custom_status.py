"""What a custom status shows always fits into one."""

import json

import pytest

from domain.custom_status import LONGEST_STATUS, MOST_SHOWN, shortened, shown_part


@pytest.mark.parametrize("text", ["a", "a" * 200, "a" * 9_000, "ü" * 9_000])
def test_whatever_is_shown_leaves_room_beside_it(text: str) -> None:
    """However long the entries are, and whatever letters they are of."""
    shown = json.dumps(shown_part([text] * 200))

    assert len(shown) <= LONGEST_STATUS - 2_000


@pytest.mark.parametrize("text", ["", "a" * 9_000, "ü" * 9_000])
def test_something_is_always_shown(text: str) -> None:
    """An entry that is too long is cut, and not left out with all behind it."""
    assert 1 <= len(shown_part([text] * 200)) <= MOST_SHOWN


def test_short_entries_are_shown_as_they_are() -> None:
    """In their order."""
    assert ["b", "a"] == shown_part(("b", "a"))


@pytest.mark.parametrize(("length", "end"), [(500, "a"), (501, "…")])
def test_a_long_text_is_cut_where_it_shows(length: int, end: str) -> None:
    """Never longer than before, and whoever reads it sees that there was more."""
    text = shortened("a" * length)

    assert (500, end) == (len(text), text[-1])
