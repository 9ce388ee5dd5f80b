"""What every check is: one id, one title, one source for its rule."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check's identity."""

    id: str
    """Stays the same for ever: findings of two audits are compared by it."""
    title: str
    source: str
    """Where the rule comes from: section of a fact sheet or page of the documentation."""


TIME_ZONE = Check(
    id="time-zone",
    title="Every policy that keeps a time zone names the expected one",
    source="article, Post-upgrade steps; recovery-services 1.2, 1.3",
)
POLICY_INTEGRITY = Check(
    id="policy-integrity",
    title="Every policy that was written holds what was intended, and is otherwise unchanged",
    source="DESIGN rule 5; recovery-services 1.4",
)
AGENT_VERSION = Check(
    id="agent-version",
    title="Every agent is new enough to show in the upgraded vault",
    source="article, FAQ; recovery-services 3, 7",
)
MACHINE_ONCE = Check(
    id="machine-once",
    title="No machine is registered in several vaults",
    source="article, FAQ; recovery-services 3",
)
ENHANCED_SECURITY = Check(
    id="enhanced-security",
    title="Enhanced security is on",
    source="article, Enhanced security; recovery-services 2.2, 2.3",
)
SOFT_DELETE = Check(
    id="soft-delete",
    title="Soft delete is on",
    source="recovery-services 2.2, 2.3; audit-checks SEC-01",
)
UPGRADE_LINEAGE = Check(
    id="upgrade-lineage",
    title="The vault's upgrade is complete and its two records agree",
    source="recovery-services 2.4; vault-upgrade 2.6, 4",
)
JOB_SYNC = Check(
    id="job-sync",
    title="The last backup of every item has a visible job",
    source="article, FAQ; recovery-services 5",
)
AGENT_HEALTH = Check(
    id="agent-health",
    title="Every registered machine has items and was heard of lately",
    source="article, FAQ; recovery-services 3; audit-checks AGT-04, AGT-07",
)
SERVER_UPDATE = Check(
    id="server-update",
    title="DPM and Azure Backup Servers are new enough, and no update is waiting",
    source="recovery-services 3, 7; audit-checks AGT-03",
)
MACHINE_VISIBLE = Check(
    id="machine-visible",
    title="Every registered machine shows in the vault",
    source="article, FAQ; recovery-services 2.1, 3",
)
RETENTION_MINIMUM = Check(
    id="retention-minimum",
    title="Agent policies keep at least what enhanced security asks",
    source="article, FAQ; recovery-services 7",
)
SECURITY_PIN = Check(
    id="security-pin",
    title="What needs a PIN now, and what deleted data costs, is known",
    source="article, Enhanced security; recovery-services 7",
)
SOFT_DELETE_DAYS = Check(
    id="soft-delete-days",
    title="Deleted data is kept for at least 14 days",
    source="article, Enhanced security; audit-checks SEC-03",
)
ITEM_STATE = Check(
    id="item-state",
    title="Every item is protected by a policy, or stopped on purpose",
    source="recovery-services 4",
)
BACKUPS_GO_ON = Check(
    id="backups-go-on",
    title="Backups went on through the upgrade",
    source="article, FAQ; recovery-services 4",
)
CLASSIC_VM = Check(
    id="classic-vm",
    title="Classic machines kept their recovery points",
    source="article, Comparing vaults; recovery-services 4",
)
ARM_TWIN = Check(
    id="arm-twin",
    title="Machines moved to Resource Manager are protected there",
    source="article, Comparing vaults; recovery-services 4",
)
REPORTS = Check(
    id="reports",
    title="Reports go to a workspace, all six categories",
    source="article, Gather data; recovery-services 6.3; audit-checks MON-01, MON-02",
)
REPORT_DATA = Check(
    id="report-data",
    title="Data of the reports arrives",
    source="article, Gather data; recovery-services 6.2; audit-checks MON-03",
)

CATALOG: tuple[Check, ...] = (
    TIME_ZONE,
    POLICY_INTEGRITY,
    AGENT_VERSION,
    MACHINE_ONCE,
    ENHANCED_SECURITY,
    SOFT_DELETE,
    UPGRADE_LINEAGE,
    JOB_SYNC,
    AGENT_HEALTH,
    SERVER_UPDATE,
    MACHINE_VISIBLE,
    RETENTION_MINIMUM,
    SECURITY_PIN,
    SOFT_DELETE_DAYS,
    ITEM_STATE,
    BACKUPS_GO_ON,
    CLASSIC_VM,
    ARM_TWIN,
    REPORTS,
    REPORT_DATA,
)
"""Every check there is."""
