"""The audit names what it could not read, and judges every vault it could."""

from typing import Any

import pytest

from activities.audits import (
    run_check_vault,
    run_list_estate,
    run_read_audit_page,
    run_sum_up_audit,
)
from adapters.ports import Ports
from domain.audits import AuditRequest, Estate, PageRequest, SummaryRequest, VaultAuditRequest
from domain.codec import from_json
from domain.errors import AccessDeniedError, EvidenceError
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


async def _listed(ports: Ports, *subscriptions: str) -> Estate:
    await run_list_estate(ports, _audit(*subscriptions))
    kept = await ports.evidence.read("audits/2026-11-22/estate.json")
    return from_json(Estate, kept["data"] if kept else None)


async def test_every_vault_of_the_subscriptions_is_in_the_estate() -> None:
    """The list is what ARM shows for the subscriptions in scope."""
    estate = await _listed(fake_ports(recovery_services=_arm()), SUBSCRIPTION)

    assert ((vault_ref(),), ()) == (estate.vaults, estate.unread)


async def test_a_subscription_that_cannot_be_listed_is_named_not_empty() -> None:
    """DESIGN rule 4: unread is not the same as without vaults, and the others go on."""
    arm = _arm()
    arm.fail("list_vaults", AccessDeniedError("no role on it", status=403))

    estate = await _listed(fake_ports(recovery_services=arm), OTHER, SUBSCRIPTION)

    assert ((vault_ref(),), True) == (estate.vaults, OTHER in estate.unread[0])


async def test_a_list_that_is_made_again_is_the_one_that_was_kept() -> None:
    """A vault that came meanwhile is not of this audit: pages of two lists would not fit."""
    arm = _arm()
    ports = fake_ports(recovery_services=arm)
    first = await run_list_estate(ports, _audit(SUBSCRIPTION))
    document = {"id": vault_ref("vault-a").arm_id, "name": "vault-a", "properties": {}}
    arm.add(vault_ref("vault-a"), FakeVault(document=document))

    again = await run_list_estate(ports, _audit(SUBSCRIPTION))

    page = await run_read_audit_page(ports, PageRequest(audit_id="2026-11-22", lane=0, page=0))
    assert (first, (vault_ref(),)) == (again, page.vaults)


async def test_a_page_that_is_not_there_is_an_error() -> None:
    """Missing is not empty."""
    with pytest.raises(EvidenceError, match="missing"):
        await run_read_audit_page(fake_ports(), PageRequest(audit_id="a", lane=0, page=0))


async def test_a_vault_that_is_read_again_counts_what_was_kept() -> None:
    """After a crash the row and the findings in the evidence say the same."""
    arm = _arm()
    ports = fake_ports(recovery_services=arm)
    request = VaultAuditRequest(audit_id="a", vault=vault_ref())
    first = await run_check_vault(ports, request)
    arm.fail("list_policies", AccessDeniedError("no role on it", status=403))

    assert first == await run_check_vault(ports, request)


async def test_no_summary_is_made_without_the_list() -> None:
    """Nobody could tell which vaults are missing from it."""
    with pytest.raises(EvidenceError, match="missing"):
        await run_sum_up_audit(fake_ports(), SummaryRequest(audit_id="a"))


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
