"""What each step of a run takes and gives: one dataclass in, one out.

These travel between orchestrators and activities as plain JSON (:mod:`domain.codec`), so they stay
small; anything long (findings, before-images, bodies) goes to evidence and only its key travels.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.findings import Tally, add_tallies
from domain.outcomes import Milestone
from domain.requests import TimeZoneMode, UpgradeRequest
from domain.upgrade import ClassicVault, PrerequisiteCheck, RunState, UpgradeRecord
from domain.vaults import VaultRef


@dataclass(frozen=True, kw_only=True)
class StepSummary:
    """What a settling step came to; its findings and tasks are in the evidence."""

    tally: Tally = field(default_factory=Tally)
    task_count: int = 0
    decisions: tuple[str, ...] = ()
    """Choices somebody has to make before this step can be finished."""
    unread: tuple[str, ...] = ()
    """What could not be read or done, and why; each is one unknown in the tally."""


def add_summaries(summaries: Iterable[StepSummary]) -> StepSummary:
    """The sum of several steps."""
    steps = tuple(summaries)
    return StepSummary(
        tally=add_tallies(step.tally for step in steps),
        task_count=sum(step.task_count for step in steps),
        decisions=tuple(text for step in steps for text in step.decisions),
        unread=tuple(text for step in steps for text in step.unread),
    )


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of ``upgrade_vault`` for one request."""

    instance_id: str
    request: UpgradeRequest

    @property
    def run_id(self) -> str:
        """The request's id: a message delivered twice belongs to the same run."""
        return self.request.request_id

    @property
    def vault_prefix(self) -> str:
        """Where evidence about the vault is kept whatever the run: intents, failures."""
        return f"vaults/{self.request.vault.key}"

    @property
    def prefix(self) -> str:
        """Where this run's evidence is kept."""
        return f"{self.vault_prefix}/runs/{self.run_id}"


@dataclass(frozen=True, kw_only=True)
class InspectRequest:
    """Look at the vault in the classic list."""

    run: Run
    step: str
    """Name of the evidence document: the same look may be taken at several steps."""


@dataclass(frozen=True, kw_only=True)
class CheckRequest:
    """Ask the service whether the vault may be upgraded."""

    run: Run
    classic: ClassicVault
    client_request_id: str
    check_no: int
    """Counts the checks of one run, from 1; each is kept as evidence of its own."""


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """Write down what will be done, so that somebody can agree to it."""

    run: Run
    classic: ClassicVault
    check: PrerequisiteCheck
    operation_id: str


@dataclass(frozen=True, kw_only=True)
class PlanRecord:
    """The plan as kept in evidence, and the hash an approval must name."""

    plan_hash: str
    key: str


@dataclass(frozen=True, kw_only=True)
class ApprovalRecord:
    """An answer to a plan, to be kept as evidence; ``decision`` is approve, deny or expired."""

    run: Run
    plan_hash: str
    decision: str
    approver: str
    comment: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class StartRequest:
    """Start the upgrade, or find out that it was started already."""

    run: Run
    operation_id: str
    attempt: int
    """1, and one more for every retry Microsoft asked for (DESIGN rule 2)."""
    look_no: int
    """Counts the looks of this run, from 1; each is kept as evidence of its own."""


class StartKind(StrEnum):
    """What became of an attempt to start."""

    STARTED = "started"
    """Our upgrade call was answered: running under our OperationId."""
    ADOPTED = "adopted"
    """An upgrade is running, ours from before or somebody else's."""
    UPGRADED = "upgraded"
    """The vault is upgraded already."""
    FAILED = "failed"
    """The vault's upgrade failed earlier; nothing was sent (DESIGN rule 2)."""
    REFUSED = "refused"
    """The service refused to start; nothing is running."""
    WAIT = "wait"
    """A start may have been sent and nothing shows yet: look again after the grace period."""


@dataclass(frozen=True, kw_only=True)
class StartAnswer:
    """The answer of one attempt to start."""

    kind: StartKind
    operation_id: str
    """The id every send of this attempt carries; that of an earlier run, if it left one."""
    record: UpgradeRecord | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FailureRecord:
    """Keep a failed upgrade and what support needs to know about it."""

    run: Run
    record: UpgradeRecord | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Where a document went in the evidence store."""

    key: str


@dataclass(frozen=True, kw_only=True)
class AwaitRequest:
    """Follow an upgrade to its end."""

    run: Run
    classic: ClassicVault
    operation_id: str
    started_at: datetime
    polls: int = 0
    """Polls made so far, carried through continue-as-new."""
    escalated: bool = False
    """The 100-minute mark was reported already."""


@dataclass(frozen=True, kw_only=True)
class PollAnswer:
    """One look at a running upgrade."""

    is_running: bool
    has_succeeded: bool
    text: str
    """Status, result, code and message in one line, as the service gave them."""


@dataclass(frozen=True, kw_only=True)
class AwaitResult:
    """How the wait ended."""

    has_succeeded: bool
    is_stalled: bool
    """The limit passed and the service still says it is at work; nothing is ever restarted."""
    text: str
    polls: int


@dataclass(frozen=True, kw_only=True)
class ConfirmRequest:
    """Read the Recovery Services vault the upgrade made and compare."""

    run: Run
    record: UpgradeRecord
    look_no: int


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What ARM says about the new vault."""

    target: VaultRef
    provisioning_state: str
    is_ready: bool
    """Readable and no longer ``Provisioning``."""
    upgrade_ended_at: datetime | None
    summary: StepSummary
    """Whether the new vault's own record of the upgrade agrees with the classic one."""


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


@dataclass(frozen=True, kw_only=True)
class VerdictRequest:
    """Close a run: gather its evidence into one report."""

    run: Run
    state: RunState
    reasons: tuple[str, ...]
    operation_id: str | None
    target: VaultRef | None
    record: UpgradeRecord | None
    milestones: tuple[Milestone, ...]
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, kw_only=True)
class AuditRequest:
    """Audit every Recovery Services vault of some subscriptions."""

    audit_id: str
    """The day of the audit: one a day."""
    subscriptions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class VaultAuditRequest:
    """Audit one vault."""

    audit_id: str
    vault: VaultRef


@dataclass(frozen=True, kw_only=True)
class Estate:
    """The vaults an audit covers, and the subscriptions that could not be listed."""

    vaults: tuple[VaultRef, ...]
    unread: tuple[str, ...] = ()
    """One sentence for each subscription that could not be read: unknown, not empty."""


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    """What the audit of one vault came to."""

    vault: VaultRef
    tally: Tally
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class AuditSummary:
    """What a whole audit came to; the findings are in the evidence under ``prefix``."""

    audit_id: str
    prefix: str
    rows: tuple[AuditRow, ...]
    unread: tuple[str, ...] = ()
