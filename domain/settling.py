"""What each step of settling a Recovery Services vault takes and gives; see :mod:`domain.steps`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.requests import TimeZoneMode
from domain.summaries import StepSummary
from domain.vaults import VaultRef


@dataclass(frozen=True, kw_only=True)
class SettleRequest:
    """Do everything that is left to do once a vault is a Recovery Services vault."""

    vault: VaultRef
    run_id: str
    prefix: str
    """Where the evidence of this settling is kept."""
    time_zone: str | None
    time_zone_mode: TimeZoneMode
    upgrade_ended_at: datetime | None
    """UTC; None when nobody knows, then job sync is judged at once."""
    log_workspace_id: str | None
    prove_jobs: bool = True
    """False when the caller proves the jobs itself, to show that as a state of its own."""


@dataclass(frozen=True, kw_only=True)
class ZonePlan:
    """The policies whose zone has to be changed; the whole plan is in the evidence."""

    to_change: tuple[str, ...]
    """Policy names."""
    decisions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PolicyChange:
    """Give one policy its time zone."""

    settle: SettleRequest
    policy_name: str


@dataclass(frozen=True, kw_only=True)
class PolicyFollowUp:
    """Ask how a policy write that was answered with 202 stands."""

    change: PolicyChange
    operation_id: str


class WriteOutcome(StrEnum):
    """What became of a policy write; ``unknown`` is never sent again without a read."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    ACCEPTED = "accepted"
    """Answered with 202; to be followed."""
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class PolicyWrite:
    """Answer of a policy write or of a look at one."""

    outcome: WriteOutcome
    message: str
    operation_id: str | None = None


class JobSyncState(StrEnum):
    """Whether the jobs of the vault's items have become visible."""

    PENDING = "pending"
    """Less than 12 hours since the upgrade ended: too early to judge."""
    PROVEN = "proven"
    PARTLY = "partly"
    MISSING = "missing"
    UNKNOWN = "unknown"
    """Neither source could be read."""


@dataclass(frozen=True, kw_only=True)
class JobSyncRequest:
    """Look whether every item's last backup has a visible job."""

    settle: SettleRequest
    look_no: int
    is_last: bool
    """The last look writes the verdict whatever it finds."""


@dataclass(frozen=True, kw_only=True)
class JobSyncReading:
    """One look at the jobs."""

    state: JobSyncState
    text: str
    summary: StepSummary


@dataclass(frozen=True, kw_only=True)
class SettleResult:
    """What settling came to."""

    summary: StepSummary
    job_sync: JobSyncState | None
    """None when the caller proves the jobs itself."""
