"""Policy documents: one builder per type, and what the service adds when it shows one.

Shapes: recovery-services 1.2 and the recorded lists; policies of 2016 have no ``timeZone`` member
at all, so every builder leaves it out unless it is given one.
"""

import copy
import re
from collections.abc import Callable
from typing import Any

from domain.codec import JsonObject

_DATE = "2017-03-01"
"""The date part of run times carries no meaning; an old one is what upgraded vaults show."""
_FRACTION = re.compile(r"\.0+Z$")


def _at(run_time: str) -> list[str]:
    # Local wall-clock time in the policy's zone, although it ends in Z (recovery-services 1.3).
    return [f"{_DATE}T{run_time}:00Z"]


def _days(count: int) -> JsonObject:
    return {"count": count, "durationType": "Days"}


def _daily(run_time: str) -> JsonObject:
    return {
        "schedulePolicyType": "SimpleSchedulePolicy",
        "scheduleRunFrequency": "Daily",
        "scheduleRunTimes": _at(run_time),
        "scheduleWeeklyFrequency": 0,
    }


def _keep(run_time: str, days: int) -> JsonObject:
    return {
        "retentionPolicyType": "LongTermRetentionPolicy",
        # The service takes no other retention time than the run time (recovery-services 1.3).
        "dailySchedule": {"retentionTimes": _at(run_time), "retentionDuration": _days(days)},
    }


def _zone(zone: str | None) -> JsonObject:
    return {} if zone is None else {"timeZone": zone}


def vm(run_time: str, days: int, zone: str | None) -> JsonObject:
    """A standard policy for virtual machines."""
    return {
        "backupManagementType": "AzureIaasVM",
        "schedulePolicy": _daily(run_time),
        "retentionPolicy": _keep(run_time, days),
        # Standard policies take 1 to 5 here. They have no policyType: its absence says Standard
        # (recovery-services 1.2, 1.4).
        "instantRpRetentionRangeInDays": 2,
        **_zone(zone),
    }


def vm_enhanced(run_time: str, days: int, zone: str | None) -> JsonObject:
    """An enhanced (V2) policy for virtual machines."""
    return {
        "backupManagementType": "AzureIaasVM",
        "policyType": "V2",
        "schedulePolicy": {
            "schedulePolicyType": "SimpleSchedulePolicyV2",
            "scheduleRunFrequency": "Daily",
            "dailySchedule": {"scheduleRunTimes": _at(run_time)},
        },
        "retentionPolicy": _keep(run_time, days),
        # The default of enhanced policies (recovery-services 1.4).
        "instantRpRetentionRangeInDays": 7,
        **_zone(zone),
    }


def file_share(run_time: str, days: int, zone: str | None) -> JsonObject:
    """A policy for Azure file shares."""
    return {
        "backupManagementType": "AzureStorage",
        "schedulePolicy": _daily(run_time),
        "retentionPolicy": _keep(run_time, days),
        **_zone(zone),
    }


def sql(run_time: str, days: int, zone: str | None) -> JsonObject:
    """A policy for SQL Server in virtual machines: the zone lies in ``settings``."""
    settings = {**_zone(zone), "issqlcompression": False, "isCompression": False}
    return {
        "backupManagementType": "AzureWorkload",
        "workLoadType": "SQLDataBase",
        "settings": settings,
        "subProtectionPolicy": [
            {
                "policyType": "Full",
                "schedulePolicy": _daily(run_time),
                "retentionPolicy": _keep(run_time, days),
            },
            {
                "policyType": "Log",
                "schedulePolicy": {
                    "schedulePolicyType": "LogSchedulePolicy",
                    "scheduleFrequencyInMins": 60,
                },
                "retentionPolicy": {
                    "retentionPolicyType": "SimpleRetentionPolicy",
                    # Within the 7 to 35 days that the service allows logs (recovery-services 1.3).
                    "retentionDuration": _days(15),
                },
            },
        ],
    }


def generic(run_time: str, days: int, zone: str | None) -> JsonObject:
    """A generic policy, as other fabrics use it."""
    return {
        "backupManagementType": "GenericProtectionPolicy",
        "fabricName": "Azure",
        "subProtectionPolicy": [
            {
                "policyType": "Full",
                "schedulePolicy": _daily(run_time),
                "retentionPolicy": _keep(run_time, days),
            }
        ],
        **_zone(zone),
    }


def mab(run_time: str, days: int, _zone_id: str | None) -> JsonObject:
    """A policy of the MARS agent: no zone, the machine's own clock counts."""
    return {
        "backupManagementType": "MAB",
        "schedulePolicy": _daily(run_time),
        "retentionPolicy": _keep(run_time, days),
    }


def azure_sql(_run_time: str, days: int, _zone_id: str | None) -> JsonObject:
    """A policy for Azure SQL databases: retention only, no schedule and no zone."""
    return {
        "backupManagementType": "AzureSql",
        "retentionPolicy": {
            "retentionPolicyType": "SimpleRetentionPolicy",
            "retentionDuration": _days(days),
        },
    }


BUILDERS: dict[str, Callable[[str, int, str | None], JsonObject]] = {
    "vm": vm,
    "vm-enhanced": vm_enhanced,
    "file-share": file_share,
    "sql": sql,
    "generic": generic,
    "mab": mab,
    "azure-sql": azure_sql,
}
"""Builder of each policy type an estate file may name: (run time ``HH:MM``, days, zone)."""
ZONELESS = frozenset({"mab", "azure-sql"})
"""Types whose policies have no zone (recovery-services 1.2)."""


def shown(properties: JsonObject, protected_items: int) -> JsonObject:
    """The properties as the service shows them: with defaults that were never sent."""
    document: JsonObject = {"backupManagementType": properties["backupManagementType"]}
    if document["backupManagementType"] == "AzureIaasVM":
        # Shown empty even where nothing was sent (recovery-services 1.2).
        document["instantRPDetails"] = {}
    # A copy: defaults are filled in below, and the document in force must stay what was sent.
    document.update(copy.deepcopy(properties))
    # The service counts for itself; what was sent is ignored (recovery-services 1.4).
    document.pop("protectedItemsCount", None)
    if document["backupManagementType"] == "AzureStorage":
        # Sent by every client and never shown again by the service (recorded PUTs).
        document.pop("workLoadType", None)
    _add_defaults(document)
    document["protectedItemsCount"] = protected_items
    return document


def _add_defaults(node: Any) -> None:
    if isinstance(node, list):
        for element in node:
            _add_defaults(element)
    if not isinstance(node, dict):
        return
    if node.get("schedulePolicyType") == "SimpleSchedulePolicy":
        node.setdefault("scheduleWeeklyFrequency", 0)
    archived = node.get("ArchivedRP")
    if isinstance(archived, dict):
        archived.setdefault("duration", 0)
        archived.setdefault("durationType", "Invalid")
    for key, value in node.items():
        if key in ("scheduleRunTimes", "retentionTimes") and value:
            node[key] = [_FRACTION.sub("Z", text) for text in value]
        else:
            _add_defaults(value)
