"""Whether every policy names the zone it should."""

from typing import Any

import pytest

from domain.checks import time_zone
from domain.documents import with_value
from domain.findings import Fact, Finding, Verdict
from domain.policy_machines import MACHINE_FIELD
from domain.readings import FailedRead, tasks_of
from tests.unit.domain.builders import NOW, PROVENANCE, reading
from tests.unit.domain.policy_documents import (
    agent_policy,
    azure_sql_policy,
    policy,
    sql_policy,
    vm_policy,
)

BERLIN = "W. Europe Standard Time"


def finding_for(document: dict[str, Any], expected: str | None = BERLIN) -> Finding:
    """The finding about one policy."""
    (only,) = time_zone.check(reading((document,)), vault="vault-one", expected=expected)
    return only


@pytest.mark.parametrize(
    ("document", "verdict"),
    [
        (vm_policy(timeZone=BERLIN), Verdict.PASS),
        (vm_policy(timeZone=BERLIN.lower()), Verdict.PASS),
        (sql_policy(timeZone=BERLIN), Verdict.PASS),
        (vm_policy(timeZone="UTC"), Verdict.FAIL),
        (vm_policy(timeZone="Europe/Berlin"), Verdict.FAIL),
        (vm_policy(), Verdict.FAIL),
        (vm_policy(timeZone=None), Verdict.FAIL),
        (vm_policy(timeZone=""), Verdict.FAIL),
        (sql_policy(), Verdict.FAIL),
        (agent_policy(), Verdict.NOT_APPLICABLE),
        (azure_sql_policy(), Verdict.NOT_APPLICABLE),
        (policy({"backupManagementType": "Novelty"}), Verdict.UNKNOWN),
    ],
)
def test_a_policy_is_judged_by_its_own_zone(document: dict[str, Any], verdict: Verdict) -> None:
    """Absent, null and empty are never a pass, and neither is a kind without zone."""
    assert verdict == finding_for(document).verdict


@pytest.mark.parametrize(
    ("zone", "verdict"),
    [("UTC", Verdict.PASS), ("Tokyo Standard Time", Verdict.PASS), (None, Verdict.FAIL)],
)
def test_without_an_expected_zone_any_valid_one_will_do(zone: str | None, verdict: Verdict) -> None:
    """The audit asks for a zone; which one, it does not know."""
    assert verdict == finding_for(vm_policy(timeZone=zone), expected=None).verdict


@pytest.mark.parametrize("zone", [None, ""])
def test_no_zone_is_not_the_utc_that_is_expected(zone: str | None) -> None:
    """DESIGN rule 6: the service may read it as UTC, and nobody has said so."""
    finding = finding_for(vm_policy(timeZone=zone), expected="UTC")

    assert (Verdict.FAIL, True) == (finding.verdict, "absent is not UTC" in finding.message)


def test_a_fault_names_the_zone_to_set() -> None:
    """Or asks for a decision where none is expected."""
    assert f"Set the policy's time zone to {BERLIN}." == finding_for(vm_policy()).what_to_do
    assert finding_for(vm_policy(), expected=None).what_to_do.startswith("Decide which time zone")


@pytest.mark.parametrize(
    ("document", "where"), [(agent_policy(), "machine"), (azure_sql_policy(), "server")]
)
def test_a_policy_without_zone_in_arm_is_a_task(document: dict[str, Any], where: str) -> None:
    """Somebody has to look at the machines; databases have none, only their servers."""
    (task,) = tasks_of([finding_for(document)])

    assert ("policy-one", "time-zone") == (task.subject, task.check_id)
    assert f"look on each {where}" in task.text


@pytest.mark.parametrize(
    ("document", "message", "value"),
    [
        (agent_policy(), "policies of MAB keep no zone", "MAB"),
        (policy({"backupManagementType": "Novelty"}), "unknown kind: Novelty", "Novelty"),
        (policy({}), "unknown kind: none given", None),
    ],
)
def test_a_kind_without_a_zone_is_told_with_its_evidence(
    document: dict[str, Any], message: str, value: str | None
) -> None:
    """What the policy calls itself, as it was sent."""
    finding = finding_for(document)

    fact = Fact(field="properties.backupManagementType", value=value, provenance=PROVENANCE)
    assert (message, (fact,)) == (finding.message, finding.facts)


def _told(document: dict[str, Any], names: tuple[str, ...]) -> Finding:
    """The finding about a policy that these machines use."""
    (only,) = time_zone.check(
        reading((document,)), vault="vault-one", machines={document["name"].casefold(): names}
    )
    return only


