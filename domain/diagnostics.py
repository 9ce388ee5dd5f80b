"""Diagnostic settings of a vault: where its reports go, and whether they are whole.

Six categories in resource-specific tables are what reports are made of; the legacy category beside
them doubles the data and is refused by some landing zones (recovery-services 6.3, audit-checks 32).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.codec import JsonObject
from domain.documents import value_at

CATEGORIES = (
    "CoreAzureBackup",
    "AddonAzureBackupJobs",
    "AddonAzureBackupAlerts",
    "AddonAzureBackupPolicy",
    "AddonAzureBackupStorage",
    "AddonAzureBackupProtectedInstance",
)
"""The resource-specific categories; each has a table of its name."""

LEGACY_CATEGORY = "AzureBackupReport"
DEDICATED = "Dedicated"
SETTING_NAME = "vaultlift-reports"
"""Name of the setting vaultlift makes; one of that name is never made twice."""


@dataclass(frozen=True, kw_only=True)
class DiagnosticSetting:
    """What is needed of one diagnostic setting."""

    name: str
    workspace_id: str
    """ARM id of the workspace; empty where the setting sends elsewhere."""
    destination: str
    """``Dedicated`` for resource-specific tables; absent and ``AzureDiagnostics`` mean legacy."""
    enabled: frozenset[str]
    """Categories that are switched on."""

    @property
    def is_dedicated(self) -> bool:
        """Sends to resource-specific tables of a workspace."""
        return bool(self.workspace_id) and self.destination.casefold() == DEDICATED.casefold()

    @property
    def missing(self) -> tuple[str, ...]:
        """The categories it does not send."""
        return tuple(one for one in CATEGORIES if one not in self.enabled)

    @property
    def is_partial(self) -> bool:
        """Sends some of the categories, and not all."""
        return 0 < len(self.missing) < len(CATEGORIES)

    @property
    def is_legacy(self) -> bool:
        """Sends the legacy category to a workspace."""
        return LEGACY_CATEGORY in self.enabled and bool(self.workspace_id)


def _enabled_rows(document: JsonObject) -> list[JsonObject]:
    logs = value_at(document, ("properties", "logs"))
    # A list by the contract; a malformed row of somebody's template must not stop the check.
    rows = logs if isinstance(logs, list) else []
    return [one for one in rows if isinstance(one, dict) and one.get("enabled") is True]


def parse_setting(document: JsonObject) -> DiagnosticSetting:
    """A diagnostic setting as listed; never fails, whatever is missing."""
    rows = _enabled_rows(document)
    enabled = {str(one.get("category")) for one in rows}
    # A group instead of categories: allLogs holds all of them, the legacy one too.
    if any(one.get("categoryGroup") == "allLogs" for one in rows):
        enabled |= {*CATEGORIES, LEGACY_CATEGORY}
    return DiagnosticSetting(
        name=str(document.get("name") or ""),
        workspace_id=str(value_at(document, ("properties", "workspaceId")) or ""),
        destination=str(value_at(document, ("properties", "logAnalyticsDestinationType")) or ""),
        enabled=frozenset(enabled),
    )


@dataclass(frozen=True, kw_only=True)
class ReportState:
    """What all settings of a vault come to."""

    whole: tuple[DiagnosticSetting, ...]
    """Settings that send all six categories to resource-specific tables."""
    partial: tuple[DiagnosticSetting, ...]
    """Settings that send some of them."""
    legacy: tuple[DiagnosticSetting, ...]
    """Settings that send the legacy category."""

    @property
    def is_doubled(self) -> bool:
        """Both forms are sent to the same workspace."""
        workspaces = {one.workspace_id.casefold() for one in self.whole + self.partial}
        return any(one.workspace_id.casefold() in workspaces for one in self.legacy)

    def workspace_ids(self) -> tuple[str, ...]:
        """Where the whole reports go."""
        return tuple(dict.fromkeys(one.workspace_id for one in self.whole))


def report_state(documents: Iterable[JsonObject]) -> ReportState:
    """What the vault's diagnostic settings come to.

    Args:
        documents: Every setting of the vault, raw.
    """
    settings = [parse_setting(one) for one in documents]
    # The six categories sent to legacy tables get no data at all (recovery-services 6.2).
    dedicated = [one for one in settings if one.is_dedicated]
    return ReportState(
        whole=tuple(one for one in dedicated if not one.missing),
        partial=tuple(one for one in dedicated if one.is_partial),
        legacy=tuple(one for one in settings if one.is_legacy),
    )


def objection_to(documents: Iterable[JsonObject], workspace_id: str) -> str:
    """Why no setting of ours can be made beside those that are there; empty where one can.

    Args:
        documents: Every setting of the vault, raw.
        workspace_id: ARM id of the workspace that is to receive the reports.
    """
    wanted = workspace_id.casefold()
    for one in map(parse_setting, documents):
        # Somebody changed the setting of our name: that is theirs to say, not ours to undo.
        if one.name.casefold() == SETTING_NAME:
            return f"a setting named {SETTING_NAME} is there and sends something else"
        if one.workspace_id.casefold() != wanted:
            continue
        # Azure Monitor refuses a second setting with the same category and workspace (409).
        shared = [category for category in CATEGORIES if category in one.enabled]
        if shared:
            return f"setting {one.name} sends {shared[0]} to this workspace already"
        # Not refused by the service, but doubled data, and landing zones deny the pair (B32).
        if LEGACY_CATEGORY in one.enabled:
            return f"setting {one.name} sends the legacy category {LEGACY_CATEGORY} there"
    return ""


def setting_body(workspace_id: str) -> JsonObject:
    """The setting vaultlift makes: six categories, resource-specific, to one workspace."""
    return {
        "properties": {
            "workspaceId": workspace_id,
            "logAnalyticsDestinationType": DEDICATED,
            # Named one by one. The group allLogs is shorter to write and sends the legacy category
            # as well.
            "logs": [{"category": one, "enabled": True} for one in CATEGORIES],
        }
    }
