"""Estates of settled vaults, as the nightly audit finds them."""

from domain.audits import AuditRequest
from tests.estate import FakeEstate, settled_vault
from tests.fakes import SUBSCRIPTION, vault_ref


def audit_request() -> AuditRequest:
    """The audit of one day and one subscription."""
    return AuditRequest(audit_id="2026-11-22", subscriptions=(SUBSCRIPTION,))


def estate_of_settled(count: int) -> FakeEstate:
    """An estate of ``count`` Recovery Services vaults, ``vault-0000`` and on."""
    estate = FakeEstate.make()
    for number in range(count):
        ref = vault_ref(f"vault-{number:04}")
        vault = settled_vault()
        vault.document["id"] = ref.arm_id
        estate.recovery_services.add(ref, vault)
    return estate
