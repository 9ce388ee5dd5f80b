"""The nightly audit covers every vault, a few at a time, and loses none to another's failure."""

from typing import Any

import pytest

from domain.audits import LANES, PAGE_VAULTS, AuditSummary
from domain.codec import from_json, to_json
from domain.errors import AccessDeniedError, EvidenceError, UnavailableError
from domain.vaults import VaultRef
from orchestrators import names
from tests.audited import audit_request, estate_of_settled
from tests.estate import FakeEstate
from tests.fakes import vault_ref
from tests.workflow import Workflow

AUDIT = audit_request()
MANY = 3 * LANES + 1
PAGES = LANES * PAGE_VAULTS + 5
"""Some lanes have a second page."""
MAX_EVENTS, MAX_PAYLOAD = 100, 45 * 1024
"""What a history and a payload may come to (durable-2x 2)."""


async def _audit(estate: FakeEstate, **replaced: Any) -> AuditSummary:
    return await _summary(estate, estate.workflow(**replaced))


async def _summary(estate: FakeEstate, workflow: Workflow) -> AuditSummary:
    await workflow.run(names.AUDIT_ESTATE, to_json(AUDIT), "audit-1")
    kept = await estate.evidence.read(f"audits/{AUDIT.audit_id}/summary.json")
    assert kept is not None
    return from_json(AuditSummary, kept["data"])


async def test_every_vault_has_a_row_in_the_order_of_the_list() -> None:
    """More vaults than run at once, and none is missing or told twice."""
    summary = await _audit(estate_of_settled(MANY))

    assert [f"vault-{number:04}" for number in range(MANY)] == [
        row.vault.name for row in summary.rows
    ]


async def test_no_more_vaults_are_read_at_once_than_allowed() -> None:
    """The window bounds what is in flight."""
    estate = estate_of_settled(MANY)
    workflow = estate.workflow()
    running: list[int] = []
    body = workflow.activities[names.CHECK_VAULT]

    async def watched(request: Any) -> Any:
        children = [one for one in workflow.instances.values() if one.name == names.AUDIT_VAULT]
        running.append(sum(one.status == "RUNNING" for one in children))
        return await body(request)

    workflow.activities = {**workflow.activities, names.CHECK_VAULT: watched}
    await workflow.run(names.AUDIT_ESTATE, to_json(AUDIT), "audit-1")

    assert LANES == max(running)


async def test_a_vault_whose_audit_breaks_is_unknown_and_the_others_go_on() -> None:
    """DESIGN rule 4: the broken one has a row that says why."""
    estate = estate_of_settled(3)
    body = estate.workflow().activities[names.CHECK_VAULT]

    async def broken_once(request: Any) -> Any:
        if request["vault"]["name"] == "vault-0001":
            raise UnavailableError("evidence store is full")
        return await body(request)

    summary = await _audit(estate, check_vault=broken_once)

    assert [None, True, None] == [
        row.error if row.error is None else "evidence store is full" in row.error
        for row in summary.rows
    ]


async def test_a_subscription_that_cannot_be_listed_is_in_the_summary() -> None:
    """Unread is not empty."""
    estate = estate_of_settled(2)
    estate.recovery_services.fail("list_vaults", AccessDeniedError("no role", status=403))

    summary = await _audit(estate)

    assert ((), 1) == (summary.rows, len(summary.unread))


async def test_an_estate_that_cannot_be_listed_at_all_is_in_the_summary() -> None:
    """Whatever breaks the list, the audit of the night leaves a trace that says so."""
    estate = estate_of_settled(2)

    async def broken(_: Any) -> Any:
        raise ValueError("no id of a vault")

    summary = await _audit(estate, list_estate=broken)

    kept = await estate.evidence.read(f"{summary.prefix}/summary.json")
    assert ((), True, to_json(summary)) == (
        summary.rows,
        "no id of a vault" in summary.unread[0],
        kept["data"] if kept else None,
    )


async def test_the_output_has_the_numbers_of_the_summary() -> None:
    """The rows are in the evidence only: what an audit came to outlives its history (rule 8)."""
    estate = estate_of_settled(2)
    workflow = estate.workflow()

    summary = await _summary(estate, workflow)

    output = workflow.instances["audit-1"].output
    assert (2, 0, 0, sum(row.tally.passed for row in summary.rows)) == (
        output["vaults"],
        output["broken"],
        output["unread"],
        output["tally"]["passed"],
    )


async def test_histories_and_payloads_stay_short_whatever_the_estate() -> None:
    """More pages than lanes: nothing grows with the vaults but the evidence."""
    estate = estate_of_settled(PAGES)
    workflow = estate.workflow()

    summary = await _summary(estate, workflow)

    events = [one for each in workflow.instances.values() for one in each.history]
    longest = max(max(len(one.history), one.longest_history) for one in workflow.instances.values())
    assert (PAGES, True, True) == (
        len(summary.rows),
        longest < MAX_EVENTS,
        max(one.ByteSize() for one in events) < MAX_PAYLOAD,
    )


async def test_vaults_of_a_page_that_cannot_be_kept_are_unknown() -> None:
    """Listed and without a row: unknown with a reason, and never a vault less (DESIGN rule 4)."""
    estate = estate_of_settled(LANES + 1)
    body = estate.workflow().activities[names.RECORD_AUDIT_PAGE]

    async def refused(record: Any) -> Any:
        if record["page"]["lane"] == 0:
            raise EvidenceError("the store is full")
        return await body(record)

    summary = await _audit(estate, record_audit_page=refused)

    lost = [index for index, row in enumerate(summary.rows) if row.error]
    assert ([0, LANES], [1, 1]) == (lost, [summary.rows[one].tally.unknown for one in lost])


async def test_a_lane_that_breaks_down_costs_no_other_its_summary() -> None:
    """Its vaults are unknown; those of the other lanes are as they were judged."""
    estate = estate_of_settled(LANES)
    workflow = estate.workflow()
    body = workflow.activities[names.READ_AUDIT_PAGE]

    async def garbled(page: Any) -> Any:
        return {"nonsense": True} if page["lane"] == 3 else await body(page)

    workflow.activities = {**workflow.activities, names.READ_AUDIT_PAGE: garbled}
    summary = await _summary(estate, workflow)

    assert [3] == [index for index, row in enumerate(summary.rows) if row.error]


@pytest.mark.parametrize("count", [0, 1])
async def test_a_small_estate_needs_no_window(count: int) -> None:
    """No vault, or one, ends as well."""
    summary = await _audit(estate_of_settled(count))

    assert count == len(summary.rows)


def test_a_vault_ref_of_the_estate_is_read_from_its_arm_id() -> None:
    """Whatever the case of its parts, the id names the same vault."""
    shouted = VaultRef.parse(vault_ref().arm_id.upper())

    assert vault_ref().key == shouted.key
