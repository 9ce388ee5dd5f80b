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


def test_a_first_backup_that_is_not_due_is_no_backup_before_the_upgrade() -> None:
    """Right after an upgrade, an item without any backup is told to have none."""
    item = vm_item(lastBackupTime=NEVER, **POLICY)

    found = _check(item, upgrade_ended_at=NOW - timedelta(hours=3))["backups-go-on"]

    assert Verdict.NOT_APPLICABLE == found.verdict
    assert "was never backed up; the next one is not due yet" == found.message


@pytest.mark.parametrize("word", ["Failed", "Unhealthy", "Cancelled"])
@pytest.mark.parametrize("ended_ago", [None, timedelta(hours=3)], ids=["long ago", "just upgraded"])
def test_backups_that_fail_do_not_go_on(word: str, ended_ago: timedelta | None) -> None:
    """However recent: the time of a failed backup is its time all the same."""
    point = NOW - timedelta(days=120)
    item = vm_item(lastBackupStatus=word, lastRecoveryPoint=stamp(point), **POLICY)

    ended = NOW - ended_ago if ended_ago else None
    found = _check(item, upgrade_ended_at=ended)["backups-go-on"]

    assert (Verdict.FAIL, True) == (found.verdict, bool(found.what_to_do))
    assert found.message.endswith(
        f"ended as {word}; last recovery point {point:%Y-%m-%d %H:%M} UTC"
    )


@pytest.mark.parametrize("word", ["Completed", "CompletedWithWarnings", "Healthy", "", "NewWord"])
def test_no_other_word_of_a_backup_is_a_failure(word: str) -> None:
    """The service's words are an open set."""
    found = _check(vm_item(lastBackupStatus=word, **POLICY))["backups-go-on"]

    assert Verdict.PASS == found.verdict


def test_a_backup_that_failed_before_the_upgrade_is_not_held_against_it() -> None:
    """The first one after the upgrade is not due yet; what is known is told."""
    before = stamp(NOW - timedelta(hours=9))
    item = vm_item(lastBackupStatus="Failed", lastBackupTime=before, **POLICY)

    found = _check(item, upgrade_ended_at=NOW - timedelta(hours=3))["backups-go-on"]

    assert Verdict.NOT_APPLICABLE == found.verdict
    assert "ended as Failed, before the upgrade" in found.message


def _undated(kind: str, **more: Any) -> Any:
    """An item of a kind that has no time of a last backup."""
    return vm_item(backupManagementType=kind, lastBackupTime=None, **more)


@pytest.mark.parametrize("kind", ["DPM", "AzureBackupServer", "AzureSql"])
@pytest.mark.parametrize(
    ("point", "verdict"),
    [
        (None, Verdict.NOT_APPLICABLE),
        (stamp(NOW - timedelta(days=1)), Verdict.PASS),
        (stamp(NOW - timedelta(days=9)), Verdict.FAIL),
    ],
    ids=["not told", "lately", "stale"],
)
def test_items_without_a_time_of_backup_go_by_their_recovery_point(
    kind: str, point: str | None, verdict: Verdict
) -> None:
    """What the service never tells is not called never backed up."""
    item = _undated(kind, lastRecoveryPoint=point)

    assert verdict == _check(item)["backups-go-on"].verdict


@pytest.mark.parametrize("kind", ["DPM", "AzureBackupServer"])
def test_items_of_a_backup_server_need_no_policy_of_the_vault(kind: str) -> None:
    """Protection groups are kept by the server; nobody can assign it a policy here."""
    found = _check(_undated(kind))["item-state"]

    assert (Verdict.NOT_APPLICABLE, "") == (found.verdict, found.what_to_do)


def test_the_evidence_is_what_the_service_sent() -> None:
    """Its sentinel as well: absent would be another answer."""
    found = _check(vm_item(lastBackupTime=NEVER, lastBackupStatus="", **POLICY))["backups-go-on"]

    assert [NEVER, "", None] == [one.value for one in found.facts]


def test_what_is_not_meant_to_be_backed_up_is_not_late() -> None:
    """A stopped item has no backups to go on."""
    assert "backups-go-on" not in _check(vm_item(protectionState="ProtectionStopped"))


@pytest.mark.parametrize(
    ("item", "verdict"),
    [
        (vm_item(lastRecoveryPoint=stamp(NOW), **CLASSIC), Verdict.PASS),
        (vm_item(lastBackupTime=NEVER, **CLASSIC), Verdict.UNKNOWN),
        (vm_item(lastBackupStatus="Failed", **CLASSIC), Verdict.UNKNOWN),
    ],
    ids=["with a point", "without", "failed"],
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