@pytest.mark.parametrize(
    ("count", "end"),
    [
        (0, " are the ones wanted."),
        (1, " are the ones wanted: m00."),
        (10, ", m08, m09."),
        (11, ", m08, m09 and 1 more."),
    ],
)
def test_the_task_names_the_machines_to_look_at(count: int, end: str) -> None:
    """Ten in the text; every one of them in the facts."""
    names = tuple(f"m{number:02}" for number in range(count))

    finding = _told({**agent_policy(), "name": "FilesDaily"}, names)

    assert finding.what_to_do.endswith(end)
    assert names == tuple(one.value for one in finding.facts if one.field == MACHINE_FIELD)


def test_the_evidence_shows_what_the_times_mean() -> None:
    """A zone may be valid and wrong; a person sees it from the hours, once the moment is known."""
    policies = reading((vm_policy(timeZone=BERLIN),))

    (plain,) = time_zone.check(policies, vault="vault-one")
    (shown,) = time_zone.check(policies, vault="vault-one", now=NOW)

    added = shown.facts[len(plain.facts) :]
    assert plain.facts == shown.facts[: len(plain.facts)]
    assert added
    assert all(one.field.startswith("preview: ") and one.value for one in added)


def test_a_policy_with_a_zone_names_no_machines() -> None:
    """Its times are known; there is nothing to look at elsewhere."""
    finding = _told(vm_policy(), ("m00",))

    assert ("m00" in finding.what_to_do, 1) == (False, len(finding.facts))


def test_a_zone_that_is_no_text_is_a_fault() -> None:
    """Whatever stands there, it names no zone; the check goes on."""
    assert Verdict.FAIL == finding_for(vm_policy(timeZone=5)).verdict


def test_a_policy_without_a_name_is_judged_all_the_same() -> None:
    """It cannot be named, but it is not left out."""
    document = {**vm_policy(timeZone=BERLIN), "name": None}

    finding = finding_for(document)

    assert (Verdict.PASS, "(policy without a name)") == (finding.verdict, finding.subject)


def test_the_raw_zone_is_the_evidence() -> None:
    """With its path and where it was read."""
    expected = Fact(field="properties.settings.timeZone", value="utc", provenance=PROVENANCE)

    assert (expected,) == finding_for(sql_policy(timeZone="utc")).facts


def test_policies_that_cannot_be_read_are_unknown() -> None:
    """One finding about the vault, and no guess about any policy."""
    failed = FailedRead(what="policies", reason="403 AuthorizationFailed")
    (only,) = time_zone.check(failed, vault="vault-one", expected=BERLIN)

    assert (Verdict.UNKNOWN, "vault-one") == (only.verdict, only.subject)
    assert "403 AuthorizationFailed" in only.message


def test_a_zone_that_tools_do_not_write_raises_no_question() -> None:
    """Only UTC may have come by itself."""
    assert f"names {BERLIN}" == finding_for(vm_policy(timeZone=BERLIN), expected=None).message


def test_utc_that_nobody_asked_for_is_told() -> None:
    """Tools write it by themselves; where it is expected it is plain."""
    found = finding_for(vm_policy(timeZone="UTC"), expected=None)

    assert (Verdict.PASS, True) == (found.verdict, found.message.endswith("is it meant?"))
    assert "names UTC" == finding_for(vm_policy(timeZone="UTC"), expected="UTC").message


@pytest.mark.parametrize("document", [agent_policy(), azure_sql_policy()], ids=["agent", "sql"])
@pytest.mark.parametrize(
    ("count", "machines", "asks"),
    [(0, (), False), (None, (), True), (3, (), True), (0, ("fs01",), True), (0, None, True)],
    ids=["unused", "not told", "used", "used, whatever the count says", "items not read"],
)
def test_a_policy_without_zone_that_nothing_uses_is_no_task(
    document: dict[str, Any], count: int | None, machines: tuple[str, ...] | None, asks: bool
) -> None:
    """There is no machine to look at, and a vault that keeps the policy could never close."""
    counted = with_value(document, ("properties", "protectedItemsCount"), count)
    named = {document["name"].casefold(): machines} if machines is not None else None

    (found,) = time_zone.check(reading((counted,)), vault="vault-one", machines=named)

    assert (Verdict.NOT_APPLICABLE, asks) == (found.verdict, bool(found.what_to_do))
