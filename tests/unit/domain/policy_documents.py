"""Policies of every kind in the service's shapes, written for these tests."""

from typing import Any

from hypothesis import strategies as st

from tests.unit.domain.strategies import run_times

PREFIX = "/subscriptions/5d6e7f80-1234-4abc-9def-0123456789ab/resourceGroups/rg/providers/x/"


def stamped(clock: str, date: str = "2017-03-28") -> str:
    """A clock time as policies write it: any date, and a literal Z."""
    return f"{date}T{clock}:00Z"


def kept(count: int, unit: str = "Days") -> dict[str, Any]:
    """A retention duration."""
    return {"count": count, "durationType": unit}


def policy(properties: dict[str, Any], name: str = "policy-one") -> dict[str, Any]:
    """A policy resource with these properties."""
    return {
        "id": PREFIX + name,
        "name": name,
        "type": "Microsoft.RecoveryServices/vaults/backupPolicies",
        "tags": {"cost.center": "4711"},
        "properties": {"protectedItemsCount": 2, **properties},
    }


def vm_policy(clock: str = "22:00", days: int = 30, **properties: Any) -> dict[str, Any]:
    """A daily policy for virtual machines; without a zone unless one is given."""
    return policy(
        {
            "backupManagementType": "AzureIaasVM",
            "schedulePolicy": {
                "schedulePolicyType": "SimpleSchedulePolicy",
                "scheduleRunFrequency": "Daily",
                "scheduleRunTimes": [stamped(clock)],
                "scheduleWeeklyFrequency": 0,
            },
            "retentionPolicy": {
                "retentionPolicyType": "LongTermRetentionPolicy",
                "dailySchedule": {
                    "retentionTimes": [stamped(clock)],
                    "retentionDuration": kept(days),
                },
            },
            **properties,
        }
    )


def weekly_vm_policy(clock: str = "22:00", **properties: Any) -> dict[str, Any]:
    """A policy that runs on Sundays."""
    document = vm_policy(clock, **properties)
    document["properties"]["schedulePolicy"] |= {
        "scheduleRunFrequency": "Weekly",
        "scheduleRunDays": ["Sunday"],
    }
    document["properties"]["retentionPolicy"] = {
        "retentionPolicyType": "LongTermRetentionPolicy",
        "weeklySchedule": {
            "daysOfTheWeek": ["Sunday"],
            "retentionTimes": [stamped(clock)],
            "retentionDuration": kept(12, "Weeks"),
        },
    }
    return document


def hourly_vm_policy(clock: str = "08:00", **properties: Any) -> dict[str, Any]:
    """An enhanced policy that runs every four hours inside a window."""
    document = vm_policy(clock, policyType="V2", **properties)
    document["properties"]["schedulePolicy"] = {
        "schedulePolicyType": "SimpleSchedulePolicyV2",
        "scheduleRunFrequency": "Hourly",
        "hourlySchedule": {
            "interval": 4,
            "scheduleWindowStartTime": stamped(clock),
            "scheduleWindowDuration": 12,
        },
    }
    return document


def share_policy(clock: str = "21:30", **properties: Any) -> dict[str, Any]:
    """A daily policy for file shares; the service fills retention times in by itself."""
    document = vm_policy(clock, workLoadType="AzureFileShare", backupManagementType="AzureStorage")
    document["properties"]["retentionPolicy"]["dailySchedule"]["retentionTimes"] = None
    document["properties"] |= properties
    return document


def sql_policy(clock: str = "19:30", **settings: Any) -> dict[str, Any]:
    """A policy for databases in virtual machines: full backups and logs."""
    return policy(
        {
            "backupManagementType": "AzureWorkload",
            "workLoadType": "SQLDataBase",
            "settings": {"issqlcompression": False, "isCompression": False, **settings},
            "subProtectionPolicy": [
                {
                    "policyType": "Full",
                    "schedulePolicy": {
                        "schedulePolicyType": "SimpleSchedulePolicy",
                        "scheduleRunFrequency": "Daily",
                        "scheduleRunTimes": [stamped(clock, "2017-12-05")],
                    },
                    "retentionPolicy": {
                        "retentionPolicyType": "LongTermRetentionPolicy",
                        "dailySchedule": {
                            "retentionTimes": [stamped(clock, "2017-12-05")],
                            "retentionDuration": kept(30),
                        },
                    },
                },
                {
                    "policyType": "Log",
                    "schedulePolicy": {
                        "schedulePolicyType": "LogSchedulePolicy",
                        "scheduleFrequencyInMins": 60,
                    },
                    "retentionPolicy": {
                        "retentionPolicyType": "SimpleRetentionPolicy",
                        "retentionDuration": kept(15),
                    },
                },
            ],
        }
    )


def agent_policy(clock: str = "18:00", **properties: Any) -> dict[str, Any]:
    """A MARS policy: ARM keeps no zone for it."""
    return vm_policy(clock, **{"backupManagementType": "MAB", **properties})


def azure_sql_policy() -> dict[str, Any]:
    """A policy for Azure SQL: retention only."""
    return policy(
        {
            "backupManagementType": "AzureSql",
            "retentionPolicy": {
                "retentionPolicyType": "SimpleRetentionPolicy",
                "retentionDuration": kept(6, "Weeks"),
            },
        }
    )


ZONED_KINDS = (vm_policy, weekly_vm_policy, hourly_vm_policy, share_policy, sql_policy)
"""Every kind of policy that keeps a zone."""

zoned_policies = st.builds(
    lambda make, clock, zone: make(f"{clock:%H:%M}", **({"timeZone": zone} if zone else {})),
    st.sampled_from(ZONED_KINDS),
    run_times,
    st.sampled_from([None, "", "UTC", "Tokyo Standard Time", "Pacific Standard Time"]),
)
"""Policies of every kind with every sort of zone member."""
