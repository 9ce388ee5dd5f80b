"""The audit names what it could not read, and judges every vault it could."""

from typing import Any

from activities.audits import run_check_vault, run_list_estate
from domain.audits import AuditRequest, VaultAuditRequest
from domain.errors import AccessDeniedError
from tests.fakes import SUBSCRIPTION, FakeRecoveryServices, FakeVault, fake_ports, vault_ref

OTHER = "11111111-2222-3333-4444-555555555555"


def _arm() -> FakeRecoveryServices:
    arm = FakeRecoveryServices()
    document: dict[str, Any] = {
        "id": vault_ref().arm_id,
        "name": "vault-clean",
        "properties": {"provisioningState": "Succeeded"},
    }
    policy = {"name": "Daily", "properties": {"backupManagementType": "AzureIaasVM"}}
    arm.add(vault_ref(), FakeVault(document=document, policies={"Daily": policy}))
    return arm


def _audit(*subscriptions: str) -> AuditRequest:
    return AuditRequest(audit_id="2026-11-22", subscriptions=subscriptions)


async def test_every_vault_of_the_subscriptions_is_in_the_estate() -> None:
    """The list is what ARM shows for the subscriptions in scope."""
    estate = await run_list_estate(fake_ports(recovery_services=_arm()), _audit(SUBSCRIPTION))

    assert ((vault_ref(),), ()) == (estate.vaults, estate.unread)


async def test_a_subscription_that_cannot_be_listed_is_named_not_empty() -> None:
    """DESIGN rule 4: unread is not the same as without vaults, and the others go on."""
    arm = _arm()
    arm.fail("list_vaults", AccessDeniedError("no role on it", status=403))

    estate = await run_list_estate(fake_ports(recovery_services=arm), _audit(OTHER, SUBSCRIPTION))

    assert ((vault_ref(),), True) == (estate.vaults, OTHER in estate.unread[0])


async def test_a_vault_is_judged_by_every_check() -> None:
    """A policy without a zone fails, a vault that tells nothing is unknown."""
    ports = fake_ports(recovery_services=_arm())

    row = await run_check_vault(ports, VaultAuditRequest(audit_id="a", vault=vault_ref()))

    assert (1, True) == (row.tally.failed, row.tally.unknown > 0)


async def test_one_unreadable_part_leaves_the_other_findings() -> None:
    """403 on one list makes one unknown; the rest of the vault is judged."""
    arm = _arm()
    arm.fail("list_agents", AccessDeniedError("no role on it", status=403))
    ports = fake_ports(recovery_services=arm)

    await run_check_vault(ports, VaultAuditRequest(audit_id="a", vault=vault_ref()))

    kept = await ports.evidence.read(f"audits/a/{vault_ref().key}.json")
    verdicts = {
        one["check_id"]: one["verdict"] for one in (kept["data"]["findings"] if kept else [])
    }
    assert ("unknown", "fail") == (verdicts["agent-version"], verdicts["time-zone"])
