"""One finding per protected item: does its last backup have a visible job?"""

from dataclasses import dataclass

from domain.checks.catalog import JOB_SYNC
from domain.findings import Fact, Finding, Verdict
from domain.jobs import ItemSighting, JobSync, Sighting
from domain.settling import JobSyncState
from domain.vaults import Provenance

_VERDICTS = {
    Sighting.VISIBLE: Verdict.PASS,
    Sighting.MISSING: Verdict.FAIL,
    Sighting.UNKNOWN: Verdict.UNKNOWN,
    Sighting.NOT_APPLICABLE: Verdict.NOT_APPLICABLE,
}

_LOOK_AT_AGENT = (
    "Look whether the item's backup still runs and whether its machine is registered to this vault"
    " and no other; job information takes up to 12 hours after an upgrade."
)


@dataclass(frozen=True, kw_only=True)
class JobsRead:
    """Where items and jobs were read; None: that source was not read."""

    items: Provenance | None = None
    arm: Provenance | None = None
    log: Provenance | None = None


def _facts(one: ItemSighting, read: JobsRead) -> tuple[Fact, ...]:
    facts = [
        Fact(field="properties.lastBackupTime", value=one.raw_last_backup, provenance=read.items)
    ]
    if one.arm_job:
        facts.append(Fact(field="name (of the job)", value=one.arm_job, provenance=read.arm))
    if one.log_job:
        facts.append(Fact(field="JobUniqueId", value=one.log_job, provenance=read.log))
    return tuple(facts)


def _finding(one: ItemSighting, read: JobsRead, *, is_pending: bool) -> Finding:
    # What does not show yet is not late yet (vault-upgrade 1.7).
    is_early = is_pending and one.sighting is Sighting.MISSING
    verdict = Verdict.UNKNOWN if is_early else _VERDICTS[one.sighting]
    return Finding(
        check_id=JOB_SYNC.id,
        verdict=verdict,
        subject=one.item,
        message=f"{one.reason}, and the 12 hours are not over" if is_early else one.reason,
        what_to_do=_LOOK_AT_AGENT if verdict is Verdict.FAIL else "",
        facts=_facts(one, read),
    )


def findings_of(sync: JobSync, read: JobsRead | None = None) -> tuple[Finding, ...]:
    """The findings of a judged job sync.

    Args:
        sync: What :func:`domain.jobs.judge_job_sync` came to.
        read: Where items and jobs were read.
    """
    is_pending = sync.state is JobSyncState.PENDING
    return tuple(_finding(one, read or JobsRead(), is_pending=is_pending) for one in sync.items)
