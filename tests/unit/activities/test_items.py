"""Items are read with the jobs around the upgrade, while those can still be listed."""

from datetime import timedelta
from typing import Any

import pytest

from activities.items import run_read_items
from adapters.ports import Ports
from domain.errors import UnavailableError
from tests.fakes import NOON, FakeRecoveryServices, FakeVault, fake_ports, vault_ref
from tests.unit.activities.policy_worlds import PREFIX, settle
from tests.unit.domain.job_documents import job_for, stamp, vm_item

ENDED = NOON - timedelta(days=2)
BEFORE, AFTER = ENDED - timedelta(hours=10), ENDED + timedelta(hours=13)
ITEM = vm_item(policyName="Daily", lastBackupTime=stamp(AFTER))


def _world() -> tuple[Ports, FakeRecoveryServices]:
    arm = FakeRecoveryServices()
    jobs = [job_for(ITEM, BEFORE), job_for(ITEM, AFTER)]
    arm.add(vault_ref(), FakeVault(document={}, items=[ITEM], jobs=jobs))
    return fake_ports(recovery_services=arm), arm


async def _message(ports: Ports) -> str:
    kept = await ports.evidence.read(f"{PREFIX}/10-items.json")
    findings: list[dict[str, Any]] = (kept or {})["data"]["findings"]
    return next(one["message"] for one in findings if one["check_id"] == "backups-go-on")


async def test_backups_on_both_sides_of_the_upgrade_are_kept_as_evidence() -> None:
    """One list of jobs, and both moments."""
    ports, arm = _world()

    summary = await run_read_items(ports, settle(upgrade_ended_at=ENDED))

    message = await _message(ports)
    assert (1, (), True, True) == (
        arm.count("list_jobs"),
        summary.unread,
        f"before the upgrade {BEFORE:%Y-%m-%d %H:%M} UTC" in message,
        f"after the upgrade {AFTER:%Y-%m-%d %H:%M} UTC" in message,
    )


@pytest.mark.parametrize("ended_at", [None, NOON - timedelta(days=60)])
async def test_an_upgrade_of_long_ago_asks_for_no_jobs(ended_at: Any) -> None:
    """They are not listed any more."""
    ports, arm = _world()

    await run_read_items(ports, settle(upgrade_ended_at=ended_at))

    assert 0 == arm.count("list_jobs")


async def test_jobs_that_cannot_be_read_leave_the_items_own_word() -> None:
    """It decides the verdict in any case."""
    ports, arm = _world()
    arm.fail("list_jobs", UnavailableError("503"))

    summary = await run_read_items(ports, settle(upgrade_ended_at=ENDED))

    assert ((), True) == (summary.unread, "backed up after the upgrade" in await _message(ports))


async def test_an_execution_after_a_crash_counts_what_was_kept() -> None:
    """The report shows the findings of the first one, and the verdict must not contradict it."""
    ports, arm = _world()
    failed = vm_item(**{**ITEM["properties"], "lastBackupStatus": "Failed"})
    arm.vaults[vault_ref().key].items = [failed]
    first = await run_read_items(ports, settle(upgrade_ended_at=ENDED))

    arm.vaults[vault_ref().key].items = [ITEM]
    again = await run_read_items(ports, settle(upgrade_ended_at=ENDED))

    assert (first, 1) == (again, again.tally.failed)
