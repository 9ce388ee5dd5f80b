"""Scheduled backups of items, and when their jobs can be seen."""

from datetime import timedelta

from local.azure.backups import MAX_START_DELAY, backups, last_backup
from local.azure.contents import PolicyVersion
from local.azure.jobs import find_job, jobs_between
from local.azure.policy_documents import vm
from tests.unit.simulated_azure.harness import START, native, open_client

POLICY = {"name": "P", "type": "vm", "runTime": "22:30", "timeZone": "UTC"}
ITEM = {"type": "vm", "name": "vm1", "policy": "P"}
WEEK = timedelta(days=7)


def client_of(**members):
    """An estate of one vault with one protected machine."""
    return open_client(native(policies=[POLICY], items=[ITEM | members]))


def week_before(client):
    """The item's backups of the week before the estate was opened."""
    (item,) = client.vault.contents.items
    return list(backups(client.vault, item, START - WEEK, START))


def test_backups_are_the_same_whenever_they_are_asked_for():
    """Nothing about a backup depends on when somebody looks."""
    client = client_of()

    assert week_before(client) == week_before(client) == week_before(client_of())


def test_a_backup_starts_soon_after_its_time():
    """Not before the schedule, and within the longest delay."""
    delays = [
        backup.started_at - backup.started_at.replace(hour=22, minute=30, second=0, microsecond=0)
        for backup in week_before(client_of())
    ]

    assert len(delays) == 7
    assert all(timedelta() <= delay <= MAX_START_DELAY for delay in delays)


def test_neighbouring_windows_share_no_backup():
    """A start delayed over the border of two windows is in exactly one."""
    client = client_of()
    (item,) = client.vault.contents.items
    border = week_before(client)[3].started_at - timedelta(seconds=1)

    first = list(backups(client.vault, item, START - WEEK, border))
    second = list(backups(client.vault, item, border, START))

    assert [*first, *second] == week_before(client)


def test_no_backup_precedes_the_protection():
    """An item protected for a day has one backup."""
    assert len(week_before(client_of(protectedFor="1d"))) == 1


def test_an_item_whose_protection_stopped_has_no_backups():
    """Stopped is stopped."""
    assert week_before(client_of(state="ProtectionStopped", policy="")) == []


def test_an_item_never_backed_up_has_no_last_backup():
    """Protected a minute ago, nothing has run."""
    client = client_of(protectedFor="1m")
    (item,) = client.vault.contents.items

    assert last_backup(client.vault, item, START) is None


def test_the_last_backup_is_one_that_has_ended():
    """A backup that runs is not the last one yet."""
    client = client_of()
    (item,) = client.vault.contents.items
    latest = week_before(client)[-1]

    assert last_backup(client.vault, item, latest.ends_at) == latest
    assert last_backup(client.vault, item, latest.ends_at - timedelta(seconds=1)) != latest


def test_a_changed_policy_changes_later_backups_only():
    """What has run stays as it was."""
    client = client_of()
    before = week_before(client)
    change = START - timedelta(days=3)
    version = PolicyVersion(effective_at=change, properties=vm("06:00", 30, "UTC"))
    client.vault.contents.policies["p"].versions.append(version)

    after = week_before(client)

    assert [b for b in after if b.started_at < change] == [
        b for b in before if b.started_at < change
    ]
    assert {b.started_at.hour for b in after if b.started_at > change} == {6}


def test_a_running_backup_is_a_job_without_end():
    """Status, duration so far, and no endTime."""
    client = client_of()
    latest = week_before(client)[-1]
    now = latest.started_at + timedelta(seconds=30)

    (job,) = jobs_between(client.vault, latest.started_at, now, now)

    assert job["properties"]["status"] == "InProgress"
    assert job["properties"]["duration"] == "PT30S"
    assert "endTime" not in job["properties"]


def test_a_failing_item_has_failed_jobs():
    """With an error that names the item."""
    client = client_of(failing=True)

    jobs = jobs_between(client.vault, START - WEEK, START, START)

    assert {job["properties"]["status"] for job in jobs} == {"Failed"}
    assert "vm1" in jobs[0]["properties"]["errorDetails"][0]["errorString"]


def test_jobs_come_newest_first():
    """As the service lists them."""
    client = client_of()
    starts = [
        job["properties"]["startTime"]
        for job in jobs_between(client.vault, START - WEEK, START, START)
    ]

    assert starts == sorted(starts, reverse=True)
    assert len(starts) == 7


def test_a_job_of_the_future_is_not_listed():
    """A window may reach ahead of the time; the jobs do not."""
    client = client_of()

    assert jobs_between(client.vault, START, START + WEEK, START) == []


def test_jobs_of_an_upgraded_vault_appear_after_the_delay():
    """All of them at once, those from before the upgrade included."""
    upgrade = {"duration": "20m", "jobSync": "6h"}
    client = open_client({"name": "v1", "upgrade": upgrade, "policies": [POLICY], "items": [ITEM]})
    client.start()
    visible = client.vault.jobs_visible_from()
    early = visible - timedelta(seconds=1)

    assert jobs_between(client.vault, START - WEEK, early, early) == []
    assert len(jobs_between(client.vault, START - WEEK, visible, visible)) == 7


def test_a_job_is_found_by_its_id_once_visible():
    """The id of the list is the id of the job."""
    client = client_of()
    latest = week_before(client)[-1]

    assert find_job(client.vault, latest.id, START)["name"] == latest.id
    assert find_job(client.vault, latest.id, latest.started_at - timedelta(hours=1)) is None
