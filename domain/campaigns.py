"""Campaigns: hundreds of vaults upgraded with so many in flight at a time.

What an operator decides (limits, threshold, maintenance window), what becomes of each vault (one
mark per vault, so that ten thousand fit into an orchestration's input), and which commands a
campaign takes in which phase (a table, like the states of a run).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from domain.maintenance import MaintenanceWindow
from domain.upgrade import RunState

MAX_VAULTS = 10_000
"""Most vaults of one campaign: its input stays near 40 KB, below what a history should carry."""

MAX_WINDOW = 500
"""Most vaults in flight at once: each is tracked by name, and must be read back every so often."""


# Letters and not words: one for each of ten thousand vaults travels with every history.
class Mark(StrEnum):
    """Where one vault of a campaign stands, in one letter."""

    WAITING = "."
    SENT = "s"
    """In the queue or being upgraded: takes a slot of the window."""
    PROVING = "p"
    """Upgraded and settled; waits up to 12 hours for its jobs and takes no slot for that."""
    CLOSED = "c"
    CLOSED_WITH_TASKS = "t"
    NEEDS_DECISION = "d"
    NEEDS_SUPPORT = "f"
    BLOCKED = "b"
    NOT_APPROVED = "n"
    STOPPED = "x"
    CANCELLED = "k"
    """Never sent: the campaign was cancelled before its turn."""


OPEN_MARKS = frozenset({Mark.WAITING, Mark.SENT, Mark.PROVING})
"""Vaults whose end is not known yet."""

FAILED_MARKS = frozenset({Mark.NEEDS_SUPPORT, Mark.STOPPED})
"""Ends that count against the error threshold: an upgrade that failed, or one nobody can vouch
for. A vault that is blocked or not approved was never touched, and does not count."""

REDRIVABLE_MARKS = frozenset({Mark.BLOCKED, Mark.NOT_APPROVED, Mark.STOPPED})
"""Ends that may be run again. One that needs a decision needs a request that holds it. A failed
upgrade only where Microsoft's instruction was recorded (DESIGN rule 2); the marks do not know."""

_MARK_OF_STATE = {
    RunState.CLOSED: Mark.CLOSED,
    RunState.CLOSED_WITH_TASKS: Mark.CLOSED_WITH_TASKS,
    RunState.NEEDS_DECISION: Mark.NEEDS_DECISION,
    RunState.NEEDS_SUPPORT: Mark.NEEDS_SUPPORT,
    RunState.BLOCKED: Mark.BLOCKED,
    RunState.NOT_APPROVED: Mark.NOT_APPROVED,
    RunState.STOPPED: Mark.STOPPED,
}


def mark_of(state: RunState) -> Mark:
    """The mark of a run that ended in ``state``.

    Raises:
        KeyError: The state is no end.
    """
    return _MARK_OF_STATE[state]


class CampaignPhase(StrEnum):
    """Where a campaign stands. The last two are ends."""

    RUNNING = "running"
    PAUSED = "paused"
    """Starts nothing new; what runs goes on and is followed."""
    CANCELLING = "cancelling"
    """Starts nothing any more and waits for what runs."""
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Cause(StrEnum):
    """What paused a campaign."""

    NONE = ""
    OPERATOR = "operator"
    THRESHOLD = "threshold"
    FAILURE = "failure"
    """Vaults could not be sent."""


ENDED_PHASES = frozenset({CampaignPhase.COMPLETED, CampaignPhase.CANCELLED})
"""Phases in which nothing happens until somebody asks for a redrive."""


class Verb(StrEnum):
    """What an operator may ask of a campaign."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    REDRIVE = "redrive"


ALLOWED: dict[CampaignPhase, frozenset[Verb]] = {
    CampaignPhase.RUNNING: frozenset({Verb.PAUSE, Verb.CANCEL, Verb.REDRIVE}),
    CampaignPhase.PAUSED: frozenset({Verb.RESUME, Verb.CANCEL, Verb.REDRIVE}),
    # It ends by itself once what runs has ended. A resume would start vaults that whoever cancelled
    # was just told are given up.
    CampaignPhase.CANCELLING: frozenset(),
    CampaignPhase.COMPLETED: frozenset({Verb.REDRIVE}),
    CampaignPhase.CANCELLED: frozenset({Verb.REDRIVE}),
}
"""In each phase, what may be asked."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many vaults may be in flight at once; None: only the window counts."""

    window: int
    per_subscription: int | None = None
    per_region: int | None = None


