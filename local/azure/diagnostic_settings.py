"""Documents of diagnostic settings, as an estate starts with them and as callers may send them."""

from domain.codec import JsonObject

CATEGORIES = (
    "CoreAzureBackup",
    "AddonAzureBackupJobs",
    "AddonAzureBackupAlerts",
    "AddonAzureBackupPolicy",
    "AddonAzureBackupStorage",
    "AddonAzureBackupProtectedInstance",
)
"""Resource-specific categories, each a table of its name (recovery-services 6.2)."""
LEGACY = "AzureBackupReport"
SITE_RECOVERY = (
    "AzureSiteRecoveryJobs",
    "AzureSiteRecoveryEvents",
    "AzureSiteRecoveryReplicatedItems",
    "AzureSiteRecoveryReplicationStats",
    "AzureSiteRecoveryRecoveryPoints",
    "AzureSiteRecoveryReplicationDataUploadRate",
    "AzureSiteRecoveryProtectedDiskDataChurn",
)
KNOWN_CATEGORIES = frozenset((*CATEGORIES, LEGACY, *SITE_RECOVERY))
"""Every category of a vault; the service refuses any other."""
NO_WORKSPACE = "00000000-0000-4000-8000-000000000000"


def workspace_arm_id(subscription_id: str, workspace_id: str) -> str:
    """ARM id of a workspace; here its name is its id, so that one leads to the other."""
    return (
        f"/subscriptions/{subscription_id}/resourceGroups/rg-logs"
        f"/providers/Microsoft.OperationalInsights/workspaces/{workspace_id}"
    )


def _setting(workspace: str, destination: str | None, categories: tuple[str, ...]) -> JsonObject:
    return {
        "workspaceId": workspace,
        "logAnalyticsDestinationType": destination,
        "logs": [{"category": one, "enabled": True} for one in categories],
    }


def estate_settings(kind: str, workspace: str) -> dict[str, JsonObject]:
    """The settings of a kind: whole, partial, legacy, doubled or none."""
    whole = {"reports": _setting(workspace, "Dedicated", CATEGORIES)}
    # Without a destination type: AzureBackupReport exists in the AzureDiagnostics mode only, which
    # is the mode of a setting that names none (recovery-services 6.2).
    legacy = {"old-reports": _setting(workspace, None, (LEGACY,))}
    return {
        "whole": whole,
        "partial": {"reports": _setting(workspace, "Dedicated", CATEGORIES[:2])},
        "legacy": legacy,
        "doubled": whole | legacy,
    }.get(kind, {})
