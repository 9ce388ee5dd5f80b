"""Data of the reports has a day to arrive."""

from datetime import timedelta
from typing import Any

import pytest

from domain.checks import report_data
from domain.findings import Finding, Verdict
from domain.readings import FailedRead
from tests.unit.domain.builders import NOW, reading


def _arrivals(rows: Any, set_up_ago: timedelta | None = None) -> Finding:
    set_up_at = NOW - set_up_ago if set_up_ago else None
    (found,) = report_data.check(rows, vault="vault-one", set_up_at=set_up_at, now=NOW)
    return found


ROW = {"TableName": "CoreAzureBackup", "LastArrival": "2026-11-22T08:00:00Z", "RowCount": 3}


@pytest.mark.parametrize(
    ("rows", "set_up_ago", "verdict"),
    [
        ((ROW,), None, Verdict.PASS),
        ((), timedelta(hours=5), Verdict.NOT_APPLICABLE),
        ((), timedelta(hours=25), Verdict.FAIL),
        ((), None, Verdict.FAIL),
    ],
    ids=["arrived", "first day", "late", "long set up"],
)
def test_data_has_a_day_to_arrive(
    rows: Any, set_up_ago: timedelta | None, verdict: Verdict
) -> None:
    """What is not due yet is not missing."""
    assert verdict == _arrivals(reading(rows), set_up_ago).verdict


def test_every_table_is_in_the_evidence() -> None:
    """A table without rows shows as such."""
    facts = {one.field: one.value for one in _arrivals(reading((ROW,))).facts}

    assert (6, None) == (len(facts), facts["AddonAzureBackupJobs.LastArrival"])


def test_what_could_not_be_read_is_unknown() -> None:
    """DESIGN rule 4."""
    assert Verdict.UNKNOWN == _arrivals(FailedRead(what="the arrivals", reason="403")).verdict
