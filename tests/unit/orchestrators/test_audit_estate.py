"""The nightly audit covers every vault, a few at a time, and loses none to another's failure."""

from typing import Any

import pytest

from domain.audits import AuditRequest, AuditSummary
from domain.codec import from_json, to_json
from domain.errors import AccessDeniedError, UnavailableError
from domain.vaults import VaultRef
from orchestrators import names
from orchestrators.audit_estate import VAULTS_AT_A_TIME
from tests.estate import FakeEstate, settled_vault
from tests.fakes import SUBSCRIPTION, vault_ref

AUDIT = AuditRequest(audit_id="2026-11-22", subscriptions=(SUBSCRIPTION,))
MANY = 3 * VAULTS_AT_A_TIME + 1


def _estate(count: int) -> FakeEstate:
    estate = FakeEstate.make()
    for number in range(count):
        ref = vault_ref(f"vault-{number:03}")
        vault = settled_vault()
        vault.document["id"] = ref.arm_id
        estate.recovery_services.add(ref, vault)
    return estate


async def _audit(estate: FakeEstate, **replaced: Any) -> AuditSummary:
    instance = await estate.workflow(**replaced).run(names.AUDIT_ESTATE, to_json(AUDIT), "audit-1")
    return from_json(AuditSummary, instance.output)


async def test_every_vault_has_a_row_in_the_order_of_the_list() -> None:
    """More vaults than run at once, and none is missing or told twice."""
    summary = await _audit(_estate(MANY))

    assert [f"vault-{number:03}" for number in range(MANY)] == [
        row.vault.name for row in summary.rows
    ]


async def test_no_more_vaults_are_read_at_once_than_allowed() -> None:
    """The window bounds what is in flight."""
    estate = _estate(MANY)
    workflow = estate.workflow()
    running: list[int] = []
    body = workflow.activities[names.CHECK_VAULT]

    async def watched(request: Any) -> Any:
        children = [one for one in workflow.instances.values() if one.name == names.AUDIT_VAULT]
        running.append(sum(one.status == "RUNNING" for one in children))
        return await body(request)

    workflow.activities = {**workflow.activities, names.CHECK_VAULT: watched}
    await workflow.run(names.AUDIT_ESTATE, to_json(AUDIT), "audit-1")

    assert VAULTS_AT_A_TIME == max(running)


async def test_a_vault_whose_audit_breaks_is_unknown_and_the_others_go_on() -> None:
    """DESIGN rule 4: the broken one has a row that says why."""
    estate = _estate(3)
    body = estate.workflow().activities[names.CHECK_VAULT]

    async def broken_once(request: Any) -> Any:
        if request["vault"]["name"] == "vault-001":
            raise UnavailableError("evidence store is full")
        return await body(request)

    summary = await _audit(estate, check_vault=broken_once)

    assert [None, True, None] == [
        row.error if row.error is None else "evidence store is full" in row.error
        for row in summary.rows
    ]


async def test_a_subscription_that_cannot_be_listed_is_in_the_summary() -> None:
    """Unread is not empty."""
    estate = _estate(2)
    estate.recovery_services.fail("list_vaults", AccessDeniedError("no role", status=403))

    summary = await _audit(estate)

    assert ((), 1) == (summary.rows, len(summary.unread))


async def test_an_estate_that_cannot_be_listed_at_all_is_in_the_summary() -> None:
    """Whatever breaks the list, the audit of the night leaves a trace that says so."""
    estate = _estate(2)

    async def broken(_: Any) -> Any:
        raise ValueError("no id of a vault")

    summary = await _audit(estate, list_estate=broken)

    kept = await estate.evidence.read(f"{summary.prefix}/summary.json")
    assert ((), True, to_json(summary)) == (
        summary.rows,
        "no id of a vault" in summary.unread[0],
        kept["data"] if kept else None,
    )


async def test_the_summary_is_kept_as_evidence() -> None:
    """What the audit came to outlives its history (DESIGN rule 8)."""
    estate = _estate(2)

    summary = await _audit(estate)

    kept = await estate.evidence.read(f"{summary.prefix}/summary.json")
    assert to_json(summary) == (kept["data"] if kept else None)


@pytest.mark.parametrize("count", [0, 1])
async def test_a_small_estate_needs_no_window(count: int) -> None:
    """No vault, or one, ends as well."""
    summary = await _audit(_estate(count))

    assert count == len(summary.rows)


def test_a_vault_ref_of_the_estate_is_read_from_its_arm_id() -> None:
    """Whatever the case of its parts, the id names the same vault."""
    shouted = VaultRef.parse(vault_ref().arm_id.upper())

    assert vault_ref().key == shouted.key
