"""Whether the last backup of every item has a visible job."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from domain.jobs import JobSources, JobSync, Sighting, jobs_window, judge_job_sync
from domain.settling import JobSyncState
from tests.unit.domain.builders import NOW
from tests.unit.domain.job_documents import (
    LAST_BACKUP,
    agent_item,
    database_item,
    job_for,
    row_for,
    stamp,
    vm_item,
)

LONG_AGO = NOW - timedelta(days=3000)
C_DRIVE, MACHINE = agent_item(), vm_item()
DAY = timedelta(days=1)


def judge(
    items: Sequence[Any],
    jobs: Sequence[Any] | None = None,
    rows: Sequence[Any] | None = None,
    *,
    ended_at: datetime | None = LONG_AGO,
    days: int = 7,
) -> JobSync:
    """The verdict on these items with what the two sources show, ARM of so many days."""
    sources = JobSources(
        items=tuple(items),
        arm_jobs=None if jobs is None else tuple(jobs),
        arm_since=NOW - days * DAY,
        log_rows=None if rows is None else tuple(rows),
    )
    return judge_job_sync(sources, upgrade_ended_at=ended_at, now=NOW)


def seen(*args: Any, **options: Any) -> list[Sighting]:
    """What is seen of each item."""
    return [one.sighting for one in judge(*args, **options).items]


def test_a_job_over_the_last_backup_proves_the_item() -> None:
    """For an agent's volume and for a virtual machine."""
    sync = judge([C_DRIVE, MACHINE], [job_for(C_DRIVE), job_for(MACHINE)])

    assert (JobSyncState.PROVEN, [Sighting.VISIBLE] * 2) == (
        sync.state,
        [one.sighting for one in sync.items],
    )


@pytest.mark.parametrize(
    ("start", "minutes", "expected"),
    [
        (LAST_BACKUP - timedelta(minutes=20), 20, Sighting.VISIBLE),
        (LAST_BACKUP + timedelta(minutes=14), 20, Sighting.VISIBLE),
        (LAST_BACKUP - timedelta(minutes=30), 16, Sighting.VISIBLE),
        (LAST_BACKUP + timedelta(minutes=16), 20, Sighting.MISSING),
        (LAST_BACKUP - timedelta(minutes=60), 40, Sighting.MISSING),
        (LAST_BACKUP - DAY, 20, Sighting.MISSING),
    ],
)
def test_a_job_must_cover_the_last_backup(
    start: datetime, minutes: int, expected: Sighting
) -> None:
    """With a quarter of an hour of skew; yesterday's job proves nothing about today's backup."""
    assert [expected] == seen([C_DRIVE], [job_for(C_DRIVE, start, minutes)])


@pytest.mark.parametrize("end", [None, "0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999"])
def test_a_running_job_may_be_the_one(end: str | None) -> None:
    """Its end is absent or one of the sentinels."""
    job = job_for(C_DRIVE, LAST_BACKUP - timedelta(hours=5), endTime=end)

    assert [Sighting.VISIBLE] == seen([C_DRIVE], [job])


@pytest.mark.parametrize(
    "change",
    [
        {"operation": "Restore"},
        {"operation": "ConfigureBackup"},
        {"entityFriendlyName": "D:\\"},
        {"mabServerName": "OTHER.CONTOSO.LOCAL"},
        {"backupManagementType": "AzureIaasVM"},
        {"startTime": None},
    ],
)
def test_another_job_proves_nothing(change: dict[str, Any]) -> None:
    """Other operations, items, machines and kinds do not count."""
    assert [Sighting.MISSING] == seen([C_DRIVE], [job_for(C_DRIVE, **change)])


@pytest.mark.parametrize(
    "change",
    [
        {"operation": "Backup (Full)"},
        {"entityFriendlyName": "c:\\"},
        {"mabServerName": "fs01.contoso.local"},
        {"status": "Failed"},
    ],
)
def test_spelling_kind_and_result_of_the_backup_do_not_matter(change: dict[str, Any]) -> None:
    """A job that failed is as visible as one that did not."""
    assert [Sighting.VISIBLE] == seen([C_DRIVE], [job_for(C_DRIVE, **change)])


def test_a_job_that_hangs_does_not_cover_the_backups_of_weeks() -> None:
    """After three days the backup was surely made by another job."""
    hung = job_for(C_DRIVE, start=LAST_BACKUP - timedelta(days=20), endTime=None)

    assert [Sighting.MISSING] == seen([C_DRIVE], [hung])


def test_a_database_is_told_apart_by_the_server_its_job_names() -> None:
    """Jobs of databases have no member for it: orders [sql01]."""
    items = [database_item(), database_item(server="sql02")]

    assert [Sighting.VISIBLE, Sighting.MISSING] == seen(
        items, [job_for(items[0], operation="Backup (Full)")], None, days=9
    )


def test_a_name_in_brackets_means_a_server_for_databases_only() -> None:
    """A machine may be called so."""
    odd = vm_item(name="app [old]")

    assert [Sighting.VISIBLE] == seen([odd], [job_for(odd)])


