"""What each step of a run takes and gives: one dataclass in, one out.

These travel between orchestrators and activities as plain JSON (:mod:`domain.codec`), so they stay
small; anything long (findings, before-images, bodies) goes to evidence and only its key travels.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.lost_machine import LostMachine
from domain.outcomes import Milestone
from domain.prechecks import REGISTERED, CheckResult
from domain.requests import UpgradeRequest
from domain.retries import FIRST, FIRST_ATTEMPT, Attempt
from domain.summaries import StepSummary
from domain.upgrade import ClassicVault, PrerequisiteCheck, RunState, UpgradeRecord
from domain.vaults import VaultRef


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
class PrecheckRequest:
    """Look at everything else that may stand against the upgrade."""

    run: Run
    classic: ClassicVault
    check: PrerequisiteCheck
    """What the service itself said; becomes part of the result."""
    check_no: int
    unregistered: tuple[LostMachine, ...] = ()
    """Lost machines that this run has unregistered."""


@dataclass(frozen=True, kw_only=True)
class UnregisterRequest:
    """Unregister machines that are gone for good; a plan that names them was approved."""

    run: Run
    machines: tuple[LostMachine, ...]


@dataclass(frozen=True, kw_only=True)
class RegistrationRequest:
    """Register resource providers, or see how far their registration is."""

    run: Run
    namespaces: tuple[str, ...]
    asked_at: datetime
    """When the registration was asked for, UTC."""
    looks: int = 0
    """Looks taken so far, carried through continue-as-new."""


@dataclass(frozen=True, kw_only=True)
class RegistrationAnswer:
    """How far the registration of resource providers is."""

    states: tuple[tuple[str, str], ...]
    """Namespace and state of each provider asked for."""

    @property
    def waiting(self) -> tuple[tuple[str, str], ...]:
        """Those not registered yet."""
        return tuple(one for one in self.states if one[1] != REGISTERED)


@dataclass(frozen=True, kw_only=True)
class AttemptRequest:
    """Find out whether the upgrade may be started, and as which attempt."""

    run: Run
    record: UpgradeRecord | None


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """Write down what will be done, so that somebody can agree to it."""

    run: Run
    classic: ClassicVault
    check: PrerequisiteCheck
    operation_id: str
    result: CheckResult
    attempt: Attempt = FIRST_ATTEMPT


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
    superseded: str | None = None
    """OperationId of the failure this attempt is to make good."""


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
    attempt: int = FIRST
    """The attempt that failed."""


@dataclass(frozen=True, kw_only=True)
class ReminderRecord:
    """Nobody has answered a plan for half of its time."""

    run: Run
    plan_hash: str
    at: datetime
    expires_at: datetime


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
    superseded: str | None = None
    """OperationId of an earlier failure: its end is not the end waited for."""


@dataclass(frozen=True, kw_only=True)
class PollAnswer:
    """One look at a running upgrade."""

    is_running: bool
    has_succeeded: bool
    text: str
    """Status, result, code and message in one line, as the service gave them."""
    is_read: bool = True
    """False: the service could not be asked, so nothing is known."""
    error_code: str = ""
    """The service's own code of a failed upgrade."""


@dataclass(frozen=True, kw_only=True)
class AwaitResult:
    """How the wait ended."""

    has_succeeded: bool
    is_stalled: bool
    """The limit passed and the service still says it is at work; nothing is ever restarted."""
    text: str
    polls: int
    error_code: str = ""
    """The service's own code of a failed upgrade."""

    @property
    def has_failed(self) -> bool:
        """The service told an end, and no good one."""
        return not self.has_succeeded and not self.is_stalled


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
    scope: tuple[str, ...] = ()
    """Subscriptions in which a machine of the vault may be registered too, once it is ready."""


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
