"""Items, jobs and log rows in the services' shapes, written for these tests."""

from datetime import datetime, timedelta
from typing import Any

from tests.unit.domain.builders import NOW

LAST_BACKUP = NOW - timedelta(hours=2)


def stamp(moment: datetime) -> str:
    """A moment as ARM writes it."""
    return moment.isoformat().replace("+00:00", ".1234567Z")


def agent_item(name: str = "C:\\", machine: str = "FS01.CONTOSO.LOCAL", **more: Any) -> Any:
    """A volume of a MARS machine, last backed up two hours ago."""
    return {
        "name": f"FileFolder;{name}",
        "properties": {
            "backupManagementType": "MAB",
            "friendlyName": name,
            "computerName": machine,
            "containerName": f"Windows;{machine.lower()}",
            "protectionState": "Protected",
            "lastBackupTime": stamp(LAST_BACKUP),
            **more,
        },
    }


def vm_item(name: str = "vm-one", group: str = "rg-one", **more: Any) -> Any:
    """A virtual machine, last backed up two hours ago."""
    return {
        "name": f"VM;iaasvmcontainerv2;{group};{name}",
        "properties": {
            "backupManagementType": "AzureIaasVM",
            "friendlyName": name,
            "containerName": f"iaasvmcontainerv2;{group};{name}",
            "protectionState": "Protected",
            "lastBackupTime": stamp(LAST_BACKUP),
            **more,
        },
    }


def database_item(name: str = "orders", server: str = "sql01", **more: Any) -> Any:
    """A SQL Server database in a virtual machine, last backed up two hours ago."""
    return {
        "name": f"SQLDataBase;mssqlserver;{name}",
        "properties": {
            "backupManagementType": "AzureWorkload",
            "friendlyName": name,
            "serverName": server,
            "parentName": "MSSQLSERVER",
            "containerName": f"VMAppContainer;compute;rg-one;{server}",
            "protectionState": "Protected",
            "lastBackupTime": stamp(LAST_BACKUP),
            **more,
        },
    }


def job_for(item: Any, start: datetime = LAST_BACKUP, minutes: int = 20, **more: Any) -> Any:
    """A job of an item, as ARM lists it: with names, not with the item's id."""
    told = item["properties"]
    properties = {
        "entityFriendlyName": told["friendlyName"],
        "backupManagementType": told["backupManagementType"],
        "operation": "Backup",
        "status": "Completed",
        "startTime": stamp(start),
        "endTime": stamp(start + timedelta(minutes=minutes)),
    }
    if told["backupManagementType"] == "MAB":
        properties["mabServerName"] = told["computerName"]
    elif told["backupManagementType"] == "AzureWorkload":
        properties["entityFriendlyName"] += f" [{told['serverName']}]"
    else:
        properties["containerName"] = told["containerName"]
    return {"name": "job", "properties": properties | more}


def row_for(item: Any, last_job: datetime | None = LAST_BACKUP) -> Any:
    """A row of the log for an item."""
    return {
        "BackupItemUniqueId": "unique;1",
        "BackupItemFriendlyName": item["properties"]["friendlyName"],
        "BackupItemType": "FileFolder",
        "BackupItemProtectionState": "Protected",
        "LastJobStart": stamp(last_job) if last_job else None,
        "LastJobStatus": "Completed" if last_job else None,
        "JobUniqueId": "job-1" if last_job else None,
    }