@pytest.mark.parametrize(
    ("days", "expected"), [(6, Sighting.VISIBLE), (8.5, Sighting.MISSING)], ids=["weekly", "older"]
)
def test_a_full_copy_stands_for_log_backups_which_show_no_job(
    days: float, expected: Sighting
) -> None:
    """The last backup of a database may be one of its log, in both sources."""
    orders, start = database_item(), LAST_BACKUP - timedelta(days=days)

    assert [[expected]] * 2 == [
        seen([orders], [job_for(orders, start=start)], None, days=9),
        seen([orders], None, [row_for(orders, start)]),
    ]


def test_a_full_copy_before_the_window_is_unknown() -> None:
    """A week may lie between it and the last backup."""
    assert [Sighting.UNKNOWN] == seen([database_item()], [])


def test_the_window_reaches_back_to_a_database_s_full_copy() -> None:
    """The log backups since show no jobs."""
    since, _ = jobs_window([database_item()], NOW)

    assert LAST_BACKUP - timedelta(days=8) == since.replace(microsecond=0)


def test_the_same_volume_on_two_machines_is_two_items() -> None:
    """The job of one does not prove the other."""
    other = agent_item(machine="FS02.CONTOSO.LOCAL")

    assert [Sighting.VISIBLE, Sighting.MISSING] == seen([C_DRIVE, other], [job_for(C_DRIVE)])


def test_virtual_machines_of_one_name_are_told_apart_by_their_container() -> None:
    """Two resource groups may hold machines of the same name."""
    other = vm_item(group="rg-two")

    assert [Sighting.VISIBLE, Sighting.MISSING] == seen([MACHINE, other], [job_for(MACHINE)])


def test_a_job_without_container_counts_for_the_only_item_of_its_name() -> None:
    """Jobs of 2016 name no container."""
    job = job_for(MACHINE, containerName=None)

    assert [Sighting.VISIBLE] == seen([MACHINE], [job])


def test_a_job_without_container_proves_nothing_between_two() -> None:
    """It is one of the two's, and nobody knows which."""
    job = job_for(MACHINE, containerName=None)

    assert [Sighting.UNKNOWN] * 2 == seen([MACHINE, vm_item(group="rg-two")], [job])


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (agent_item(lastBackupTime="2001-01-01T00:00:00Z"), "never backed up"),
        (agent_item(protectionState="IRPending"), "IRPending"),
        (vm_item(protectionState="ProtectionStopped"), "ProtectionStopped"),
        (vm_item(protectionState=None), "no known state"),
        (agent_item(backupManagementType="DPM"), "DPM"),
        (agent_item(backupManagementType="AzureBackupServer"), "Azure Backup Server"),
        (agent_item(backupManagementType="AzureSql"), "Azure SQL"),
    ],
)
def test_some_items_have_no_job_to_look_for(item: Any, reason: str) -> None:
    """They are left out with their reason, and a vault of only such items has nothing to prove."""
    sync = judge([item], [])

    assert (JobSyncState.PROVEN, Sighting.NOT_APPLICABLE) == (sync.state, sync.items[0].sighting)
    assert reason in sync.items[0].reason


@pytest.mark.parametrize(
    ("last_job", "expected"),
    [
        (LAST_BACKUP, Sighting.VISIBLE),
        (LAST_BACKUP + timedelta(minutes=30), Sighting.VISIBLE),
        (LAST_BACKUP - timedelta(hours=11), Sighting.VISIBLE),
        # Longer than usual, shorter than impossible: the log alone cannot tell.
        (LAST_BACKUP - timedelta(hours=24), Sighting.UNKNOWN),
        (LAST_BACKUP - timedelta(days=4), Sighting.MISSING),
        (None, Sighting.MISSING),
    ],
)
def test_the_log_alone_tells_what_it_can(last_job: datetime | None, expected: Sighting) -> None:
    """It knows a job's start only."""
    assert [expected] == seen([C_DRIVE], None, [row_for(C_DRIVE, last_job)])


def test_an_item_the_workspace_does_not_know_is_unknown() -> None:
    """The first full push takes up to a day; that is no missing job."""
    assert [Sighting.UNKNOWN] == seen([C_DRIVE], None, [])


def test_rows_of_one_name_prove_all_items_of_it_or_none() -> None:
    """Rows name no machine: one row with a job and one without leave both unknown."""
    items = [C_DRIVE, agent_item(machine="FS02.CONTOSO.LOCAL")]

    assert [[Sighting.VISIBLE] * 2, [Sighting.UNKNOWN] * 2, [Sighting.UNKNOWN] * 2] == [
        seen(items, None, [row_for(C_DRIVE), row_for(C_DRIVE)]),
        seen(items, None, [row_for(C_DRIVE), row_for(C_DRIVE, None)]),
        seen(items, None, [row_for(C_DRIVE)]),
    ]


