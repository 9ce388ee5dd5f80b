"""Bodies of commands: who gives them, and why."""

import json

import pytest

from domain.command_intake import read_command
from domain.errors import InvalidInputError


def test_a_command_names_who_asks() -> None:
    """And may say why."""
    asked = json.dumps({"requestedBy": " ada ", "comment": "lunch"})

    assert ("ada", "lunch") == read_command(asked, None)
    assert ("eve", "") == read_command(b"", "eve")


@pytest.mark.parametrize(
    ("content", "signed_in_as"),
    [
        ("{}", None),
        ('{"requestedBy": " "}', None),
        ('{"requestedBy": "bob"}', "eve"),
        ("[]", "eve"),
    ],
)
def test_a_command_of_nobody_or_somebody_else_is_refused(
    content: str, signed_in_as: str | None
) -> None:
    """Whoever is signed in is who asks."""
    with pytest.raises(InvalidInputError):
        read_command(content, signed_in_as)
