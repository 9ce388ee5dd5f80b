"""What each step of settling a Recovery Services vault takes and gives; see :mod:`domain.steps`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.guards import GuardNeed
from domain.outcomes import SettlementOutcome
from domain.requests import ApprovalMode, TimeZoneMode
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
    requested_by: str = ""
    """Who asked; nobody can approve their own request."""
    approval: ApprovalMode = ApprovalMode.AUTOMATIC
    """``required``: what would be written waits for somebody else's approval first. A run of
    ``upgrade_vault`` has its approval already."""
    is_dry_run: bool = False
    """Nothing is written; the verdict says what would be."""
    diagnostics_workspace: str | None = None
    """ARM id of the workspace that is to receive the vault's reports; None: none is set up."""
    known_machines: tuple[str, ...] = ()
    """Machines that were registered before the upgrade, where the caller knows them."""
    scope: tuple[str, ...] = ()
    """Subscriptions in which the same machine may be registered too; the vault's own is always."""
    is_alone: bool = False
    """Started by itself and not by ``upgrade_vault``: it records its own verdict."""

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """Every subscription in scope, the vault's own first, each once."""
        return tuple(dict.fromkeys((self.vault.subscription_id, *self.scope)))


@dataclass(frozen=True, kw_only=True)
class ZonePlan:
    """The policies whose zone has to be changed; the whole plan is in the evidence."""

    to_change: tuple[str, ...]
    """Policy names."""
    decisions: tuple[str, ...]
    zone: str | None = None
    """Canonical Windows id that policies are expected to name; None: nobody said."""
    source: str = ""
    """Who said so, for people."""
    changes: tuple[str, ...] = ()
    """What would be written, one sentence for each of ``to_change``; an approval is about these."""
    earliest_end: datetime | None = None
    """UTC; when the last write can be sent, where the edit budget spreads them over days."""


@dataclass(frozen=True, kw_only=True)
class ReportsPlan:
    """Whether a diagnostic setting would be made."""

    change: str
    """What would be made, in one sentence; empty: nothing."""


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """What the vault's own record of its upgrade says, before anything is done to it."""

    upgrade_ended_at: datetime | None
    """UTC; None where the vault keeps no record."""
    blocker: str
    """Why nothing may be done now; empty: nothing stands in the way."""
    needs_support: bool
    summary: StepSummary


@dataclass(frozen=True, kw_only=True)
class PolicyChange:
    """Give one policy its time zone."""

    settle: SettleRequest
    policy_name: str
    agreed: str = ""
    """What may be written, in the words of the plan; a policy that would get anything else by now
    is left alone."""
    attempt: int = 1
    """Counts the attempts at this policy; each sends at most once and has evidence of its own."""
    guard_requests: tuple[str, ...] = ()
    """Requests of a Resource Guard to name in the write, once its owner has agreed."""
    round_no: int = 1
    """2 where the owner of a Resource Guard had to agree first: its attempts count anew."""

    @property
    def label(self) -> str:
        """Names the attempt in evidence keys; sorts as the attempts were made."""
        return f"{self.round_no}-{self.attempt:02}"


@dataclass(frozen=True, kw_only=True)
class PolicyFollowUp:
    """Ask how a policy write that was answered with 202 stands."""

    change: PolicyChange
    operation_id: str


@dataclass(frozen=True, kw_only=True)
class PolicyCheck:
    """Read a policy back after a write that was, or may have been, sent."""

    change: PolicyChange
    was_answered: bool
    """The service said that it took the write; False: the answer was lost."""
    is_last: bool
    """No later look follows: what does not show now is judged as it is."""
    problems: tuple[str, ...] = ()
    """What went wrong with the items although the policy was replaced; kept with the reading."""


class WriteOutcome(StrEnum):
    """What became of a policy write. The first four are ends, the others ways to one of them."""

    CHANGED = "changed"
    """Read back, and as it was meant to be."""
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """The answer was lost, or the end not seen. Never sent again without a read."""
    ACCEPTED = "accepted"
    """Answered with 202; to be followed."""
    SENT = "sent"
    """Answered or carried out; to be read back."""
    ABSENT = "absent"
    """The answer was lost, and after the grace period the policy still reads as before."""
    BUSY = "busy"
    """Not sent, or overtaken by another editor: to be tried again on a fresh read."""
    WAITING_FOR_BUDGET = "waiting_for_budget"
    """Not sent: the vault's edits of the last 24 hours are used up."""
    WAITING_FOR_GUARD = "waiting_for_guard"
    """Refused until the owner of a Resource Guard agrees."""


@dataclass(frozen=True, kw_only=True)
class PolicyWrite:
    """Answer of a policy write or of a look at one."""

    outcome: WriteOutcome
    message: str
    operation_id: str | None = None
    what_to_do: str = ""
    """The next step for a person, where one is needed."""
    retry_at: datetime | None = None
    """UTC; when to try again, where the service or the ledger said."""
    guard: GuardNeed | None = None
    """What the owner of the Resource Guard has to be asked for."""
    problems: tuple[str, ...] = ()
    """Items whose backup could not be configured anew although the policy was replaced."""


@dataclass(frozen=True, kw_only=True)
class PolicyResult:
    """The end of one policy's change; what it took is in the evidence."""

    policy_name: str
    write: PolicyWrite


@dataclass(frozen=True, kw_only=True)
class ZoneWrites:
    """Give every policy of a plan its zone."""

    settle: SettleRequest
    policy_names: tuple[str, ...]
    agreed: tuple[str, ...] = ()
    """What may be written to each, in the words of the plan and in the order of the names."""
    guard_requests: tuple[str, ...] = ()
    round_no: int = 1


@dataclass(frozen=True, kw_only=True)
class ZoneResults:
    """What became of every policy."""

    results: tuple[PolicyResult, ...]


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
class SettlingAnswer:
    """Somebody's answer to a question of a settlement, to be kept as evidence."""

    settle: SettleRequest
    question: str
    """``approval`` or ``guard``."""
    decision: str
    data: dict[str, str]
    """Who answered and what they said."""
    at: datetime


@dataclass(frozen=True, kw_only=True)
class SettlementVerdictRequest:
    """Close a settlement: gather its evidence into one report."""

    settle: SettleRequest
    instance_id: str
    summary: StepSummary
    stopped: tuple[str, ...]
    """Why the run could not go to its end; empty: it did."""
    not_approved: str
    """Why nothing was written although something should be; empty: it was, or nothing to write."""
    needs_support: bool
    pending_changes: tuple[str, ...]
    """What a dry run would have written, one sentence each."""
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, kw_only=True)
class SettleResult:
    """What settling came to."""

    summary: StepSummary
    job_sync: JobSyncState | None
    """None when the caller proves the jobs itself."""
    outcome: SettlementOutcome | None = None
    """The recorded end; None where the caller records its own."""
