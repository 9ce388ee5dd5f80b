"""Machines that are gone for good: what a plan says of them."""

import pytest

from domain.lost_machine import LostMachine
from domain.lost_machines import judge_lost_machines, registered_machines, without_settled
from domain.prechecks import Gravity
from domain.service_reasons import service_reasons
from domain.upgrade import Severity
from tests.fakes import machine_row
from tests.unit.domain.check_samples import service_check, service_reason

VAULT_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Backup/BackupVault/v"
GONE = LostMachine(name="GONE.contoso.example", vault_id=VAULT_ID, container_id="7")


def test_machines_are_read_from_the_recorded_shape() -> None:
    """Name and number; a row without either is left out."""
    rows = [machine_row("GONE.contoso.example", 7), {"properties": {"friendlyName": "half"}}, {}]

    assert (GONE,) == registered_machines(VAULT_ID, rows)


def test_the_call_is_the_recorded_one() -> None:
    """Below the vault and the container's number (vault-upgrade 2.7)."""
    assert f"{VAULT_ID}/backupContainers/7/UnRegisterContainer" == GONE.path


def test_a_named_machine_needs_a_person() -> None:
    """No member of a request is consent enough to give backups up."""
    lost = judge_lost_machines(["gone.CONTOSO.example"], [GONE])

    (reason,) = lost.reasons
    assert ((GONE,), Gravity.WARNING, None) == (lost.found, reason.gravity, reason.consent)


def test_a_plan_is_the_same_before_and_after() -> None:
    """What was approved still holds once the machine is unregistered."""
    before = judge_lost_machines(["gone.contoso.example"], [GONE])
    after = judge_lost_machines(["gone.contoso.example"], [], unregistered=[GONE])

    assert before == after


def test_a_machine_that_is_not_registered_is_told_and_nothing_more() -> None:
    """A second run after the first one unregistered it."""
    lost = judge_lost_machines(["gone.contoso.example"], [])

    assert ((), Gravity.NOTE) == (lost.found, lost.reasons[0].gravity)


def test_of_two_machines_of_one_name_none_is_chosen() -> None:
    """Backups of the wrong one would be lost."""
    twin = LostMachine(name="gone.contoso.example", vault_id=VAULT_ID, container_id="8")

    lost = judge_lost_machines(["gone.contoso.example"], [GONE, twin])

    assert ((), True) == (lost.found, lost.reasons[0].is_blocking)


@pytest.mark.parametrize(
    ("table", "left"),
    [
        ("gone.contoso.example;2.0.8700.0", 0),
        ("GONE.contoso.example;2.0.8700.0", 0),
        ("gone.contoso.example;2.0.8700.0|other.contoso.example;2.0.8700.0", 1),
        ("gone.contoso.example;ConfigureBackup;job-1", 1),
        ("gone.contoso.example", 1),
    ],
)
def test_only_what_the_machine_alone_causes_is_settled(table: str, left: int) -> None:
    """A table with another machine, or about its jobs, blocks on."""
    reasons = service_reasons(service_check(service_reason("E1", table, Severity.ERROR)))

    assert left == len(without_settled(reasons, [GONE]))
