"""Whole numbers that anybody may write."""

import pytest

from triggers.numbers import LARGEST, whole_number


@pytest.mark.parametrize("text", ["0", "7", "007", str(LARGEST)])
def test_a_whole_number_is_read(text: str) -> None:
    """Up to the largest there may be."""
    assert int(text) == whole_number(text)


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1.0", "1e3", " 1", "x", "٣", "²", str(LARGEST + 1), "9" * 5_000]
)
def test_anything_else_is_none(text: str) -> None:
    """Signs, spaces, other scripts, and what no number of ours can be."""
    assert whole_number(text) is None


@pytest.mark.parametrize(("text", "expected"), [("0", None), ("1", 1), ("9", 9), ("10", None)])
def test_the_range_is_kept(text: str, expected: int | None) -> None:
    """Both ends belong to it."""
    assert expected == whole_number(text, 1, 9)
