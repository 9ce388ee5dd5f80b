"""The kinds of disaster there are, and one disaster as a value."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What goes wrong."""

    KILL = "process killed, delivered again at once"
    KILL_LATE = "process killed, delivered again after the grace period"
    KILL_AHEAD = "process killed, delivered again on a machine whose clock is an hour ahead"
    KILL_BEHIND = "process killed, delivered again on a machine whose clock is an hour behind"
    KILL_TWICE = "process killed, and killed again five calls later"
    KILL_FAILING = "process killed while an upgrade fails"
    KILL_RETRYING = "process killed in the second attempt Microsoft asked for"
    KILL_UNREGISTERING = "process killed in a run that unregisters a lost machine"
    BREAK = "call failed, or its answer lost"
    PORTAL = "portal starts at the same moment"
    TWICE = "activity delivered twice, one after the other"
    TOGETHER = "activity delivered twice, at the same time"
    TWO_RUNS = "two operators, one evidence store"
    TWO_INSTALLATIONS = "two campaigns, two evidence stores"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One disaster."""

    kind: Kind
    at: int
    """Number of the point, of the activity, or the seed of the mixing."""

    def __str__(self) -> str:
        return f"{self.kind.name.lower()}-{self.at}"
