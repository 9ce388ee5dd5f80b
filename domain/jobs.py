"""Whether the last backup of every item has a visible job.

Two sources may show a job, ARM and Log Analytics; either may be missing, and what neither can tell
is unknown, never missing (DESIGN rule 4). Until 12 hours after the upgrade nothing is late
(vault-upgrade 1.7).
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.codec import JsonObject
from domain.job_records import (
    LONGEST_JOB,
    BackupJob,
    Item,
    LogRow,
    parse_item,
    parse_job,
    parse_log_row,
)
from domain.settling import JobSyncState

SYNC_LIMIT = timedelta(hours=12)
"""How long job information may take to arrive after an upgrade."""

SURE_JOB = timedelta(hours=12)
"""A row of the log tells a job's start only. A backup this soon after it is taken for the job's:
shorter than a day, so that yesterday's job does not stand for today's backup."""

LOOK_BACK = timedelta(days=30)
"""The widest window in which ARM lists jobs (recovery-services 5)."""


class Sighting(StrEnum):
    """What the sources show of one item's last backup."""

    VISIBLE = "visible"
    MISSING = "missing"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, kw_only=True)
class ItemSighting:
    """One item and what the sources show of its last backup."""

    item: str
    """How the item is named to people."""
    last_backup_at: datetime | None
    sighting: Sighting
    reason: str
    raw_last_backup: str | None = None
    """``lastBackupTime`` as the service sent it."""
    arm_job: str = ""
    """Id of the job in ARM that proves it; empty where none does."""
    log_job: str = ""
    """Id of the job in Log Analytics that proves it; empty where none does."""


@dataclass(frozen=True, kw_only=True)
class JobSync:
    """Whether the jobs of a vault have arrived."""

    state: JobSyncState
    items: tuple[ItemSighting, ...]


@dataclass(frozen=True, kw_only=True)
class JobSources:
    """What was read; None for a source that could not be read or does not exist."""

    items: tuple[JsonObject, ...]
    """The vault's protected items, raw."""
    arm_jobs: tuple[JsonObject, ...] | None
    """The vault's jobs from ARM, raw."""
    arm_since: datetime
    """Start of the window the ARM jobs were listed for."""
    log_rows: tuple[JsonObject, ...] | None
    """Rows of the last-jobs query."""


def jobs_window(items: Iterable[JsonObject], now: datetime) -> tuple[datetime, datetime]:
    """The shortest window in which ARM can show a job for every item; less than 30 days.

    Args:
        items: The protected items, raw.
        now: UTC.
    """
    parsed = [parse_item(one) for one in items]
    # Items without a job to look for would widen the window, and each page of jobs costs a call.
    starts = [
        one.last_backup_at - max(one.job_within, LONGEST_JOB)
        for one in parsed
        if one.last_backup_at is not None and one.reason_without_job() is None
    ]
    earliest = min(starts, default=now - LONGEST_JOB)
    return max(earliest, now - LOOK_BACK), now


def _belongs(job: BackupJob, item: Item, *, is_only_one: bool) -> bool:
    # A job that names no holder could be any of the items that share its name.
    return job.holder in item.holders if job.holder else is_only_one


def _covering(jobs: list[BackupJob], item: Item, moment: datetime) -> list[BackupJob]:
    return [
        job
        for job in jobs
        if job.name_key == item.name_key
        and (job.covers(moment) or moment - item.job_within <= job.started_at < moment)
    ]


def _seen_in_arm(
    item: Item, moment: datetime, jobs: list[BackupJob], since: datetime, *, is_only_one: bool
) -> Sighting:
    at_the_time = _covering(jobs, item, moment)
    if any(_belongs(job, item, is_only_one=is_only_one) for job in at_the_time):
        return Sighting.VISIBLE
    # A nameless holder among several items: one of them has its job, and nobody knows which.
    is_unclear = any(not job.holder for job in at_the_time)
    is_outside = moment - item.job_within < since
    return Sighting.UNKNOWN if is_unclear or is_outside else Sighting.MISSING


def _seen_in_row(item: Item, moment: datetime, row: LogRow) -> Sighting:
    # The query gives the last job only, so a backup long after it was made by a job that is not
    # there.
    if row.last_job_at is None or moment - row.last_job_at > max(LONGEST_JOB, item.job_within):
        return Sighting.MISSING
    is_sure = moment - row.last_job_at <= max(SURE_JOB, item.job_within)
    return Sighting.VISIBLE if is_sure else Sighting.UNKNOWN


def _seen_in_log(item: Item, moment: datetime, rows: list[LogRow], sharing: int) -> Sighting:
    found = [_seen_in_row(item, moment, row) for row in rows if row.name == item.name.casefold()]
    # Rows name no machine: with fewer rows than items of that name, nobody knows whose is missing.
    if len(found) < sharing or len(set(found)) != 1:
        return Sighting.UNKNOWN
    return found[0]


_REASONS = {
    Sighting.VISIBLE: "a job of the last backup is visible",
    Sighting.MISSING: "no job of the last backup is visible",
    Sighting.UNKNOWN: "no source can tell whether the last backup has a job",
}


_BEFORE = (
    "the last backup ran before the upgrade, and jobs from before it may never show; settle the"
    " vault again once the item was backed up"
)


