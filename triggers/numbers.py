"""Whole numbers from addresses and queries, where anybody may write anything."""

LARGEST = 2**63 - 1
"""What a sequence number of the queue may be at most."""


def whole_number(text: str, least: int = 0, most: int = LARGEST) -> int | None:
    """The number a text spells; None if it is none, or out of range."""
    # The length first: Python refuses to read thousands of digits. And digits of other scripts are
    # decimal to Python, but nothing that an answer of ours ever gave.
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(LARGEST)):
        return None
    number = int(text)
    return number if least <= number <= most else None
