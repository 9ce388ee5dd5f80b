"""What a key of the evidence store may look like, the same for every store."""

import re

from domain.errors import EvidenceError

MAX_KEY_LENGTH = 512
"""Characters; keeps keys within what folders and blob containers take, with room for a root."""

# What every file system and blob container takes unescaped, whatever its rules for case.
_SEGMENT = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
_KEY = re.compile(rf"(?:{_SEGMENT}/)*{_SEGMENT}\.json", re.ASCII)
_PREFIX = re.compile(rf"(?:{_SEGMENT}/)*(?:{_SEGMENT})?", re.ASCII)


def is_key(text: str) -> bool:
    """Whether a document can be under this name; what else lies in a store is nobody's document."""
    return len(text) <= MAX_KEY_LENGTH and _KEY.fullmatch(text) is not None


def check_key(key: str) -> str:
    """The key itself, if it is a relative path the port allows.

    No segment starts with a dot, so ``..`` and hidden files cannot be named.

    Raises:
        EvidenceError: The key is not of that form.
    """
    if not is_key(key):
        raise EvidenceError(
            "not a key: relative path of letters, digits, - _ . and / ending in .json expected",
            subject=repr(key),
        )
    return key


def check_prefix(prefix: str) -> str:
    """The prefix itself, if a key could start with it; empty for everything.

    Raises:
        EvidenceError: No key could start like that.
    """
    if len(prefix) > MAX_KEY_LENGTH or _PREFIX.fullmatch(prefix) is None:
        raise EvidenceError("not the beginning of a key", subject=repr(prefix))
    return prefix