def _parsed[T](
    documents: tuple[JsonObject, ...] | None, parse: Callable[[JsonObject], T | None]
) -> list[T] | None:
    """What a source holds, without what does not count; None where it could not be read."""
    if documents is None:
        return None
    return [one for one in map(parse, documents) if one is not None]


class _Observer:
    """Looks for every item's job in whatever could be read."""

    def __init__(self, sources: JobSources) -> None:
        self._items = [parse_item(one) for one in sources.items]
        self._since = sources.arm_since
        self._jobs = _parsed(sources.arm_jobs, parse_job)
        self._rows = _parsed(sources.log_rows, parse_log_row)
        self._same_key = Counter(one.name_key for one in self._items)
        self._same_name = Counter(one.name.casefold() for one in self._items)

    def _seen(self, item: Item, moment: datetime) -> Sighting:
        seen = set()
        if self._jobs is not None:
            is_only_one = self._same_key[item.name_key] == 1
            seen.add(_seen_in_arm(item, moment, self._jobs, self._since, is_only_one=is_only_one))
        if self._rows is not None:
            sharing = self._same_name[item.name.casefold()]
            seen.add(_seen_in_log(item, moment, self._rows, sharing))
        # One source that shows the job is proof; one that should show it and does not is a gap.
        for sighting in (Sighting.VISIBLE, Sighting.MISSING):
            if sighting in seen:
                return sighting
        return Sighting.UNKNOWN

    def _arm_job(self, item: Item, moment: datetime) -> str:
        is_only_one = self._same_key[item.name_key] == 1
        jobs = _covering(self._jobs or [], item, moment)
        proofs = (job.job_id for job in jobs if _belongs(job, item, is_only_one=is_only_one))
        return next(proofs, "")

    def _log_job(self, item: Item, moment: datetime) -> str:
        found = [
            row.job_id
            for row in self._rows or []
            if row.name == item.name.casefold()
            and _seen_in_row(item, moment, row) is Sighting.VISIBLE
        ]
        # Rows name no machine: of several items of one name nobody knows which is whose.
        is_only_one = self._same_name[item.name.casefold()] == len(found) == 1
        return found[0] if is_only_one else ""

    def sightings(self) -> tuple[ItemSighting, ...]:
        """What the sources show, item by item."""
        return tuple(self._sighting(item) for item in self._items)

    def _sighting(self, item: Item) -> ItemSighting:
        one = ItemSighting(
            item=str(item),
            last_backup_at=item.last_backup_at,
            sighting=Sighting.NOT_APPLICABLE,
            reason=item.reason_without_job() or "",
            raw_last_backup=item.raw_last_backup,
        )
        moment = item.last_backup_at
        if one.reason or moment is None:
            return one
        sighting = self._seen(item, moment)
        one = replace(one, sighting=sighting, reason=_REASONS[sighting])
        if sighting is not Sighting.VISIBLE:
            return one
        # A claim that something is to be seen names what was seen.
        return replace(
            one, arm_job=self._arm_job(item, moment), log_job=self._log_job(item, moment)
        )


def _state(sightings: Iterable[ItemSighting], *, is_early: bool) -> JobSyncState:
    seen = {one.sighting for one in sightings} - {Sighting.NOT_APPLICABLE}
    # The empty set too: with no item to look for there is nothing to miss.
    if seen <= {Sighting.VISIBLE}:
        return JobSyncState.PROVEN
    # Before "pending": waiting does not help where nobody could look (DESIGN rule 4).
    if seen == {Sighting.UNKNOWN}:
        return JobSyncState.UNKNOWN
    if is_early:
        return JobSyncState.PENDING
    return JobSyncState.PARTLY if Sighting.VISIBLE in seen else JobSyncState.MISSING


def _without_blame(one: ItemSighting, upgrade_ended_at: datetime | None) -> ItemSighting:
    """What is missing of a backup before the upgrade cannot be told from what never was there."""
    last = one.last_backup_at
    if one.sighting is not Sighting.MISSING or last is None or upgrade_ended_at is None:
        return one
    # Classic vaults showed no jobs in Azure Resource Manager, and with a daily or weekly backup the
    # first one after the upgrade may come later than the twelve hours.
    return (
        replace(one, sighting=Sighting.UNKNOWN, reason=_BEFORE) if last < upgrade_ended_at else one
    )


def judge_job_sync(
    sources: JobSources, *, upgrade_ended_at: datetime | None, now: datetime
) -> JobSync:
    """Whether the jobs have arrived.

    Args:
        sources: What was read.
        upgrade_ended_at: UTC; None for an upgrade of unknown date, long ago.
        now: UTC.

    Returns:
        ``pending`` while less than 12 hours have passed and something does not show; then
        ``proven``, ``partly`` or ``missing``; ``unknown`` where nothing can be told of any item. A
        vault without any item to look for is proven: there is nothing to miss.
    """
    sightings = _Observer(sources).sightings()
    is_early = upgrade_ended_at is not None and now < upgrade_ended_at + SYNC_LIMIT
    # Until then what does not show is awaited, whenever it ran.
    if not is_early:
        sightings = tuple(_without_blame(one, upgrade_ended_at) for one in sightings)
    return JobSync(state=_state(sightings, is_early=is_early), items=sightings)
