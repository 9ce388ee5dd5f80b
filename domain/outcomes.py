"""How a run ended: the small record that travels, and the full one that is kept as evidence."""

from dataclasses import dataclass
from datetime import datetime

from domain.findings import Finding, StatementState, Tally
from domain.outlooks import PolicyOutlook
from domain.upgrade import PrerequisiteReason, RunState
from domain.vaults import ClassicVaultRef, VaultRef
from domain.work_items import WorkItem


@dataclass(frozen=True, kw_only=True)
class ManualTask:
    """Something only a person can do, with everything needed to do it."""

    subject: str
    """The machine, policy or vault it is about."""
    text: str
    """What to do, in the imperative."""
    check_id: str
    """The check that asks for it."""


@dataclass(frozen=True, kw_only=True)
class Milestone:
    """When a run entered a state."""

    state: RunState
    at: datetime


@dataclass(frozen=True, kw_only=True)
class VaultOutcome:
    """The end of one run; small enough for an orchestration's history."""

    instance_id: str
    run_id: str
    vault: ClassicVaultRef
    target: VaultRef | None
    """The Recovery Services vault, once it is known."""
    state: RunState
    reasons: tuple[str, ...]
    """Why the run ended in this state; empty for a plain success."""
    operation_id: str | None
    started_at: datetime
    ended_at: datetime
    tally: Tally
    task_count: int
    evidence_prefix: str
    """Where in the evidence store everything about this run is kept."""


@dataclass(frozen=True, kw_only=True)
class ChecklistEntry:
    """One statement and how it stands."""

    id: str
    section: str
    text: str
    state: StatementState
    open_subjects: tuple[str, ...] = ()
    """What is open or unknown: policies, machines, items; at most twenty, all in the findings."""


@dataclass(frozen=True, kw_only=True)
class VaultReport:
    """The whole story of one run, as kept in evidence and shown in reports."""

    outcome: VaultOutcome
    requested_by: str
    trigger: str | None
    """Who started the upgrade, as the service says: UserTriggered, ForcedUpgrade."""
    upgrade_started_at: datetime | None
    upgrade_ended_at: datetime | None
    prerequisites: tuple[PrerequisiteReason, ...]
    milestones: tuple[Milestone, ...]
    findings: tuple[Finding, ...]
    tasks: tuple[ManualTask, ...]
    support_bundle: str | None
    """Evidence key of the support bundle, where there is one."""
    checklist: tuple[ChecklistEntry, ...] = ()
    """Every statement of the upgrade article and how it stands; empty for a vault that was not
    upgraded, and in reports of earlier versions."""
    policies: tuple[PolicyOutlook, ...] = ()
    """What every policy's times mean, and what became of it; empty as for ``checklist``."""
    work_list: tuple[WorkItem, ...] = ()
    """What has to be done at machines, one row each."""


@dataclass(frozen=True, kw_only=True)
class SettlementOutcome:
    """The end of one settlement; small enough for an orchestration's history."""

    instance_id: str
    run_id: str
    vault: VaultRef
    state: RunState
    reasons: tuple[str, ...]
    """Why it ended in this state; empty for a plain success."""
    pending_changes: tuple[str, ...]
    started_at: datetime
    ended_at: datetime
    tally: Tally
    task_count: int
    evidence_prefix: str
    """Where in the evidence store everything about this settlement is kept."""


@dataclass(frozen=True, kw_only=True)
class SettlementReport:
    """The whole story of one settlement, as kept in evidence."""

    outcome: SettlementOutcome
    requested_by: str
    checklist: tuple[ChecklistEntry, ...]
    """Every statement of the article and how it stands."""
    findings: tuple[Finding, ...]
    tasks: tuple[ManualTask, ...]
    work_list: tuple[WorkItem, ...]
    """What has to be done at machines, one row each."""
    policies: tuple[PolicyOutlook, ...] = ()
    """What every policy's times mean, and what became of it; empty in reports of earlier
    versions."""
    is_dry_run: bool = False
    """Nothing was to be written."""
