"""The last backup before an upgrade and the first one after it, item by item, from the jobs.

An item tells its last backup only, which says that backups run today and not that none was left
out. Jobs from before the upgrade may be missing: classic vaults showed none in ARM.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.checks.catalog import BACKUPS_GO_ON
from domain.codec import JsonObject
from domain.documents import value_at
from domain.findings import Fact, Finding
from domain.job_records import BackupJob, Item, parse_item, parse_job
from domain.protected_items import parse_protected_item
from domain.vaults import Provenance, Reading

LOOK_BEFORE = timedelta(days=8)
"""How far before the upgrade a backup is looked for; a weekly one is in there."""

_LONGEST_WINDOW = timedelta(days=30)
_ENDED_WELL = frozenset({"completed", "completedwithwarnings"})


@dataclass(frozen=True, kw_only=True)
class Around:
    """The backups of one item around the upgrade; None: no job of one shows."""

    last_before: datetime | None
    first_after: datetime | None


def window_around(ended_at: datetime | None, now: datetime) -> tuple[datetime, datetime] | None:
    """The window of jobs that tells; None where the upgrade is unknown or too long ago to list.

    Args:
        ended_at: When the upgrade ended, UTC.
        now: UTC.
    """
    # Jobs are listed for 30 days at most, and the first after the upgrade has to be among them.
    if ended_at is None or not ended_at <= now < ended_at + _LONGEST_WINDOW:
        return None
    return max(ended_at - LOOK_BEFORE, now - _LONGEST_WINDOW), now


def _ended_well(document: JsonObject) -> bool:
    status = value_at(document, ("properties", "status"))
    return isinstance(status, str) and status.casefold() in _ENDED_WELL


def _is_of(job: BackupJob, item: Item, sharing: int) -> bool:
    if job.name_key != item.name_key:
        return False
    # A job that names no holder could be any of the items that share its name.
    return job.holder in item.holders if job.holder else sharing == 1


def backups_around(
    items: Iterable[JsonObject], jobs: Iterable[JsonObject], ended_at: datetime
) -> dict[str, Around]:
    """The backups around an upgrade, by the name people know the item by.

    Args:
        items: Protected items, raw.
        jobs: Backup jobs, raw; those that failed or still run made no recovery point.
        ended_at: When the upgrade ended, UTC.
    """
    documents = tuple(items)
    parsed = [parse_job(one) for one in jobs if _ended_well(one)]
    done = [one for one in parsed if one is not None]
    sharing = Counter(parse_item(one).name_key for one in documents)
    found = {}
    for document in documents:
        item = parse_item(document)
        starts = [job.started_at for job in done if _is_of(job, item, sharing[item.name_key])]
        found[str(parse_protected_item(document))] = Around(
            last_before=max((one for one in starts if one < ended_at), default=None),
            # By its start: a backup the upgrade ran into belongs to the time before, wherever it
            # ended.
            first_after=min((one for one in starts if one >= ended_at), default=None),
        )
    return found


def _sentence(around: Around) -> str:
    before, after = around.last_before, around.first_after
    if after is None:
        return ""
    told = f"first backup after the upgrade {after:%Y-%m-%d %H:%M} UTC"
    if before is None:
        return f"{told}; no job from before it shows"
    hours = (after - before).total_seconds() / 3600
    return f"last backup before the upgrade {before:%Y-%m-%d %H:%M} UTC, {told}, {hours:.0f} h on"


def _facts(around: Around, provenance: Provenance) -> tuple[Fact, ...]:
    moments = (("last before", around.last_before), ("first after", around.first_after))
    return tuple(
        Fact(
            field=f"properties.startTime ({name} the upgrade)",
            value=moment.isoformat() if moment else None,
            provenance=provenance,
        )
        for name, moment in moments
    )


def tell_around(
    findings: Iterable[Finding],
    items: Iterable[JsonObject],
    jobs: Reading[tuple[JsonObject, ...]],
    ended_at: datetime,
) -> tuple[Finding, ...]:
    """The findings of an item check, where backups go on with the jobs that show it.

    Verdicts stay: a job that does not show is no backup that did not run (vault-upgrade 1.7).
    """
    around = backups_around(items, jobs.value, ended_at)
    told = []
    for one in findings:
        seen = around.get(one.subject) if one.check_id == BACKUPS_GO_ON.id else None
        if seen is not None:
            sentence = _sentence(seen)
            message = f"{one.message}; {sentence}" if sentence else one.message
            facts = one.facts + _facts(seen, jobs.provenance)
            told.append(replace(one, message=message, facts=facts))
        else:
            told.append(one)
    return tuple(told)
