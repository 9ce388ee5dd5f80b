"""A vault's jobs as they stand at a moment: scheduled backups and everything else.

Backups of an upgraded vault become visible only when its monitoring data is synchronised
(vault-upgrade 1.7); jobs that the new vault itself starts are visible almost at once.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.codec import JsonObject
from local.azure.backups import Backup, backups
from local.azure.contents import Item, Job, Workload
from local.azure.model import Vault
from local.azure.moments import format_duration, format_moment
from local.azure.names import stable_guid, vault_id

FIND_WINDOW = timedelta(days=60)
"""How far back one backup is looked for by its id: they are computed, not kept."""


def jobs_between(vault: Vault, start: datetime, end: datetime, now: datetime) -> list[JsonObject]:
    """The visible jobs that started from ``start`` up to ``end``, newest first."""
    rows = [*_others(vault, start, end, now), *_backups(vault, start, end, now)]
    return sorted(rows, key=_start, reverse=True)


def _start(row: JsonObject) -> str:
    # Without the Z a moment sorts before the same one with a fraction.
    return str(row["properties"]["startTime"]).rstrip("Z")


def find_job(vault: Vault, job_id: str, now: datetime) -> JsonObject | None:
    """One visible job by its id; a backup only within the find window."""
    for job in vault.contents.jobs:
        # A job that is not visible yet is as unknown as one that never was.
        if job.id == job_id.lower():
            return _other_job(vault, job, now) if job.visible_at <= now else None
    for row in _backups(vault, now - FIND_WINDOW, now, now):
        if row["name"] == job_id.lower():
            return row
    return None


def _others(vault: Vault, start: datetime, end: datetime, now: datetime) -> Iterator[JsonObject]:
    for job in vault.contents.jobs:
        if job.visible_at <= now and start <= job.started_at <= min(end, now):
            yield _other_job(vault, job, now)


def _backups(vault: Vault, start: datetime, end: datetime, now: datetime) -> Iterator[JsonObject]:
    # All or none: the monitoring data of a vault is synchronised as a whole.
    if now < vault.jobs_visible_from():
        return
    # Computed for each question: years of daily backups would fill the memory.
    for item in vault.contents.items:
        # What is planned for later is not a job yet.
        for backup in backups(vault, item, start, min(end, now)):
            yield _backup_job(vault, backup, now)


def _backup_job(vault: Vault, backup: Backup, now: datetime) -> JsonObject:
    item = backup.item
    properties = _common(item.workload, "Backup", backup.id, backup.started_at)
    properties["status"] = backup.status(now)
    properties |= _times(backup.started_at, backup.ends_at, now)
    properties |= _holder(item.workload, item.holder, item.group, item.name)
    if item.is_classic:
        # A classic VM's jobs name its own kind of container, as its item does.
        properties["containerName"] = f"iaasvmcontainer;{item.group};{item.holder}"
        properties["virtualMachineVersion"] = "ClassicCompute"
    if properties["status"] == "Failed":
        properties["errorDetails"] = [_failure(item)]
    return _row(vault, backup.id, properties)


def _other_job(vault: Vault, job: Job, now: datetime) -> JsonObject:
    properties = _common(job.workload, job.operation, job.id, job.started_at)
    properties["status"] = job.end_status if job.ends_at <= now else "InProgress"
    properties |= _times(job.started_at, job.ends_at, now)
    properties |= _holder(job.workload, job.holder, job.group, job.entity)
    return _row(vault, job.id, properties)


def _common(workload: Workload, operation: str, job_id: str, start: datetime) -> JsonObject:
    return {
        "jobType": {
            Workload.VM: "AzureIaaSVMJob",
            Workload.FILE_SHARE: "AzureStorageJob",
            Workload.SQL_IN_VM: "AzureWorkloadJob",
            Workload.MAB: "MabJob",
        }.get(workload, "AzureIaaSVMJob"),
        "operation": operation,
        "backupManagementType": workload.value,
        "startTime": format_moment(start),
        "activityId": stable_guid("activity", job_id),
    }


def _times(start: datetime, end: datetime, now: datetime) -> JsonObject:
    # endTime is absent while the job runs; duration is always there (recorded jobs).
    times: JsonObject = {"duration": format_duration(min(end, max(now, start)) - start)}
    if end <= now:
        times["endTime"] = format_moment(end)
    return times


def _holder(workload: Workload, holder: str, group: str, entity: str) -> JsonObject:
    named: JsonObject = {"entityFriendlyName": entity}
    # No job of an agent was ever recorded: the members are those of the definition
    # (recovery-services 5, 11).
    if workload is Workload.MAB:
        named |= {
            "mabServerName": holder.upper(),
            "mabServerType": "Windows",
            "workloadType": "FileFolder",
            "actionsInfo": [],
        }
    elif workload is Workload.VM:
        named |= {
            "containerName": f"iaasvmcontainerv2;{group};{holder}",
            "virtualMachineVersion": "Compute",
        }
    elif workload is Workload.FILE_SHARE:
        named |= {"storageAccountName": holder, "storageAccountVersion": "Storage"}
    elif workload is Workload.SQL_IN_VM:
        # The only place where a job of a database names its server, as documented answers do.
        named |= {"entityFriendlyName": f"{entity} [{holder}]", "workloadType": "SQLDataBase"}
    return named


def _failure(item: Item) -> JsonObject:
    return {
        "errorString": f"The backup of {item.name} failed.",
        "recommendations": ["Look at the event log of the protected server and try again."],
    }


def _row(vault: Vault, job_id: str, properties: JsonObject) -> JsonObject:
    group = vault.resource_group or ""
    prefix = vault_id(vault.subscription_id, group, vault.name)
    return {
        "id": f"{prefix}/backupJobs/{job_id}",
        "name": job_id,
        "type": "Microsoft.RecoveryServices/vaults/backupJobs",
        "properties": properties,
    }
