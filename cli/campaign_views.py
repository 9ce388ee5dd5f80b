"""What the app's HTTP API says about campaigns and messages, as the command line reads it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from cli.exit_codes import ExitCode
from cli.views import VaultView
from domain.campaigns import CampaignPhase, Cause, Mark

_ENDED = frozenset({CampaignPhase.COMPLETED, CampaignPhase.CANCELLED})

_CODES = {
    Mark.CLOSED: ExitCode.CLEAN,
    Mark.CLOSED_WITH_TASKS: ExitCode.FINDINGS,
    Mark.NEEDS_DECISION: ExitCode.FINDINGS,
    Mark.NEEDS_SUPPORT: ExitCode.FINDINGS,
    Mark.BLOCKED: ExitCode.FINDINGS,
    Mark.CANCELLED: ExitCode.FINDINGS,
    Mark.STOPPED: ExitCode.UNKNOWN,
    Mark.NOT_APPROVED: ExitCode.NOT_APPROVED,
}


class _Body(BaseModel):
    # Members a newer app adds are passed over, so that an older command line can still read it.
    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True
    )


class PlacedVault(_Body):
    """A vault of a campaign."""

    position: int
    id: str
    vault: VaultView


class TrailLine(_Body):
    """Who asked what, or what happened."""

    at: datetime
    what: str
    requested_by: str | None = None
    detail: str = ""


class CampaignView(_Body):
    """One campaign as ``GET /api/campaigns/{id}`` shows it."""

    id: str
    phase: str
    cause: str | None = None
    reason: str = ""
    total: int
    counts: dict[str, int]
    round: int = 1
    window: int
    started_at: datetime
    updated_at: datetime
    ended_at: datetime | None = None
    failed: tuple[PlacedVault, ...] = ()
    missing: tuple[PlacedVault, ...] = ()
    trail: tuple[TrailLine, ...] = ()

    @property
    def has_ended(self) -> bool:
        """Whether nothing happens any more by itself."""
        return self.ended_at is not None

    @property
    def needs_somebody(self) -> bool:
        """Whether it goes on only when somebody says so."""
        return self.phase == CampaignPhase.PAUSED or self.has_ended

    @property
    def exit_code(self) -> ExitCode:
        """What a script learns: how the vaults ended, or that it is not over."""
        if self.phase == CampaignPhase.PAUSED and self.cause == Cause.THRESHOLD:
            return ExitCode.THRESHOLD
        if self.phase not in _ENDED:
            return ExitCode.UNKNOWN if self.has_ended else ExitCode.PENDING
        codes = {mark.name.lower(): code for mark, code in _CODES.items()}
        return max((codes.get(word, ExitCode.UNKNOWN) for word in self.counts), default=ExitCode(0))


class CampaignPage(_Body):
    """Answer of ``GET /api/campaigns``."""

    campaigns: tuple[CampaignView, ...]


class AcceptedCampaign(_Body):
    """Answer of ``POST /api/campaigns``."""

    id: str
    total: int


class PlannedVault(PlacedVault):
    """A vault of a plan."""

    protected_items: int | None = None
    expected_minutes: int
    expected_start: datetime


class SkippedVault(_Body):
    """A vault that was found and is left out."""

    vault: str
    why: str


class CampaignPlan(_Body):
    """Answer of a dry run."""

    total: int
    window: int
    unknown_sizes: int
    expected_start: datetime
    expected_end: datetime
    expected_hours: float
    lower_bound_hours: float
    vaults: tuple[PlannedVault, ...]
    skipped: tuple[SkippedVault, ...] = ()


class KeptMessageView(_Body):
    """A message that became no run."""

    box: str
    sequence_number: int
    message_id: str
    session_id: str | None = None
    reason: str
    description: str = ""
    enqueued_at: datetime | None = None
    delivery_count: int = 0
    original_id: str
    replay_of: str | None = None
    body: str | None = None


class MessagePage(_Body):
    """Answer of ``GET /api/messages/{box}``."""

    messages: tuple[KeptMessageView, ...]


class ReplayedMessage(_Body):
    """One message sent anew."""

    sequence_number: int
    original_id: str
    message_id: str


class ReplayAnswer(_Body):
    """Answer of a replay."""

    replayed: tuple[ReplayedMessage, ...]
