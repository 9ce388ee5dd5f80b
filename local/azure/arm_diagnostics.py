"""Diagnostic settings of a vault through Azure Monitor (recovery-services 6.3)."""

from typing import Any

from domain.codec import JsonObject
from local.azure.arm_common import arm_id, find_vault
from local.azure.diagnostic_settings import KNOWN_CATEGORIES
from local.azure.exchange import Answer, Call, NotUnderstood, ServiceRefusal, json_answer
from local.azure.model import Vault

MAX_SETTINGS = 5
"""A resource has no more settings than this."""

_TARGETS = (
    *("workspaceId", "storageAccountId", "serviceBusRuleId"),
    *("eventHubAuthorizationRuleId", "eventHubName"),
)
_MEMBERS = frozenset({*_TARGETS, "logAnalyticsDestinationType", "logs", "metrics"})
_DESTINATIONS = (None, "Dedicated", "AzureDiagnostics")


def list_settings(call: Call) -> Answer:
    """Every setting of the vault; this list is never paged."""
    vault = find_vault(call)
    settings = vault.contents.diagnostics
    return json_answer({"value": [_document(vault, name, settings[name]) for name in settings]})


def read_setting(call: Call) -> Answer:
    """One setting."""
    vault = find_vault(call)
    name = call.params["setting"].lower()
    if name not in vault.contents.diagnostics:
        raise ServiceRefusal(
            404, "ResourceNotFound", f"The diagnostic setting '{name}' could not be found."
        )
    return json_answer(_document(vault, name, vault.contents.diagnostics[name]))


def write_setting(call: Call) -> Answer:
    """Makes or replaces one setting; done at once."""
    vault = find_vault(call)
    name = call.params["setting"].lower()
    sent = call.json_body().get("properties")
    if not isinstance(sent, dict):
        raise ServiceRefusal(400, "BadRequest", "The request has no properties.")
    unknown = sorted(sent.keys() - _MEMBERS)
    if unknown:
        raise NotUnderstood(f"the member {unknown[0]} of a diagnostic setting")
    if sent.get("logAnalyticsDestinationType") not in _DESTINATIONS:
        raise ServiceRefusal(400, "BadRequest", "The destination type is not supported.")
    # Also while the vault is upgraded: what is closed then is the vault's own management plane
    # (vault-upgrade 1.5), and settings of Azure Monitor are taken not to belong to it.
    enabled = _enabled(sent)
    others = {one: known for one, known in vault.contents.diagnostics.items() if one != name}
    _demand_free(others, sent, enabled)
    if len(others) >= MAX_SETTINGS:
        raise ServiceRefusal(400, "BadRequest", f"At most {MAX_SETTINGS} settings are allowed.")
    vault.contents.diagnostics[name] = sent
    return json_answer(_document(vault, name, sent))


def _enabled(properties: JsonObject) -> set[str]:
    rows: Any = properties.get("logs")
    is_listed = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
    if not is_listed or not rows:
        raise ServiceRefusal(400, "BadRequest", "At least one data category is needed.")
    named = {str(row.get("category")) for row in rows}
    unknown = named - KNOWN_CATEGORIES
    if unknown:
        names = ", ".join(sorted(unknown))
        raise ServiceRefusal(400, "BadRequest", f"Category '{names}' is not supported.")
    return {str(row["category"]) for row in rows if row.get("enabled") is True}


def _demand_free(others: dict[str, JsonObject], sent: JsonObject, enabled: set[str]) -> None:
    """One category may be sent to one workspace by one setting only."""
    workspace = str(sent.get("workspaceId") or "").lower()
    # Settings that fill storage accounts or event hubs have no workspace to share.
    if not workspace:
        return
    for name, known in others.items():
        is_same = str(known.get("workspaceId") or "").lower() == workspace
        shared = enabled & _enabled(known) if is_same else set()
        if shared:
            raise ServiceRefusal(
                409,
                "Conflict",
                f"Data sink '{workspace}' is already used in diagnostic setting '{name}' for "
                f"category '{min(shared)}'.",
            )


def _document(vault: Vault, name: str, properties: JsonObject) -> JsonObject:
    # Azure Monitor writes ids in lower case, unlike the services it watches.
    prefix = arm_id(vault).lower()
    return {
        "id": f"{prefix}/providers/microsoft.insights/diagnosticSettings/{name}",
        "type": "Microsoft.Insights/diagnosticSettings",
        "name": name,
        "location": None,
        "kind": None,
        "tags": None,
        "identity": None,
        "properties": {
            **dict.fromkeys(_TARGETS[1:]),
            "metrics": [],
            **properties,
        },
    }