@dataclass(frozen=True, kw_only=True)
class ErrorThreshold:
    """How many failures are tolerated before the campaign pauses; exactly one of the two is set."""

    count: int | None = None
    percent: float | None = None
    """Of all vaults of the campaign, so that one early failure is not a hundred per cent."""

    def is_exceeded(self, failures: int, total: int) -> bool:
        """Whether more vaults failed than are tolerated."""
        # More than, and not as many as: what is given is tolerated, so that 0 tolerates none.
        if self.count is not None:
            return failures > self.count
        return failures * 100 > (self.percent or 0.0) * total


@dataclass(frozen=True, kw_only=True)
class CampaignOptions:
    """What the operator decided about the whole campaign."""

    limits: Limits
    threshold: ErrorThreshold | None = None
    """None: failures never pause the campaign."""
    maintenance: MaintenanceWindow | None = None
    """None: vaults may be started at any time."""


@dataclass(frozen=True, kw_only=True)
class InFlight:
    """One vault that takes a slot."""

    position: int
    request_id: str
    """Of the run that was asked for: what an earlier round reports late is not this round's end."""
    sent_at: datetime
    misses: int = 0
    """Looks in a row that found no trace of a run."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """What an operator asked for; the trail in the evidence says the rest."""

    verb: Verb
    requested_by: str
    at: datetime
    kind: Literal["command"] = "command"


@dataclass(frozen=True, kw_only=True)
class CampaignState:
    """Everything a campaign carries from one history to the next."""

    campaign_id: str
    options: CampaignOptions
    marks: str
    """One :class:`Mark` per vault, in the order of the plan."""
    places: str
    """Three characters per vault: its subscription and region, see :mod:`domain.schedule`."""
    started_at: datetime
    phase: CampaignPhase = CampaignPhase.RUNNING
    cause: Cause = Cause.NONE
    reason: str = ""
    """Why the campaign is paused, in words."""
    round_no: int = 1
    """Counts the redrives, from 1."""
    forgiven: int = 0
    """Failures the operator knew of when the campaign was last resumed."""
    in_flight: tuple[InFlight, ...] = ()
    look_at: datetime | None = None
    """When to look for vaults whose report was lost; None: not planned yet."""
    look_from: int = 0
    """Vaults that only wait for their jobs are looked at in turn, from this position on."""
    pending: Command | None = None
    """What was asked of a campaign that had ended; done first."""

    @property
    def request_id(self) -> str:
        """The request id of vaults sent in this round; the same vault is never sent twice in it."""
        return round_request_id(self.campaign_id, self.round_no)


def round_request_id(campaign_id: str, round_no: int) -> str:
    """The request id of a campaign's vaults in one round."""
    # An ended run is begun anew for another request only (service-bus 6.4), so a redrive under the
    # old id would join the run that it is meant to repeat.
    return campaign_id if round_no == 1 else f"{campaign_id}.r{round_no}"


@dataclass(frozen=True, kw_only=True)
class VaultProgress:
    """What a run tells the holder of its slot."""

    position: int
    request_id: str
    state: RunState
    """``proving``: the slot is free. An end state: the vault has ended."""
    kind: Literal["progress"] = "progress"


@dataclass(frozen=True, kw_only=True)
class Note:
    """One line of a campaign's trail."""

    what: str
    """In words that fit a file name: ``paused-by-threshold``."""
    detail: str
    requested_by: str = ""
    """Empty: the campaign itself."""


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A vault that was found and is left out."""

    vault: str
    why: str


def campaign_instance_id(campaign_id: str) -> str:
    """The one orchestration instance of a campaign."""
    return f"campaign-{campaign_id}"


def campaign_prefix(campaign_id: str) -> str:
    """Where a campaign's evidence is kept."""
    return f"campaigns/{campaign_id}"
