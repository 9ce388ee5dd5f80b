"""What fits into the custom status of an orchestration."""

import json
from collections.abc import Iterable

LONGEST_STATUS = 8_192
"""Characters of JSON. Azure fails an orchestration that shows more than 16 KB of UTF-16."""

ROOM_FOR_LIST = 6_000
"""Characters of JSON for the one list of a status; the rest is for what stands beside it."""

MOST_SHOWN = 50
"""Entries of a list; the evidence holds all of them, and nobody reads more in a status."""

LONGEST_ENTRY = 500
"""Characters of a text: even where each is written as an escape of six, it is half a list."""


def shown_part(texts: Iterable[str]) -> list[str]:
    """The first of some texts, as many as fit; a longer one than fits at all is cut."""
    shown: list[str] = []
    room = ROOM_FOR_LIST
    for text in texts:
        entry = shortened(text)
        # As it is written: a letter beyond ASCII is an escape of six characters. And ", ".
        room -= len(json.dumps(entry)) + 2
        if room < 0 or len(shown) == MOST_SHOWN:
            break
        shown.append(entry)
    return shown


def shortened(text: str) -> str:
    """The text, or its beginning where it is long."""
    return text if len(text) <= LONGEST_ENTRY else f"{text[: LONGEST_ENTRY - 1]}…"
