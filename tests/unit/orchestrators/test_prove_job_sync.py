"""Jobs are proven by durable timers and few calls, with whichever source there is."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.codec import from_json, to_json
from domain.errors import UnavailableError
from domain.settling import JobSyncReading, JobSyncState
from orchestrators import names
from tests.estate import FakeEstate
from tests.fakes import NOON, vault_ref
from tests.settlements import estate_with, settle_request

WORKSPACE = "11111111-2222-4333-8444-555555555555"
LAST_BACKUP = NOON - timedelta(hours=5)


def _stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _item(name: str) -> dict[str, Any]:
    return {
        "name": f"VM;iaasvmcontainerv2;rg;{name}",
        "properties": {
            "friendlyName": name,
            "backupManagementType": "AzureIaasVM",
            "containerName": f"iaasvmcontainerv2;rg;{name}",
            "protectionState": "Protected",
            "lastBackupTime": _stamp(LAST_BACKUP),
        },
    }


def _job(name: str) -> dict[str, Any]:
    return {
        "name": f"job-{name}",
        "properties": {
            "operation": "Backup",
            "status": "Completed",
            "backupManagementType": "AzureIaasVM",
            "entityFriendlyName": name,
            "containerName": f"iaasvmcontainerv2;rg;{name}",
            "startTime": _stamp(LAST_BACKUP - timedelta(minutes=10)),
            "endTime": _stamp(LAST_BACKUP + timedelta(minutes=10)),
        },
    }


def _row(name: str) -> dict[str, Any]:
    return {
        "BackupItemUniqueId": f"id-{name}",
        "BackupItemFriendlyName": name,
        "LastJobStart": _stamp(LAST_BACKUP),
        "LastJobStatus": "Completed",
        "JobUniqueId": f"job-{name}",
    }


def _estate(*items: str) -> FakeEstate:
    return estate_with(items=[_item(name) for name in items])


async def _prove(estate: FakeEstate, **changes: Any) -> JobSyncReading:
    request = settle_request(**{"upgrade_ended_at": NOON, **changes})
    instance = await estate.workflow().run(names.PROVE_JOB_SYNC, to_json(request), "prove")
    return from_json(JobSyncReading, instance.output)


async def test_jobs_that_come_late_are_proven_when_they_come() -> None:
    """After seven hours the next look finds them; nobody waits for the twelve."""
    estate = _estate("vm1")
    workflow = estate.workflow()
    body = workflow.activities[names.READ_JOB_SYNC]

    async def late(request: Any) -> Any:
        if estate.clock.now() >= NOON + timedelta(hours=7):
            estate.recovery_services.vaults[vault_ref().key].jobs = [_job("vm1")]
        return await body(request)

    workflow.activities = {**workflow.activities, names.READ_JOB_SYNC: late}
    request = to_json(settle_request(upgrade_ended_at=NOON))
    instance = await workflow.run(names.PROVE_JOB_SYNC, request, "prove")

    reading = from_json(JobSyncReading, instance.output)
    assert (JobSyncState.PROVEN, NOON + timedelta(hours=9)) == (reading.state, estate.clock.now())


@pytest.mark.parametrize(
    ("shown", "state"), [(["vm1"], JobSyncState.PARTLY), ([], JobSyncState.MISSING)]
)
async def test_after_twelve_hours_the_verdict_stands(shown: list[str], state: JobSyncState) -> None:
    """What does not show by then is named; six looks at most."""
    estate = _estate("vm1", "vm2")
    estate.recovery_services.vaults[vault_ref().key].jobs = [_job(name) for name in shown]

    reading = await _prove(estate, upgrade_ended_at=LAST_BACKUP - timedelta(hours=1))

    assert (state, 2 - len(shown), True) == (
        reading.state,
        reading.summary.tally.failed,
        estate.recovery_services.count("list_jobs") <= 6,
    )


async def test_a_vault_upgraded_long_ago_is_judged_at_once() -> None:
    """No timer, one look."""
    estate = _estate("vm1")
    estate.recovery_services.vaults[vault_ref().key].jobs = [_job("vm1")]

    reading = await _prove(estate, upgrade_ended_at=NOON - timedelta(days=3000))

    assert (JobSyncState.PROVEN, NOON) == (reading.state, estate.clock.now())


async def test_the_log_alone_is_enough() -> None:
    """ARM lists no jobs: Log Analytics proves them."""
    estate = _estate("vm1")
    estate.recovery_services.fail("list_jobs", *[UnavailableError("away")] * 9)
    estate.ports.job_log.rows[(WORKSPACE, vault_ref().key)] = [_row("vm1")]

    reading = await _prove(estate, log_workspace_id=WORKSPACE)

    assert JobSyncState.PROVEN == reading.state


async def test_without_any_source_nothing_is_missing() -> None:
    """DESIGN rule 4: what nobody could look at is unknown."""
    estate = _estate("vm1")
    estate.recovery_services.fail("list_jobs", *[UnavailableError("away")] * 99)

    reading = await _prove(estate)

    assert (JobSyncState.UNKNOWN, 0) == (reading.state, reading.summary.tally.failed)


async def test_a_source_nobody_named_is_no_gap() -> None:
    """ARM was read and cannot tell of so old a backup: unknown, but nothing was left unread."""
    estate = _estate("vm1")
    item = estate.recovery_services.vaults[vault_ref().key].items[0]
    item["properties"]["lastBackupTime"] = _stamp(NOON - timedelta(days=40))

    reading = await _prove(estate, upgrade_ended_at=NOON - timedelta(days=3000))

    assert (JobSyncState.UNKNOWN, 1, ()) == (
        reading.state,
        reading.summary.tally.unknown,
        reading.summary.unread,
    )


async def test_a_vault_without_items_has_nothing_to_miss() -> None:
    """There is no job to look for."""
    assert JobSyncState.PROVEN == (await _prove(_estate())).state
