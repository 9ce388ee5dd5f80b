"""Findings about jobs, item by item."""

from dataclasses import replace

import pytest

from domain.checks.job_sync import JobsRead, findings_of
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


def test_the_last_backup_and_the_job_are_the_evidence() -> None:
    """As they were sent, each with where it was read: whoever doubts can look the job up."""
    item = replace(
        sync(JobSyncState.PROVEN, Sighting.VISIBLE).items[0],
        raw_last_backup="2026-11-29T01:11:03.1234567Z",
        arm_job="job-1",
        log_job="job-one",
    )
    log = replace(PROVENANCE, source="the log")
    read = JobsRead(items=PROVENANCE, arm=PROVENANCE, log=log)

    (only,) = findings_of(JobSync(state=JobSyncState.PROVEN, items=(item,)), read)

    assert [
        ("2026-11-29T01:11:03.1234567Z", PROVENANCE),
        ("job-1", PROVENANCE),
        ("job-one", log),
    ] == [(one.value, one.provenance) for one in only.facts]
