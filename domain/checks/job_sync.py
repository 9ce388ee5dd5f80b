"""One finding per protected item: does its last backup have a visible job?"""

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


def _finding(one: ItemSighting, provenance: Provenance | None, *, is_pending: bool) -> Finding:
    # What does not show yet is not late yet (vault-upgrade 1.7).
    is_early = is_pending and one.sighting is Sighting.MISSING
    verdict = Verdict.UNKNOWN if is_early else _VERDICTS[one.sighting]
    last = one.last_backup_at.isoformat() if one.last_backup_at else None
    return Finding(
        check_id=JOB_SYNC.id,
        verdict=verdict,
        subject=one.item,
        message=f"{one.reason}, and the 12 hours are not over" if is_early else one.reason,
        what_to_do=_LOOK_AT_AGENT if verdict is Verdict.FAIL else "",
        facts=(Fact(field="properties.lastBackupTime", value=last, provenance=provenance),),
    )


def findings_of(sync: JobSync, provenance: Provenance | None = None) -> tuple[Finding, ...]:
    """The findings of a judged job sync.

    Args:
        sync: What :func:`domain.jobs.judge_job_sync` came to.
        provenance: Where the items were read.
    """
    is_pending = sync.state is JobSyncState.PENDING
    return tuple(_finding(one, provenance, is_pending=is_pending) for one in sync.items)
