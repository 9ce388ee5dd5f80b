"""Which job is named as proof, and the edges of what counts as one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.job_records import LONGEST_JOB, SKEW, parse_item, parse_job, parse_log_row
from domain.jobs import (
    SURE_JOB,
    ItemSighting,
    JobSources,
    Sighting,
    jobs_window,
    judge_job_sync,
)
from tests.unit.domain.builders import NOW
from tests.unit.domain.job_documents import (
    LAST_BACKUP,
    agent_item,
    database_item,
    job_for,
    row_for,
    vm_item,
)

FIRST, SECOND = agent_item(machine="FS01"), agent_item(machine="FS02")
C_DRIVE, D_DRIVE = agent_item(), agent_item("D:\\")
MINUTE, NONE = timedelta(minutes=1), timedelta(0)


def _told(
    items: Sequence[Any],
    jobs: Sequence[Any] = (),
    rows: Sequence[Any] | None = None,
    ended_at: datetime | None = None,
) -> tuple[ItemSighting, ...]:
    sources = JobSources(
        items=tuple(items),
        arm_jobs=tuple(jobs),
        arm_since=NOW - timedelta(days=7),
        log_rows=None if rows is None else tuple(rows),
    )
    return judge_job_sync(sources, upgrade_ended_at=ended_at, now=NOW).items


def test_each_of_two_machines_is_proven_by_its_own_job() -> None:
    """A volume has the same name on both."""
    jobs = [
        {**job_for(FIRST), "name": "job-of-first"},
        {**job_for(SECOND), "name": "job-of-second"},
    ]

    assert ["job-of-first", "job-of-second"] == [
        one.arm_job for one in _told([FIRST, SECOND], jobs)
    ]


def test_the_job_without_a_holder_is_named_for_the_only_item() -> None:
    """Jobs of 2016 name none."""
    machine = vm_item()

    assert ["job"] == [
        one.arm_job for one in _told([machine], [job_for(machine, containerName=None)])
    ]


def test_each_item_is_proven_by_its_own_row() -> None:
    """Rows of other items prove nothing, and are not named."""
    rows = [{**row_for(C_DRIVE), "JobUniqueId": "c"}, {**row_for(D_DRIVE), "JobUniqueId": "d"}]

    assert [["c", "d"], ["", ""]] == [
        [one.log_job for one in _told([C_DRIVE, D_DRIVE], rows=rows)],
        [one.log_job for one in _told([C_DRIVE, D_DRIVE], rows=[])],
    ]
    assert [Sighting.VISIBLE, Sighting.MISSING] == [
        one.sighting for one in _told([C_DRIVE, D_DRIVE], rows=rows[:1])
    ]


def test_a_row_that_proves_nothing_is_not_named() -> None:
    """The job of last week is not that of the last backup, which Resource Manager shows."""
    old = row_for(C_DRIVE, LAST_BACKUP - timedelta(days=7))
    (one,) = _told([C_DRIVE], [job_for(C_DRIVE)], [old])

    assert (Sighting.VISIBLE, "job", "") == (one.sighting, one.arm_job, one.log_job)


def test_what_was_found_is_said() -> None:
    """The reason goes with the sighting, and with what it became."""
    (seen,), (missing,) = _told([C_DRIVE], [job_for(C_DRIVE)]), _told([C_DRIVE])
    ended_at = NOW - timedelta(hours=13)
    items = [agent_item(lastBackupTime=(ended_at - off).isoformat()) for off in (MINUTE, NONE)]
    before, at_the_end = _told(items, ended_at=ended_at)

    absent = "no job of the last backup is visible"
    assert ["a job of the last backup is visible", absent, absent] == [
        one.reason for one in (seen, missing, at_the_end)
    ]
    assert "the last backup ran before the upgrade" in before.reason


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        (SKEW, True),
        (SKEW + MINUTE, False),
    ],
)
def test_skew_counts_on_both_sides(off: timedelta, expected: bool) -> None:
    """The limit itself still does."""
    ahead = parse_job(job_for(C_DRIVE, LAST_BACKUP))
    assert ahead is not None
    assert ahead.ended_at is not None

    assert [expected] * 2 == [
        ahead.covers(ahead.started_at - off),
        ahead.covers(ahead.ended_at + off),
    ]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (SURE_JOB, Sighting.VISIBLE),
        (SURE_JOB + MINUTE, Sighting.UNKNOWN),
        (LONGEST_JOB, Sighting.UNKNOWN),
        (LONGEST_JOB + MINUTE, Sighting.MISSING),
    ],
)
def test_a_row_counts_up_to_its_limits(after: timedelta, expected: Sighting) -> None:
    """Both edges of what is sure and of what is possible."""
    sources = JobSources(
        items=(C_DRIVE,),
        arm_jobs=None,
        arm_since=NOW,
        log_rows=(row_for(C_DRIVE, LAST_BACKUP - after),),
    )

    found = judge_job_sync(sources, upgrade_ended_at=None, now=NOW).items

    assert [expected] == [one.sighting for one in found]


def test_without_items_the_window_is_that_of_one_job() -> None:
    """A job that began as long ago as one may take is still to be seen."""
    assert (NOW - LONGEST_JOB, NOW) == jobs_window([], NOW)


def test_an_item_without_a_friendly_name_has_the_end_of_its_own() -> None:
    """And a friendly name goes first."""
    named, bare = vm_item(), vm_item(friendlyName=None)
    shown = {**named, "properties": {**named["properties"], "friendlyName": "Shown"}}

    assert ["Shown", "vm-one"] == [parse_item(shown).name, parse_item(bare).name]


def test_an_item_that_holds_itself_is_named_once() -> None:
    """However either is spelt."""
    item = vm_item("vm-ONE", containerName="iaasvmcontainerv2;rg-one;VM-one")

    assert "vm-ONE" == str(parse_item(item))


def test_a_database_s_job_belongs_to_the_holder_it_names_first() -> None:
    """The server in its name stands in where no member names one."""
    item = database_item()
    jobs = [parse_job(job_for(item, containerName=name)) for name in (None, "container-one")]

    assert ["sql01", "container-one"] == [one.holder for one in jobs if one is not None]


def test_a_row_with_nothing_in_it_is_nobody_s() -> None:
    """Not the item called None; blanks around a name are not part of it."""
    empty, padded = parse_log_row({}), parse_log_row({"BackupItemFriendlyName": " C:\\ "})

    assert ("", "", None, "c:\\") == (empty.name, empty.job_id, empty.last_job_at, padded.name)
