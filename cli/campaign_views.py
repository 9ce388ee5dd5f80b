"""What the app's HTTP API says about campaigns, as the command line reads it."""

from datetime import datetime

from cli.exit_codes import ExitCode
from cli.views import Body, VaultView
from domain.campaigns import CampaignPhase, Cause, Mark

_ENDED = frozenset({CampaignPhase.COMPLETED, CampaignPhase.CANCELLED})

_BY_MARK = {
    Mark.CLOSED: ExitCode.CLEAN,
    Mark.CLOSED_WITH_TASKS: ExitCode.FINDINGS,
    Mark.NEEDS_DECISION: ExitCode.FINDINGS,
    Mark.NEEDS_SUPPORT: ExitCode.FINDINGS,
    Mark.BLOCKED: ExitCode.FINDINGS,
    Mark.CANCELLED: ExitCode.FINDINGS,
    Mark.STOPPED: ExitCode.UNKNOWN,
    Mark.NOT_APPROVED: ExitCode.NOT_APPROVED,
}
# Counts go by the marks' names in small letters.
_CODES = {mark.name.lower(): code for mark, code in _BY_MARK.items()}


class PlacedVault(Body):
    """A vault of a campaign."""

    position: int
    id: str
    vault: VaultView


class TrailLine(Body):
    """Who asked what, or what happened."""

    at: datetime
    what: str
    requested_by: str | None = None
    detail: str = ""


class CampaignView(Body):
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
        # First: a threshold that was reached is what a nightly script has to hear about.
        if self.phase == CampaignPhase.PAUSED and self.cause == Cause.THRESHOLD:
            return ExitCode.THRESHOLD
        if self.phase not in _ENDED:
            return ExitCode.UNKNOWN if self.has_ended else ExitCode.PENDING
        # A count this version has no word for may be anything, so it is unknown.
        codes = [_CODES.get(word, ExitCode.UNKNOWN) for word in self.counts]
        return max(codes, default=ExitCode.CLEAN)


class CampaignPage(Body):
    """Answer of ``GET /api/campaigns``."""

    campaigns: tuple[CampaignView, ...]
    continuation_token: str | None = None


class AcceptedCampaign(Body):
    """Answer of ``POST /api/campaigns``."""

    id: str
    total: int


class PlannedVault(PlacedVault):
    """A vault of a plan."""

    protected_items: int | None = None
    expected_minutes: int
    expected_start: datetime


class SkippedVault(Body):
    """A vault that was found and is left out."""

    vault: str
    why: str


class CampaignPlan(Body):
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
