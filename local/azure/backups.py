"""The scheduled backups of a protected item, computed from its policy's documents.

The same item has the same backups whenever it is asked: start delay and length are derived from
the item and the scheduled moment. A changed policy changes the runs from then on only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.azure.contents import Item, Policy
from local.azure.model import Vault
from local.azure.names import stable_fraction, stable_guid
from local.azure.schedules import runs

MAX_START_DELAY = timedelta(minutes=20)
"""Up to two hours are documented between scheduled time and start (recovery-services 1.3)."""
MIN_LENGTH = timedelta(minutes=2)
MAX_LENGTH = timedelta(minutes=20)
_LOOK_BACK_DAYS = (2, 9, 40)
"""Windows tried for the latest backup: a daily schedule is settled by the first."""


@dataclass(frozen=True, kw_only=True)
class Backup:
    """One run of a scheduled backup."""

    id: str
    item: Item
    started_at: datetime
    ends_at: datetime

    def is_over(self, now: datetime) -> bool:
        """Whether it has ended."""
        return self.ends_at <= now

    def status(self, now: datetime) -> str:
        """Job status at ``now``."""
        if not self.is_over(now):
            return "InProgress"
        return "Failed" if self.item.is_failing else "Completed"


def backups(vault: Vault, item: Item, start: datetime, end: datetime) -> Iterator[Backup]:
    """The backups that start from ``start`` up to ``end``, oldest first."""
    policy = vault.contents.policies.get(item.policy.lower())
    # Protection that is stopped, paused or broken makes no more backups.
    if policy is None or item.state not in (None, "Protected"):
        return
    since = max(start, item.protected_since)
    # A start delayed into the window belongs to a run scheduled before it.
    for moment in _scheduled(vault, policy, since - MAX_START_DELAY, end):
        backup = _backup(vault, item, moment)
        if since <= backup.started_at < end:
            yield backup


def _scheduled(vault: Vault, policy: Policy, start: datetime, end: datetime) -> Iterator[datetime]:
    versions = policy.versions
    for index, version in enumerate(versions):
        # Each document schedules its own stretch of time, until the next takes over.
        is_last = index + 1 == len(versions)
        until = end if is_last else min(end, versions[index + 1].effective_at)
        since = start if index == 0 else max(start, version.effective_at)
        if since < until:
            yield from runs(version.properties, vault.local_zone, since, until)


def _backup(vault: Vault, item: Item, scheduled: datetime) -> Backup:
    key = (vault.seed, item.workload, item.holder, item.name, scheduled.isoformat())
    started_at = scheduled + MAX_START_DELAY * stable_fraction("delay", *key)
    length = MIN_LENGTH + (MAX_LENGTH - MIN_LENGTH) * stable_fraction("length", *key)
    return Backup(
        id=stable_guid("backup", *key),
        item=item,
        started_at=started_at,
        ends_at=started_at + length,
    )


def last_backup(vault: Vault, item: Item, now: datetime) -> Backup | None:
    """The latest backup that has ended, or None."""
    # Short windows first: most schedules are daily, and every day costs a computation.
    for days in _LOOK_BACK_DAYS:
        ended = [
            backup
            for backup in backups(vault, item, now - timedelta(days=days), now)
            if backup.is_over(now)
        ]
        if ended:
            return max(ended, key=lambda backup: backup.ends_at)
    return None
