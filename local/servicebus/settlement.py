"""What a receiver may say about a message it holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any


class Verdict(Enum):
    """The five things a receiver can say."""

    COMPLETE = auto()
    """Done: remove it."""
    ABANDON = auto()
    """Failed: deliver it again, one delivery more on its count."""
    RELEASE = auto()
    """Not looked at: deliver it again, uncounted."""
    DEFER = auto()
    """Later: keep it until someone asks for its sequence number."""
    DEAD_LETTER = auto()
    """Hopeless: move it to the dead-letter queue."""


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """A verdict with what goes along."""

    verdict: Verdict
    reason: str | None = None
    """Why it is dead-lettered, in a word."""
    description: str | None = None
    """Why it is dead-lettered, in a sentence."""
    properties: Mapping[str, Any] = field(default_factory=dict)
    """Application properties to add or replace."""
