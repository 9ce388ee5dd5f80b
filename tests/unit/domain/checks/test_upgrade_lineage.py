"""Where the vault comes from, and whether its records agree."""

from datetime import timedelta
from typing import Any

import pytest

from domain.checks import upgrade_lineage
from domain.findings import Finding, Verdict
from domain.readings import FailedRead
from domain.upgrade import UpgradeStatus
from tests.unit.domain.builders import NOW, TARGET, reading, upgrade_record

UNREADABLE = FailedRead(what="the vault", reason="500")


def vault(**details: Any) -> Any:
    """A reading of an upgraded vault, with these details changed."""
    told = {
        "operationId": "operation-1",
        "startTimeUtc": "2026-11-22T11:40:00Z",
        "endTimeUtc": "2026-11-22T12:00:00Z",
        "status": "Upgraded",
        "message": "",
        "triggerType": "UserTriggered",
        "upgradedResourceId": TARGET.arm_id,
    }
    return reading({"properties": {"upgradeDetails": told | details}})


def check(document: Any) -> Finding:
    """The audit's finding."""
    (only,) = upgrade_lineage.check(document, vault="vault-one", now=NOW)
    return only


def compare(document: Any, **classic: Any) -> Finding:
    """The finding about the two records."""
    (only,) = upgrade_lineage.compare(upgrade_record(**classic), document, vault="vault-one")
    return only


def running(minutes: int) -> Any:
    """A vault whose upgrade was started so many minutes ago."""
    started = (NOW - timedelta(minutes=minutes)).isoformat()
    return vault(status="InProgress", startTimeUtc=started, endTimeUtc="9999-12-31T23:59:59.99")


@pytest.mark.parametrize(
    ("document", "verdict"),
    [
        (vault(), Verdict.PASS),
        (vault(status="Failed"), Verdict.FAIL),
        (running(90), Verdict.UNKNOWN),
        (running(91), Verdict.FAIL),
        (vault(status="InProgress", startTimeUtc="", endTimeUtc=""), Verdict.UNKNOWN),
        (reading({"properties": {}}), Verdict.NOT_APPLICABLE),
        (reading({"properties": {"upgradeDetails": {}}}), Verdict.NOT_APPLICABLE),
        (vault(status="Unknown"), Verdict.NOT_APPLICABLE),
        (UNREADABLE, Verdict.UNKNOWN),
    ],
)
def test_a_vault_is_judged_by_its_own_record(document: Any, verdict: Verdict) -> None:
    """A vault that was never classic has nothing to be judged by."""
    assert verdict == check(document).verdict


def test_a_forced_upgrade_is_explained() -> None:
    """Nobody needs to look for the person who did it."""
    found = check(vault(triggerType="ForcedUpgrade"))

    assert "upgraded 2026-11-22, started by the service itself (ForcedUpgrade)" == found.message


@pytest.mark.parametrize(
    ("group", "told"),
    [
        ("Default-RecoveryServices-ResourceGroup-westus", "the region's default group"),
        ("default-recoveryservices-resourcegroup-WESTUS", "the region's default group"),
        ("cps-group", "vaults of CPS Standard keep their group"),
    ],
)
def test_a_forced_upgrade_tells_why_the_vault_is_where_it_is(group: str, told: str) -> None:
    """In the default group of its region, unless it belongs to CPS Standard (1.7)."""
    document = vault(triggerType="ForcedUpgrade")
    arm_id = TARGET.arm_id.replace(TARGET.resource_group, group)
    document.value.update(id=arm_id, location="westus")

    assert told in check(document).message


@pytest.mark.parametrize(
    "members",
    [
        {"location": "westus"},
        {"id": TARGET.arm_id},
        {"location": "westus", "id": "/subscriptions/x/a"},
    ],
    ids=["no id", "no location", "a short id"],
)
def test_a_body_that_names_no_place_is_judged_without_it(members: dict[str, str]) -> None:
    """Old bodies leave members out; what happened to the vault is told all the same."""
    document = vault(triggerType="ForcedUpgrade")
    document.value.update(members)

    found = check(document)

    assert "upgraded 2026-11-22, started by the service itself (ForcedUpgrade)" == found.message


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (running(91), "the upgrade operation-1 runs for more than 90 minutes"),
        (vault(status="Failed"), "the upgrade operation-1 failed: no message"),
        (vault(status="Failed", message="Oops"), "the upgrade operation-1 failed: Oops"),
    ],
)
def test_a_fault_names_the_upgrade_and_what_is_known_of_it(document: Any, told: str) -> None:
    """Support asks for the OperationId first."""
    assert told == check(document).message


@pytest.mark.parametrize("document", [vault(status="Failed", message="Oops"), running(120)])
def test_a_failed_upgrade_goes_to_support_and_is_not_retried(document: Any) -> None:
    """With its OperationId."""
    found = check(document)

    assert "operation-1" in found.message
    assert "do not retry" in found.what_to_do.replace("\n", " ")


def test_the_evidence_holds_the_fields_support_asks_for() -> None:
    """Each with its path."""
    facts = {one.field: one.value for one in check(vault()).facts}

    assert ("Upgraded", "operation-1") == (
        facts["properties.upgradeDetails.status"],
        facts["properties.upgradeDetails.operationId"],
    )


@pytest.mark.parametrize(
    ("document", "verdict"),
    [
        (vault(), Verdict.PASS),
        (vault(upgradedResourceId=TARGET.arm_id.lower()), Verdict.PASS),
        (vault(operationId="other"), Verdict.FAIL),
        (reading({"properties": {}}), Verdict.UNKNOWN),
        (UNREADABLE, Verdict.UNKNOWN),
    ],
)
def test_the_two_records_are_compared(document: Any, verdict: Verdict) -> None:
    """What cannot be compared is unknown: the service may not keep the record for ever."""
    assert verdict == compare(document).verdict


def test_a_difference_shows_both_values() -> None:
    """By the field's name in ARM."""
    found = compare(vault(), status=UpgradeStatus.FAILED)

    assert "the records differ: status: classic Failed, ARM Upgraded" == found.message
