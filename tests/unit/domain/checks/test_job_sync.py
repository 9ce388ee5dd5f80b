"""Findings about jobs, item by item."""

import pytest

from domain.checks.job_sync import findings_of
from domain.findings import Verdict
from domain.jobs import ItemSighting, JobSync, Sighting
from domain.settling import JobSyncState
from tests.unit.domain.builders import NOW, PROVENANCE


def sync(state: JobSyncState, sighting: Sighting) -> JobSync:
    """A judged job sync with one item."""
    item = ItemSighting(item="C:\\ on FS01", last_backup_at=NOW, sighting=sighting, reason="why")
    return JobSync(state=state, items=(item,))


@pytest.mark.parametrize(
    ("state", "sighting", "verdict"),
    [
        (JobSyncState.PROVEN, Sighting.VISIBLE, Verdict.PASS),
        (JobSyncState.PROVEN, Sighting.NOT_APPLICABLE, Verdict.NOT_APPLICABLE),
        (JobSyncState.MISSING, Sighting.MISSING, Verdict.FAIL),
        (JobSyncState.PARTLY, Sighting.UNKNOWN, Verdict.UNKNOWN),
        (JobSyncState.PENDING, Sighting.VISIBLE, Verdict.PASS),
        (JobSyncState.PENDING, Sighting.MISSING, Verdict.UNKNOWN),
    ],
)
def test_each_item_gets_a_verdict(
    state: JobSyncState, sighting: Sighting, verdict: Verdict
) -> None:
    """Before the twelve hours are over, nothing that is missing is a fault."""
    assert [verdict] == [one.verdict for one in findings_of(sync(state, sighting))]


def test_a_missing_job_is_a_task() -> None:
    """Somebody has to look at the machine."""
    (only,) = findings_of(sync(JobSyncState.MISSING, Sighting.MISSING))

    assert ("C:\\ on FS01", True) == (only.subject, bool(only.what_to_do))


def test_the_last_backup_is_the_evidence() -> None:
    """With where the item was read."""
    (only,) = findings_of(sync(JobSyncState.PROVEN, Sighting.VISIBLE), PROVENANCE)

    assert [(NOW.isoformat(), PROVENANCE)] == [(one.value, one.provenance) for one in only.facts]
