"""The classic upgrade: what the service says about it, and the states a run goes through.

The service's side follows facts vault-upgrade 2.1-2.4 and 4. How a run gets from one state to the
next: :mod:`domain.transitions`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from domain.vaults import ClassicVaultRef, Provenance

SEND_WITHIN = timedelta(minutes=8)
"""How old a marker may be when its send leaves. A process that was held up for longer must not send
any more: another one may be about to find the grace period over."""

START_GRACE = SEND_WITHIN + timedelta(minutes=7)
"""How long a start may take to show in the classic list, counted from its marker in evidence: until
it leaves, a minute in which the throttle may hold it, the 300 s its answer may take (vault-upgrade
2.0), the 40 s in which the recorded service showed it (2.5). Too short would mean a second start;
too long delays only a run whose start got lost on the way."""


class UpgradeStatus(StrEnum):
    """Status of the upgrade record, classic list and ARM ``upgradeDetails`` alike."""

    UNKNOWN = "Unknown"
    IN_PROGRESS = "InProgress"
    UPGRADED = "Upgraded"
    FAILED = "Failed"


class TriggerType(StrEnum):
    """Who started the upgrade; anything new the service invents reads as OTHER."""

    USER = "UserTriggered"
    FORCED = "ForcedUpgrade"
    OTHER = "Other"


@dataclass(frozen=True, kw_only=True)
class UpgradeRecord:
    """The record a vault carries once an upgrade was started (``ResourceUpgradeDetails``)."""

    operation_id: str
    status: UpgradeStatus
    trigger_type: TriggerType
    started_at: datetime | None
    """UTC; None where the service sent none."""
    last_updated_at: datetime | None
    ended_at: datetime | None
    """UTC; None while running (the service sends 9999-12-31 then)."""
    message: str
    upgraded_resource_id: str
    previous_resource_id: str | None


@dataclass(frozen=True, kw_only=True)
class ClassicVault:
    """One vault of the cloud-service list (vault-upgrade 2.1)."""

    ref: ClassicVaultRef
    cloud_service: str
    """Name of the cloud service that holds it: part of every URL of the vault."""
    resource_namespace: str
    """``ResourceProviderNamespace`` of the list: part of every URL of the vault."""
    state: str
    sub_state: str
    resource_id: str | None
    """The service's own number for the vault (OutputItem ``ResourceId``)."""
    record: UpgradeRecord | None
    """None: no upgrade was ever started."""
    provenance: Provenance
    answered_at: datetime | None = None
    """The service's own clock when it answered, UTC; every process sees the same one."""


# A word not known here must block: the old client counts anything but Warning as an error, too.
class Severity(StrEnum):
    """``Type`` of a prerequisite reason. Only the exact word Warning may be passed over (3.2)."""

    ERROR = "Error"
    WARNING = "Warning"


class CheckOutcome(StrEnum):
    """What the service's prerequisite check came to (vault-upgrade 1.4)."""

    SUCCEEDED = "Succeeded"
    WITH_WARNINGS = "SucceededWithWarnings"
    FAILED = "Failed"


@dataclass(frozen=True, kw_only=True)
class PrerequisiteReason:
    """One reason the service gave; its message is a table (rows ``|``, columns ``;``)."""

    severity: Severity
    category: str
    code: str
    message: str
    """The message as sent."""
    rows: tuple[tuple[str, ...], ...]
    """The message split into rows and columns; one row of one column for plain text."""
    recommended_action: str
    properties: str = ""


@dataclass(frozen=True, kw_only=True)
class PrerequisiteCheck:
    """Result of one prerequisite check, all reasons together."""

    outcome: CheckOutcome
    reasons: tuple[PrerequisiteReason, ...]
    client_request_id: str
    provenance: Provenance

    @property
    def errors(self) -> tuple[PrerequisiteReason, ...]:
        """The reasons that block the upgrade."""
        return tuple(r for r in self.reasons if r.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[PrerequisiteReason, ...]:
        """The reasons that need somebody's consent."""
        return tuple(r for r in self.reasons if r.severity is Severity.WARNING)


@dataclass(frozen=True, kw_only=True)
class OperationInfo:
    """Answer of ``upgradeOperationResult`` (vault-upgrade 2.4): the vault's latest upgrade."""

    status: str
    """InProgress, Completed, or a word not seen yet."""
    result: str
    """Invalid while running, Succeeded, Failed, or a word not seen yet."""
    error_code: str
    message: str
    provenance: Provenance

    @property
    def is_running(self) -> bool:
        """The service is still at work."""
        return self.status == "InProgress"

    @property
    def is_completed(self) -> bool:
        """The service says that it is over."""
        return self.status == "Completed"

    @property
    def has_succeeded(self) -> bool:
        """The only combination that means success."""
        # The old client takes anything else that is not running for a failure, words not seen yet
        # included (vault-upgrade 1.4, 2.4).
        return self.is_completed and self.result == "Succeeded"


class RunState(StrEnum):
    """Where a run of ``upgrade_vault`` stands. The last seven are ends."""

    INSPECTING = "inspecting"
    CHECKING = "checking"
    AWAITING_APPROVAL = "awaiting_approval"
    STARTING = "starting"
    UPGRADING = "upgrading"
    CONFIRMING = "confirming"
    SETTLING = "settling"
    PROVING = "proving"
    CLOSED = "closed"
    """Upgraded, settled and proven; nothing left to do."""
    CLOSED_WITH_TASKS = "closed_with_tasks"
    """Upgraded and settled as far as a program can; a person has the listed tasks."""
    NEEDS_DECISION = "needs_decision"
    """Stopped at a choice that is not ours: no time zone given, a warning without consent."""
    NEEDS_SUPPORT = "needs_support"
    """The upgrade failed; a support bundle is ready and nothing will be retried."""
    BLOCKED = "blocked"
    """A prerequisite does not hold; nothing was started, and it may be run again."""
    NOT_APPROVED = "not_approved"
    """Denied, or nobody answered in time; nothing was started."""
    STOPPED = "stopped"
    """Something could not be read or done; the reason says what, and what is known."""


END_STATES = frozenset(
    {
        RunState.CLOSED,
        RunState.CLOSED_WITH_TASKS,
        RunState.NEEDS_DECISION,
        RunState.NEEDS_SUPPORT,
        RunState.BLOCKED,
        RunState.NOT_APPROVED,
        RunState.STOPPED,
    }
)
"""States a run never leaves."""


def client_request_id(guid: object, at: datetime) -> str:
    """A client request id in the form the service's own client sends (vault-upgrade 2.0).

    ``{guid}-{yyyy-MM-dd HH:mm:ssZ}-P``, with a blank inside. The one sent with the upgrade call
    becomes the OperationId.
    """
    return f"{guid}-{at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}-P"