@pytest.mark.parametrize(
    ("jobs", "rows", "expected"),
    [
        ([job_for(C_DRIVE)], [row_for(C_DRIVE, None)], Sighting.VISIBLE),
        ([], [row_for(C_DRIVE)], Sighting.VISIBLE),
        ([], [], Sighting.MISSING),
        ([], None, Sighting.MISSING),
        (None, None, Sighting.UNKNOWN),
    ],
)
def test_one_source_is_enough(
    jobs: list[Any] | None, rows: list[Any] | None, expected: Sighting
) -> None:
    """Either may prove; a source that could not be read takes nothing away."""
    assert [expected] == seen([C_DRIVE], jobs, rows)


def test_a_backup_before_the_window_is_unknown() -> None:
    """ARM was not asked for jobs of that time."""
    old = agent_item(lastBackupTime="2026-11-01T00:00:00Z")

    assert [Sighting.UNKNOWN] == seen([old], [])


@pytest.mark.parametrize(
    ("hours", "state"),
    [(1, JobSyncState.PENDING), (11.9, JobSyncState.PENDING), (12, JobSyncState.MISSING)],
)
def test_nothing_is_late_before_twelve_hours(hours: float, state: JobSyncState) -> None:
    """The service's own promise, counted from the upgrade's end."""
    ended_at = NOW - timedelta(hours=hours)

    assert state == judge([C_DRIVE], [], ended_at=ended_at).state


@pytest.mark.parametrize(
    ("hours", "expected"), [(1, Sighting.MISSING), (13, Sighting.UNKNOWN)], ids=["early", "late"]
)
def test_a_backup_before_the_upgrade_is_not_called_missing(hours: int, expected: Sighting) -> None:
    """Classic vaults showed no jobs, and a weekly backup may be days away."""
    ended_at = NOW - timedelta(hours=hours)
    before = agent_item(lastBackupTime=stamp(ended_at - timedelta(minutes=30)))

    assert [expected] == seen([before], [], ended_at=ended_at)
    assert [Sighting.VISIBLE] == seen(
        [before], [job_for(before, start=ended_at - timedelta(hours=1), minutes=60)]
    )


def test_a_proof_may_come_early() -> None:
    """What is visible is visible."""
    sync = judge([C_DRIVE], [job_for(C_DRIVE)], ended_at=NOW)

    assert JobSyncState.PROVEN == sync.state


def test_an_upgrade_of_unknown_date_is_judged_at_once() -> None:
    """It was long ago."""
    assert JobSyncState.MISSING == judge([C_DRIVE], [], ended_at=None).state


def test_some_visible_and_some_missing_is_partly() -> None:
    """In whatever order the items come."""
    items = [C_DRIVE, MACHINE, agent_item("D:\\")]

    assert {JobSyncState.PARTLY} == {
        judge(order, [job_for(C_DRIVE)]).state for order in permutations(items)
    }


@pytest.mark.parametrize("ended_at", [LONG_AGO, NOW])
def test_without_any_source_the_answer_is_unknown(ended_at: datetime) -> None:
    """Neither pending nor missing: nobody looked."""
    assert JobSyncState.UNKNOWN == judge([C_DRIVE], None, None, ended_at=ended_at).state


def test_a_vault_without_items_has_nothing_to_prove() -> None:
    """An empty vault is not a missing job."""
    assert JobSyncState.PROVEN == judge([], []).state


def test_the_window_reaches_back_to_the_earliest_backup() -> None:
    """Items without a job to look for do not widen it."""
    early = agent_item("D:\\", lastBackupTime="2026-11-15T00:00:00Z")
    stopped = vm_item(protectionState="ProtectionStopped", lastBackupTime="2026-11-01T00:00:00Z")
    since, until = jobs_window([C_DRIVE, early, stopped], NOW)

    assert (datetime.fromisoformat("2026-11-12T00:00:00Z"), NOW) == (since, until)


def test_the_window_is_never_wider_than_arm_allows() -> None:
    """Thirty days."""
    since, until = jobs_window([agent_item(lastBackupTime="2020-01-01T00:00:00Z")], NOW)

    assert timedelta(days=30) == until - since


def test_items_are_named_with_their_machine() -> None:
    """People look for a volume on a machine."""
    sync = judge([C_DRIVE, MACHINE], [])

    assert ["C:\\ on FS01.CONTOSO.LOCAL", "vm-one"] == [one.item for one in sync.items]


def test_a_visible_job_is_named_by_the_source_that_shows_it() -> None:
    """Only there: another source may have missed it."""
    both = judge([C_DRIVE], [job_for(C_DRIVE)], [row_for(C_DRIVE)]).items[0]
    log = judge([C_DRIVE], [], [row_for(C_DRIVE)]).items[0]
    neither = judge([C_DRIVE], []).items[0]

    assert [("job", "job-1"), ("", "job-1"), ("", "")] == [
        (one.arm_job, one.log_job) for one in (both, log, neither)
    ]


def test_the_sentinel_of_an_item_never_backed_up_is_kept_as_sent() -> None:
    """Absent would be another answer."""
    never = "2001-01-01T00:00:00Z"

    assert never == judge([agent_item(lastBackupTime=never)], []).items[0].raw_last_backup
