"""Text that is put together from what others said."""

import pytest

from domain.sentences import as_sentence, join_sentences


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("The disk is full", "The disk is full."),
        ("The disk is full.", "The disk is full."),
        (" The disk is full. ", "The disk is full."),
        ("Is the disk full?", "Is the disk full?"),
        ("", ""),
    ],
)
def test_a_sentence_has_one_end(said: str, shown: str) -> None:
    """However whoever said it ended it."""
    assert shown == as_sentence(said)


def test_joined_sentences_leave_out_what_nobody_said() -> None:
    """No blank is doubled and no full stop stands alone."""
    assert "It broke. Mend it." == join_sentences("It broke", "", "Mend it.")
