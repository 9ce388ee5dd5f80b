"""What was probably meant by a name that nothing has."""

import difflib
from collections.abc import Iterable
from functools import lru_cache

REMEMBERED = 256
"""Misspelt names whose neighbours are kept: many more than one list has."""

LONGEST_GUESS = 100
"""Characters of a name that may be a misspelt field; no field has half as many."""


def unknown_name(name: str, known: Iterable[str], noun: str) -> str:
    """The sentence for a name that is not a field, with the field that was probably meant."""
    near = _nearest(name, tuple(known)) if len(name) <= LONGEST_GUESS else None
    return f"unknown {noun}; did you mean {near}?" if near else f"unknown {noun}"


# A member misspelt in a list is misspelt in every row of it, and a comparison is slow.
@lru_cache(REMEMBERED)
def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    # Spreadsheets like to begin with a capital, and JSON is written by programs of every style.
    by_folded = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(name.casefold(), by_folded, n=1)
    return by_folded[near[0]] if near else None
