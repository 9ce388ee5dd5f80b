"""What the routes of settlements answer."""

import re
from typing import Annotated, NotRequired, TypedDict

from domain.findings import StatementState
from domain.settling import JobSyncState
from domain.upgrade import END_STATES, RunState
from triggers.shapes.common import FindingCounts, Moment, VaultView, one_of

SETTLEMENT_ID = re.compile(r"^settle-(?P<key>[0-9a-f]{32})$")
"""Ids of settlements that were started by themselves."""

GUARDED_ID = re.compile(r"^(settle-[0-9a-f]{32}|upgrade-[0-9a-f]{32}\.settle)$")
"""Instances that may wait for a Resource Guard: settlements, and those inside an upgrade."""

SETTLING = "settling"
WAITING_FOR_GUARD = "waiting_for_guard"

# Never blocked: a settlement asks nobody for leave, and what stands in its way is a task.
_STATES = (
    SETTLING,
    WAITING_FOR_GUARD,
    RunState.PROVING,
    RunState.AWAITING_APPROVAL,
    *sorted(END_STATES - {RunState.BLOCKED}),
)


class ChangesShown(TypedDict):
    """What would be written, and waits for an answer."""

    hash: str
    """What an approval has to name."""
    changes: list[str]
    """The first, 50 at most, one sentence each; all of them are in the evidence."""
    count: int


class GuardShown(TypedDict):
    """What the owner of a Resource Guard has to be asked for."""

    # Spelt as in the status of running settlements, which are older than the app that reads them.
    guard_id: NotRequired[str]
    """ARM id; empty where the vault does not say."""
    request_id: NotRequired[str]
    text: NotRequired[str]
    """What to ask whom."""
    policies: list[str]
    """The first that wait, 50 at most."""


class SettlementView(TypedDict):
    """One settlement."""

    id: str
    vault: VaultView
    state: Annotated[str, one_of(_STATES)]
    reasons: list[str]
    requestedBy: str
    isDryRun: bool
    jobSync: Annotated[str, one_of(JobSyncState)] | None
    """Null until the jobs were looked at."""
    pendingChanges: list[str]
    """What a dry run would have written."""
    startedAt: Moment
    updatedAt: Moment
    endedAt: Moment | None
    durationSeconds: float | None
    findings: FindingCounts
    taskCount: int
    evidencePrefix: str
    plan: ChangesShown | None
    """Null unless the state is `awaiting_approval`."""
    guard: GuardShown | None
    """Null unless the state is `waiting_for_guard`."""


class SettlementPage(TypedDict):
    """Settlements, each on one page."""

    settlements: list[SettlementView]
    continuationToken: str | None


class PolicyShown(TypedDict):
    """What a policy is and would be."""

    policy: str
    decision: Annotated[
        str, one_of(("change", "unchanged", "not_applicable", "refused", "undecided"))
    ]
    """`not_applicable`: it keeps no zone; `undecided`: nobody named one."""
    reason: str
    now: str
    """What its times mean today, with the next two changes of the clocks."""
    then: str
    """The same after the change."""


class ZonesShown(TypedDict, total=False):
    """What a settlement's plan adds, once it was made."""

    expectedZone: str | None
    """Windows id; null: nobody named one."""
    expectedBy: str
    """Who named it."""
    earliestEnd: Moment | None
    """When the last write can be sent, where the edit budget spreads them over days."""
    policies: list[PolicyShown]


class StatementShown(TypedDict):
    """One statement of the upgrade article and how it stands."""

    id: str
    section: str
    text: str
    state: Annotated[str, one_of(StatementState)]
    openSubjects: list[str]


class TaskShown(TypedDict):
    """Something only a person can do."""

    subject: str
    text: str
    checkId: str


class WorkShown(TypedDict):
    """Something to do at one machine."""

    owner: str
    """By the estate map; empty: nobody is named."""
    machine: str
    vault: str
    checkId: str
    found: str
    whatToDo: str


class ReportShown(TypedDict, total=False):
    """What a settlement's report adds, once it has ended."""

    checklist: list[StatementShown]
    tasks: list[TaskShown]
    workList: list[WorkShown]


class SettlementDetail(SettlementView, ZonesShown, ReportShown):
    """One settlement; plan and report are there as soon as they were made."""


class AcceptedSettlement(TypedDict):
    """A vault that was taken."""

    id: str
    vault: VaultView
    statusUrl: str
    joined: bool
    """A settlement of this vault is on its way already; its choices hold."""


class AcceptedSettlements(TypedDict):
    """Everything handed in was taken."""

    requestId: str
    settlements: list[AcceptedSettlement]


class GuardAnswered(TypedDict):
    """The settlement was told."""

    id: str
    decision: Annotated[str, one_of(("granted", "abandoned"))]
    by: str
