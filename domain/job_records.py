"""Protected items, jobs and log rows, reduced to what tells whether they belong together.

Jobs carry names, not item ids (recovery-services 5): a job names its item and, for most kinds, the
machine, container or storage account that holds it.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.codec import JsonObject
from domain.documents import text_at, value_at
from domain.moments import parse_moment

SKEW = timedelta(minutes=15)
"""Clocks differ, and a backup is stamped a little before or after its job."""

LONGEST_JOB = timedelta(days=3)
"""A backup later than this after a job's start is surely another job's."""

DATABASE_COPY_WITHIN = timedelta(days=8)
"""A database gets a full copy at least weekly. Jobs of its log backups never show, so the last
backup it tells of may be one of those, and a copy this long before it stands for it."""

_DATABASES = "azureworkload"

# Jobs of databases name the server, too, and have no other member for it: msdb [sqlserver-0]
# (answers in the service's documents).
_ON_SERVER = re.compile(r"(?P<database>.+) \[(?P<server>[^\[\]]+)\]")

_JOB_HOLDERS = ("mabServerName", "containerName", "storageAccountName")
_ITEM_HOLDERS = ("computerName", "containerName", "serverName", "parentName")

# Documented as missing from the vault's jobs (recovery-services 5); policies of Azure SQL hold a
# retention and no schedule (1.2).
_WITHOUT_JOBS = {
    "dpm": "jobs of DPM do not show in the vault",
    "azurebackupserver": "jobs of Azure Backup Server do not show in the vault",
    "azuresql": "backups of Azure SQL are not jobs of the vault",
}


def _property(document: JsonObject, *members: str) -> str:
    for member in members:
        if found := text_at(document, ("properties", member)):
            return found
    return ""


def _tail(name: str) -> str:
    # Names are built of parts: Windows;fqdn, VM;iaasvmcontainerv2;group;machine.
    return name.rpartition(";")[2]


@dataclass(frozen=True, kw_only=True)
class Item:
    """What is needed of a protected item."""

    name: str
    holder: str
    """The machine, container or account that holds it, as shown to people; may be empty."""
    holders: frozenset[str]
    """Every spelling of the holder a job may use, case-folded."""
    management_type: str
    state: str
    last_backup_at: datetime | None
    """UTC; None for never."""
    raw_last_backup: str | None
    """``lastBackupTime`` as sent, sentinels included; None where there was none."""

    def __str__(self) -> str:
        """How the item is named to people."""
        is_own_holder = self.holder.casefold() in {"", self.name.casefold()}
        return self.name if is_own_holder else f"{self.name} on {self.holder}"

    @property
    def name_key(self) -> tuple[str, str]:
        """Kind and name, case-folded; several items of a vault may share it."""
        return self.management_type.casefold(), self.name.casefold()

    @property
    def is_database(self) -> bool:
        """A database in a virtual machine: SQL Server, SAP HANA."""
        return self.management_type.casefold() == _DATABASES

    @property
    def job_within(self) -> timedelta:
        """How long before the last backup the job that stands for it may have started."""
        return DATABASE_COPY_WITHIN if self.is_database else timedelta(0)

    def reason_without_job(self) -> str | None:
        """Why no job is looked for, or None."""
        without_jobs = _WITHOUT_JOBS.get(self.management_type.casefold())
        if without_jobs:
            return without_jobs
        if self.state.casefold() != "protected":
            return f"the item is {self.state or 'in no known state'}, not Protected"
        return "the item was never backed up" if self.last_backup_at is None else None


def parse_item(document: JsonObject) -> Item:
    """A protected item as listed; never fails, whatever is missing."""
    return Item(
        name=_property(document, "friendlyName") or _tail(text_at(document, ("name",))),
        holder=_tail(_property(document, *_ITEM_HOLDERS)),
        holders=_holders(document),
        management_type=_property(document, "backupManagementType"),
        state=_property(document, "protectionState"),
        last_backup_at=parse_moment(value_at(document, ("properties", "lastBackupTime"))),
        raw_last_backup=_property(document, "lastBackupTime") or None,
    )


def _holders(document: JsonObject) -> frozenset[str]:
    names = [name for member in _ITEM_HOLDERS if (name := _property(document, member))]
    # Jobs use the long or the short form of a holder's name, depending on their kind and year.
    return frozenset(form.casefold() for name in names for form in (name, _tail(name)))


@dataclass(frozen=True, kw_only=True)
class BackupJob:
    """What is needed of a backup job of ARM."""

    job_id: str
    name_key: tuple[str, str]
    holder: str
    """Case-folded; empty where the job names none."""
    started_at: datetime
    ended_at: datetime | None
    """None while it runs."""

    def covers(self, moment: datetime) -> bool:
        """Whether a backup of that moment may be this job's."""
        if moment < self.started_at - SKEW:
            return False
        # A job that still runs has not made its backup yet, or is about to say so; one that hangs
        # is no proof of the backups that others made meanwhile.
        return moment <= (self.ended_at or self.started_at + LONGEST_JOB) + SKEW


def parse_job(document: JsonObject) -> BackupJob | None:
    """A job as listed; None for jobs that are no backups or lack a start."""
    started_at = parse_moment(value_at(document, ("properties", "startTime")))
    # Wire values are an open set: Backup, Backup (Full), Backup (Log) ...
    if started_at is None or not _property(document, "operation").casefold().startswith("backup"):
        return None
    kind = _property(document, "backupManagementType").casefold()
    name = _property(document, "entityFriendlyName")
    holder = _property(document, *_JOB_HOLDERS)
    found = _ON_SERVER.fullmatch(name) if kind == _DATABASES else None
    if found is not None:
        name, holder = found["database"], holder or found["server"]
    return BackupJob(
        job_id=text_at(document, ("name",)),
        name_key=(kind, name.casefold()),
        holder=holder.casefold(),
        started_at=started_at,
        ended_at=parse_moment(value_at(document, ("properties", "endTime"))),
    )


@dataclass(frozen=True, kw_only=True)
class LogRow:
    """What is needed of a row of the last-jobs query; it names no holder."""

    name: str
    """Case-folded."""
    last_job_at: datetime | None
    """Start of the last job, UTC; None where the workspace knows the item but no job of it."""
    job_id: str


def parse_log_row(row: JsonObject) -> LogRow:
    """A row as the job log gives it."""
    return LogRow(
        name=str(row.get("BackupItemFriendlyName") or "").strip().casefold(),
        last_job_at=parse_moment(row.get("LastJobStart")),
        job_id=str(row.get("JobUniqueId") or ""),
    )
