"""Whether every agent is new enough, and stands in one vault only."""

from itertools import permutations
from typing import Any

import pytest

from domain.checks import agent_version
from domain.findings import Finding, Verdict
from domain.readings import FailedRead
from domain.vaults import VaultRef
from tests.unit.domain.builders import OTHER_SUBSCRIPTION, PROVENANCE, TARGET, reading

NONE = reading(())


def machine(name: str = "FS01.CONTOSO.LOCAL", **properties: Any) -> dict[str, Any]:
    """A MARS container."""
    return {
        "name": f"Windows;{name.lower()}",
        "properties": {"friendlyName": name, **properties},
    }


def finding_for(**properties: Any) -> Finding:
    """The finding about one machine."""
    listed = reading((machine(**properties),))
    (only,) = agent_version.check(listed, NONE, vault="vault-one")
    return only


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ("2.0.9082.0", Verdict.FAIL),
        ("2.0.9083.0", Verdict.PASS),
        ("2.0.10000.0", Verdict.PASS),
        ("two", Verdict.UNKNOWN),
        ("", Verdict.UNKNOWN),
        (None, Verdict.UNKNOWN),
    ],
)
def test_an_agent_is_judged_by_the_floor(version: str | None, verdict: Verdict) -> None:
    """Unknown versions are neither old nor new."""
    assert verdict == finding_for(agentVersion=version).verdict


def test_an_old_agent_is_a_task_with_the_version_needed() -> None:
    """The owner of the machine learns what to install."""
    found = finding_for(agentVersion="2.0.8700.0")

    assert found.what_to_do.startswith("Install the latest agent on FS01.CONTOSO.LOCAL")
    assert "2.0.9083.0" in found.what_to_do


def test_what_a_passing_agent_cannot_do_is_told() -> None:
    """New enough to show, too old for immutable vaults."""
    assert finding_for(agentVersion="2.0.9249.0").message.endswith("too old for immutable vaults")


def test_a_backup_server_is_judged_by_its_agent() -> None:
    """And the update the service offers is told."""
    server = {
        "name": "DPM01",
        "properties": {
            "friendlyName": "DPM01",
            "azureBackupAgentVersion": "2.0.9300.0",
            "isDpmUpgradeAvailable": True,
        },
    }
    (only,) = agent_version.check(NONE, reading((server,)), vault="vault-one")

    assert (Verdict.PASS, "DPM01") == (only.verdict, only.subject)
    assert only.message.endswith("the service offers an update")


def test_one_list_that_cannot_be_read_does_not_hide_the_other() -> None:
    """The machines are judged although the servers are unknown."""
    failed = FailedRead(what="backup servers", reason="500")
    listed = reading((machine(agentVersion="2.0.9300.0"),))
    findings = agent_version.check(listed, failed, vault="vault-one")

    assert [Verdict.PASS, Verdict.UNKNOWN] == [one.verdict for one in findings]


def test_a_machine_in_two_vaults_is_found_in_any_order() -> None:
    """By its name without case, over subscriptions, with the way to find the real vault."""
    elsewhere = VaultRef(
        subscription_id=OTHER_SUBSCRIPTION, resource_group="rg-b", name="vault-two"
    )
    registered = [
        (TARGET, (machine("FS01.Contoso.local"), machine("FS02")), PROVENANCE),
        (elsewhere, (machine("fs01.contoso.LOCAL"),), PROVENANCE),
        (VaultRef.parse(TARGET.arm_id.replace("vault-one", "vault-3")), (), PROVENANCE),
    ]
    for order in permutations(registered):
        (only,) = agent_version.check_machines_once(order)

        assert (Verdict.FAIL, "fs01.contoso.local") == (only.verdict, only.subject.casefold())
        assert "vault-one" in only.message
        assert "vault-two" in only.message
        assert "ServiceResourceName" in only.what_to_do
        assert "ResourceId and MachineId" in only.what_to_do


def test_a_machine_listed_twice_in_one_vault_stands_in_one_vault() -> None:
    """A vault read twice is no second vault."""
    registered = [(TARGET, (machine(),), PROVENANCE), (TARGET, (machine(),), PROVENANCE)]

    assert () == agent_version.check_machines_once(registered)


def test_the_last_sign_of_life_tells_which_vault_is_in_use() -> None:
    """Each registration carries its own."""
    elsewhere = VaultRef.parse(TARGET.arm_id.replace("vault-one", "vault-two"))
    alive = machine(extendedInfo={"lastRefreshedAt": "2026-11-20T00:00:00Z"})
    registered = [(TARGET, (alive,), PROVENANCE), (elsewhere, (machine(),), PROVENANCE)]
    (only,) = agent_version.check_machines_once(registered)

    assert "last heard of 2026-11-20T00:00:00+00:00" in only.message
    assert "last heard of at an unknown time" in only.message
