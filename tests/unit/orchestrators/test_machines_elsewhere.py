"""A machine that is registered in several vaults too, found by the settlement of an upgrade."""

from dataclasses import replace
from typing import Any

from domain.codec import from_json
from domain.outcomes import VaultReport
from domain.vaults import VaultRef
from tests.estate import FakeEstate, estate_of_one, settled_vault
from tests.fakes import FakeVault

ELSEWHERE = "0b9f6a34-6a0f-4a38-8d7e-4f5f2a7f9c55"
"""A subscription beside the upgraded vault's own."""

TWIN = VaultRef(subscription_id=ELSEWHERE, resource_group="rg-twin", name="vault-twin")


def _machine(name: str) -> dict[str, Any]:
    properties = {"friendlyName": name, "agentVersion": "2.0.9269.0"}
    return {"name": f"Windows;{name}", "properties": properties}


def _estate(*scope: str) -> FakeEstate:
    """One machine in the vault to upgrade, and in a vault of the other subscription."""
    estate = estate_of_one(settled_vault(agents=[_machine("fs1")]))
    document = {"id": TWIN.arm_id, "name": TWIN.name}
    estate.recovery_services.add(TWIN, FakeVault(document=document, agents=[_machine("fs1")]))
    estate.ports = replace(estate.ports, scope=scope)
    return estate


async def _verdicts(estate: FakeEstate) -> list[tuple[str, str]]:
    """What the upgrade found out about machines in several vaults: verdict and subject."""
    outcome, _ = await estate.upgrade()
    document = await estate.evidence.read(f"{outcome.evidence_prefix}/outcome.json")
    report = from_json(VaultReport, (document or {})["data"])
    found = [one for one in report.findings if one.check_id == "machine-once"]
    return [(str(one.verdict), one.subject) for one in found]


async def test_an_upgrade_looks_in_every_subscription_in_scope() -> None:
    """As ``vaultlift settle`` does: a machine may be registered in another subscription."""
    assert [("fail", "fs1")] == await _verdicts(_estate(ELSEWHERE))


async def test_without_a_scope_an_upgrade_looks_in_the_vault_s_own_subscription() -> None:
    """The other one is nobody's business then."""
    assert [("pass", "vault-clean")] == await _verdicts(_estate())


async def test_an_upgrade_s_own_history_has_the_scope_twice() -> None:
    """Told when the vault is confirmed, handed on to settling: no other step repeats it."""
    estate = _estate(ELSEWHERE)

    _, instance = await estate.upgrade()

    assert 2 == sum(ELSEWHERE in str(event) for event in instance.history)
