"""What became of every protected item, in the shapes the service sends."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.checks import items
from domain.findings import Finding, Verdict
from domain.protected_items import parse_protected_item, unprotected_twins
from domain.readings import FailedRead
from tests.unit.domain.builders import NOW, reading
from tests.unit.domain.job_documents import agent_item, stamp, vm_item

POLICY = {"policyName": "Daily", "policyId": "/x/backupPolicies/Daily"}
CLASSIC = {"protectedItemType": "Microsoft.ClassicCompute/virtualMachines"}
NEVER = "2001-01-01T00:00:00Z"
FAILED = FailedRead(what="the protected items", reason="403")


def _check(*listed: Any, upgrade_ended_at: datetime | None = None) -> dict[str, Finding]:
    found = items.check(
        reading(listed), vault="vault-one", upgrade_ended_at=upgrade_ended_at, now=NOW
    )
    return {one.check_id: one for one in found}


@pytest.mark.parametrize(
    ("item", "verdict", "asks"),
    [
        (vm_item(**POLICY), Verdict.PASS, False),
        (vm_item(protectionState="IRPending", **POLICY), Verdict.PASS, False),
        (vm_item(), Verdict.FAIL, True),
        (agent_item(), Verdict.NOT_APPLICABLE, False),
        (vm_item(protectionState="ProtectionStopped"), Verdict.NOT_APPLICABLE, False),
        (vm_item(protectionState="ProtectionError", **POLICY), Verdict.FAIL, True),
        (vm_item(protectionState="BackupsSuspended", **POLICY), Verdict.FAIL, True),
        (vm_item(protectionState=None), Verdict.FAIL, True),
    ],
    ids=["well", "first copy due", "no policy", "agent", "stopped", "error", "suspended", "odd"],
)
def test_an_item_s_state_is_judged(item: Any, verdict: Verdict, asks: bool) -> None:
    """Stopped is somebody's choice; no policy and errors ask for something."""
    found = _check(item)["item-state"]

    assert (verdict, asks) == (found.verdict, bool(found.what_to_do))


def test_a_deleted_item_tells_when_its_data_goes() -> None:
    """The service names the moment of the deletion, not of the purge."""
    deleted_at = NOW - timedelta(days=1)
    item = vm_item(
        protectionState="ProtectionStopped",
        isScheduledForDeferredDelete=True,
        deferredDeleteTimeInUTC=stamp(deleted_at),
        softDeleteRetentionPeriod=20,
    )

    message = _check(item)["item-state"].message

    assert f"{deleted_at + timedelta(days=20):%Y-%m-%d}" in message


@pytest.mark.parametrize("member", ["softDeleteRetentionPeriod", "softDeleteRetentionPeriodInDays"])
def test_both_names_of_the_retention_are_read(member: str) -> None:
    """Wire and SDK disagree about it."""
    assert 30 == parse_protected_item(vm_item(**{member: 30})).soft_delete_days


@pytest.mark.parametrize(
    ("ended_ago", "backup_ago", "verdict"),
    [
        (timedelta(hours=3), timedelta(hours=2), Verdict.PASS),
        (timedelta(hours=3), timedelta(hours=9), Verdict.NOT_APPLICABLE),
        (timedelta(hours=30), timedelta(hours=40), Verdict.PASS),
        (timedelta(days=7), timedelta(days=9), Verdict.FAIL),
        (None, timedelta(days=2), Verdict.PASS),
        (None, timedelta(days=9), Verdict.FAIL),
        (timedelta(days=3000), timedelta(days=9), Verdict.FAIL),
    ],
    ids=["after", "not due", "weekly yet", "late", "long ago, well", "stale", "ancient"],
)
def test_backups_go_on_through_the_upgrade(
    ended_ago: timedelta | None, backup_ago: timedelta, verdict: Verdict
) -> None:
    """Before the first run is due nothing is late; long afterwards only age counts."""
    item = vm_item(lastBackupTime=stamp(NOW - backup_ago), **POLICY)
    ended = NOW - ended_ago if ended_ago else None

    assert verdict == _check(item, upgrade_ended_at=ended)["backups-go-on"].verdict


def test_an_item_that_was_never_backed_up_is_told() -> None:
    """The sentinel of 2001 is no backup."""
    assert Verdict.FAIL == _check(vm_item(lastBackupTime=NEVER, **POLICY))["backups-go-on"].verdict


def test_what_is_not_meant_to_be_backed_up_is_not_late() -> None:
    """A stopped item has no backups to go on."""
    assert "backups-go-on" not in _check(vm_item(protectionState="ProtectionStopped"))


@pytest.mark.parametrize(
    ("item", "verdict"),
    [
        (vm_item(lastRecoveryPoint=stamp(NOW), **CLASSIC), Verdict.PASS),
        (vm_item(lastBackupTime=NEVER, **CLASSIC), Verdict.UNKNOWN),
    ],
    ids=["with a point", "without"],
)
def test_classic_machines_keep_their_recovery_points(item: Any, verdict: Verdict) -> None:
    """The article's promise, looked at machine by machine."""
    assert verdict == _check(item)["classic-vm"].verdict


def test_old_bodies_tell_classic_machines_by_their_name() -> None:
    """In 2016 both kinds had one type."""
    item = vm_item(protectedItemType="AzureIaaSVMProtectedItem")
    item["name"] = "VM;iaasvmcontainer;rg-one;vm-one"

    assert parse_protected_item(item).is_classic_vm


def _machine(name: str, **properties: Any) -> dict[str, Any]:
    return {
        "properties": {
            "friendlyName": name,
            "virtualMachineId": f"/subscriptions/s/x/{name}",
            "protectableItemType": "Microsoft.Compute/virtualMachines",
            "protectionState": "NotProtected",
            **properties,
        }
    }


@pytest.mark.parametrize(
    ("machine", "count"),
    [
        (_machine("VM-ONE"), 1),
        (_machine("vm-two"), 0),
        (_machine("vm-one", protectionState="Protected"), 0),
        (_machine("vm-one", protectableItemType="Microsoft.ClassicCompute/virtualMachines"), 0),
    ],
    ids=["twin", "another name", "protected already", "the classic one itself"],
)
def test_a_twin_is_an_unprotected_machine_of_the_same_name(machine: Any, count: int) -> None:
    """Only what was moved to Resource Manager and has no backup there."""
    classic = parse_protected_item(vm_item(**CLASSIC))

    assert count == len(unprotected_twins([classic], [machine]))


def test_a_twin_gets_a_plan_and_is_not_touched() -> None:
    """Policy and command are named; a person decides."""
    listed = (vm_item(**CLASSIC, **POLICY),)

    (found,) = items.check_twins(listed, reading((_machine("vm-one"),)), vault="vault-one")

    assert (Verdict.FAIL, True) == (found.verdict, "--policy-name Daily" in found.what_to_do)


def test_nobody_looks_for_twins_where_no_classic_machine_is() -> None:
    """A failed reading matters only to those it is about."""
    assert () == items.check_twins((vm_item(),), FAILED, vault="vault-one")


def test_twins_that_could_not_be_looked_for_are_unknown() -> None:
    """DESIGN rule 4."""
    (found,) = items.check_twins((vm_item(**CLASSIC),), FAILED, vault="vault-one")

    assert Verdict.UNKNOWN == found.verdict


def test_items_that_could_not_be_read_are_unknown() -> None:
    """DESIGN rule 4."""
    (found,) = items.check(FAILED, vault="vault-one", upgrade_ended_at=None, now=NOW)

    assert Verdict.UNKNOWN == found.verdict
