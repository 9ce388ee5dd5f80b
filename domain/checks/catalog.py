"""What every check is: one id, one title, one severity, one source for its rule."""

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """How much a failed check matters."""

    HIGH = "high"
    """Backups or restores may not work, or the upgrade is not complete."""
    MEDIUM = "medium"
    """A safeguard is missing, or something will go wrong later."""
    LOW = "low"
    """Worth knowing."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check's identity."""

    id: str
    """Stays the same for ever: findings of two audits are compared by it."""
    title: str
    weight: Weight
    source: str
    """Where the rule comes from: section of a fact sheet or page of the documentation."""


TIME_ZONE = Check(
    id="time-zone",
    title="Every policy that keeps a time zone names the expected one",
    weight=Weight.HIGH,
    source="article, Post-upgrade steps; recovery-services 1.2, 1.3",
)
AGENT_VERSION = Check(
    id="agent-version",
    title="Every agent is new enough to show in the upgraded vault",
    weight=Weight.HIGH,
    source="article, FAQ; recovery-services 3, 7",
)
MACHINE_ONCE = Check(
    id="machine-once",
    title="No machine is registered in several vaults",
    weight=Weight.MEDIUM,
    source="article, FAQ; recovery-services 3",
)
ENHANCED_SECURITY = Check(
    id="enhanced-security",
    title="Enhanced security is on",
    weight=Weight.HIGH,
    source="article, Enhanced security; recovery-services 2.2, 2.3",
)
SOFT_DELETE = Check(
    id="soft-delete",
    title="Soft delete is on",
    weight=Weight.MEDIUM,
    source="recovery-services 2.2, 2.3; audit-checks SEC-01",
)
UPGRADE_LINEAGE = Check(
    id="upgrade-lineage",
    title="The vault's upgrade is complete and its two records agree",
    weight=Weight.MEDIUM,
    source="recovery-services 2.4; vault-upgrade 2.6, 4",
)
JOB_SYNC = Check(
    id="job-sync",
    title="The last backup of every item has a visible job",
    weight=Weight.HIGH,
    source="article, FAQ; recovery-services 5",
)

CATALOG: tuple[Check, ...] = (
    TIME_ZONE,
    AGENT_VERSION,
    MACHINE_ONCE,
    ENHANCED_SECURITY,
    SOFT_DELETE,
    UPGRADE_LINEAGE,
    JOB_SYNC,
)
"""Every check there is."""
