"""Every statement of Microsoft's upgrade article that concerns a vault, and how it stands.

The statements are in our words; ``section`` says where the article makes them. A statement that
checks can decide gets its state from their findings; the others are told with what they mean.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.checks import catalog
from domain.findings import Finding, StatementState, Verdict
from domain.outcomes import ChecklistEntry


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of the article."""

    id: str
    section: str
    text: str
    checks: tuple[str, ...] = ()
    """Ids of the checks that decide it; none: it is told."""


MOST_SUBJECTS = 20
"""Subjects an entry names; the findings have them all."""

_COMPARE, _MANAGE = "Comparing vaults", "Managing your vault"
_POST, _SECURITY = "Post-upgrade steps", "Enhanced security"
_DATA, _FAQ = "Gather data", "Frequently asked questions"

STATEMENTS: tuple[Statement, ...] = (
    Statement(
        id="upgrade-complete",
        section=_COMPARE,
        text="The upgrade is complete, and its records agree.",
        checks=(catalog.UPGRADE_LINEAGE.id,),
    ),
    Statement(
        id="data-intact",
        section=_COMPARE,
        text="Backup data stays intact; classic machines keep their recovery points.",
        checks=(catalog.CLASSIC_VM.id,),
    ),
    Statement(
        id="protect-arm-machines",
        section=_COMPARE,
        text="Machines moved to Resource Manager can now be protected, and are.",
        checks=(catalog.ARM_TWIN.id,),
    ),
    Statement(
        id="central-monitoring",
        section=_COMPARE,
        text="Items on premises and in Azure are seen and monitored in one place.",
        checks=(catalog.ITEM_STATE.id,),
    ),
    Statement(
        id="role-based-access",
        section=_COMPARE,
        text=(
            "Access goes by Azure roles now: give people Backup Reader, Operator or Contributor;"
            " classic co-administrator rights do not carry over."
        ),
    ),
    Statement(
        id="instant-restore",
        section=_COMPARE,
        text="Files and folders can be restored from a virtual machine's backup without the whole.",
    ),
    Statement(
        id="agent-minimum",
        section=_COMPARE,
        text="Every agent is at least 2.0.9083.0, and backup servers are current.",
        checks=(catalog.AGENT_VERSION.id, catalog.SERVER_UPDATE.id),
    ),
    Statement(
        id="resource-group",
        section=_MANAGE,
        text=(
            "The vault stands in the resource group that was chosen, or in"
            " Default-RecoveryServices-ResourceGroup-<geo> where the service upgraded it by itself"
            " (for CPS Standard in the group it was in)."
        ),
    ),
    Statement(
        id="time-zones",
        section=_POST,
        text="Every policy that keeps a time zone names the right one.",
        checks=(catalog.TIME_ZONE.id, catalog.POLICY_INTEGRITY.id),
    ),
    Statement(
        id="security-on",
        section=_SECURITY,
        text="Enhanced security is on, and soft delete with it.",
        checks=(catalog.ENHANCED_SECURITY.id, catalog.SOFT_DELETE.id),
    ),
    Statement(
        id="security-pin",
        section=_SECURITY,
        text="Deleting backups and changing a passphrase need a PIN now.",
        checks=(catalog.SECURITY_PIN.id,),
    ),
    Statement(
        id="deleted-data-billed",
        section=_SECURITY,
        text="Deleted backups of agents are kept at least 14 days and billed.",
        checks=(catalog.SOFT_DELETE_DAYS.id,),
    ),
    Statement(
        id="reports",
        section=_DATA,
        text="Reports are configured.",
        checks=(catalog.REPORTS.id, catalog.REPORT_DATA.id),
    ),
    Statement(
        id="backups-go-on",
        section=_FAQ,
        text="Backups go on during and after the upgrade.",
        checks=(catalog.BACKUPS_GO_ON.id,),
    ),
    Statement(
        id="tooling",
        section=_FAQ,
        text="Scripts and tools for classic vaults have to be moved to Resource Manager.",
    ),
    Statement(id="no-rollback", section=_FAQ, text="There is no way back after the upgrade."),
    Statement(
        id="no-classic-view",
        section=_FAQ,
        text="The classic vault can no longer be seen; everything is in the new portal.",
    ),
    Statement(
        id="servers-visible",
        section=_FAQ,
        text="Every server with the agent shows; the ones that do not need the latest agent.",
        checks=(catalog.MACHINE_VISIBLE.id, catalog.AGENT_HEALTH.id),
    ),
    Statement(
        id="agent-policies",
        section=_FAQ,
        text="A policy of an agent that does not show has to be updated once at the agent.",
    ),
    Statement(
        id="retention-minimum",
        section=_FAQ,
        text="Agent policies keep the minimum, without which they cannot be changed any more.",
        checks=(catalog.RETENTION_MINIMUM.id,),
    ),
    Statement(
        id="one-vault-per-machine",
        section=_FAQ,
        text="No machine is registered to several vaults.",
        checks=(catalog.MACHINE_ONCE.id,),
    ),
    Statement(
        id="jobs-visible",
        section=_FAQ,
        text="Job information shows within 12 hours.",
        checks=(catalog.JOB_SYNC.id,),
    ),
    Statement(
        id="report-an-issue",
        section=_FAQ,
        text=(
            "A failed upgrade goes to support with its OperationId, subscription and vault name,"
            " and is not retried."
        ),
        checks=(catalog.UPGRADE_LINEAGE.id,),
    ),
)
"""The article from top to bottom."""


def _is_open(finding: Finding) -> bool:
    # What only a machine's owner can look at is open, although no program can judge it.
    is_handed_on = finding.verdict is Verdict.NOT_APPLICABLE and bool(finding.what_to_do)
    return finding.verdict is Verdict.FAIL or is_handed_on


def _state(found: list[Finding]) -> StatementState:
    verdicts = {one.verdict for one in found}
    if any(_is_open(one) for one in found):
        return StatementState.OPEN
    # One unread machine is enough: holding for the others is no proof for all.
    if Verdict.UNKNOWN in verdicts:
        return StatementState.UNKNOWN
    if Verdict.PASS in verdicts:
        return StatementState.HOLDS
    return StatementState.NOT_APPLICABLE


def _entry(statement: Statement, by_check: dict[str, list[Finding]]) -> ChecklistEntry:
    found = [one for check in statement.checks for one in by_check.get(check, ())]
    state = _state(found) if statement.checks else StatementState.TOLD
    # Named once each: three checks of one machine are one machine to look at.
    left = [one.subject for one in found if _is_open(one) or one.verdict is Verdict.UNKNOWN]
    return ChecklistEntry(
        id=statement.id,
        section=statement.section,
        text=statement.text,
        state=state,
        open_subjects=tuple(dict.fromkeys(left))[:MOST_SUBJECTS],
    )


def checklist(findings: Iterable[Finding]) -> tuple[ChecklistEntry, ...]:
    """How every statement stands for one vault, in the order of the article."""
    by_check: dict[str, list[Finding]] = {}
    for one in findings:
        by_check.setdefault(one.check_id, []).append(one)
    return tuple(_entry(statement, by_check) for statement in STATEMENTS)
