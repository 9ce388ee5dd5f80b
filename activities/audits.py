"""The nightly audit: which vaults there are, what each looks like, and what it all came to."""

import asyncio
from typing import Any

from activities.attempts import attempt
from activities.evidence import keep
from adapters.ports import EvidenceEntry, Ports
from domain.audits import (
    AuditOutcome,
    AuditPage,
    AuditRequest,
    AuditRow,
    AuditRows,
    AuditSummary,
    Estate,
    EstateAnswer,
    PageRecord,
    PageRequest,
    SummaryRequest,
    VaultAuditRequest,
    lanes_of,
)
from domain.checks import agent_version, time_zone, upgrade_lineage, vault_security
from domain.codec import from_json, to_json
from domain.errors import EvidenceError, ServiceError
from domain.findings import Finding, Tally, add_tallies, tally
from domain.readings import tasks_of
from domain.steps import Recorded
from domain.vaults import VaultRef


async def run_list_estate(ports: Ports, request: AuditRequest) -> EstateAnswer:
    """Every Recovery Services vault of the subscriptions, kept in pages; unreadable ones are named.

    Raises:
        EvidenceError: The list could not be kept.
    """
    entry = await _keep_of_audit(
        ports, request.audit_id, "estate", await _list(ports, request), kind="audit-estate"
    )
    # The list that was kept, not the one just read: run again after a crash, pages of two lists
    # would lose a vault or have it twice.
    estate = from_json(Estate, entry.document["data"])
    for lane, pages in enumerate(lanes_of(estate.vaults)):
        for number, page in enumerate(pages):
            name = f"pages/{lane}-{number:04}"
            await _keep_of_audit(ports, request.audit_id, name, page, kind="audit-page")
    return EstateAnswer(vault_count=len(estate.vaults))


async def _list(ports: Ports, request: AuditRequest) -> Estate:
    vaults: list[VaultRef] = []
    unread: list[str] = []
    for subscription in request.subscriptions:
        try:
            reading = await ports.recovery_services.list_vaults(subscription)
        # One subscription we may not see must not cost the others their audit; it is named as
        # unread and passes nothing (DESIGN rule 4).
        except ServiceError as failure:
            unread.append(f"Subscription {subscription} could not be listed: {failure}")
        else:
            vaults += [VaultRef.parse(str(document["id"])) for document in reading.value]
    return Estate(vaults=tuple(vaults), unread=tuple(unread))


async def run_read_audit_page(ports: Ports, request: PageRequest) -> AuditPage:
    """The vaults of one page.

    Raises:
        EvidenceError: The page is not there, or could not be read.
    """
    key = f"audits/{request.audit_id}/pages/{request.lane}-{request.page:04}.json"
    document = await ports.evidence.read(key)
    if document is None:
        raise EvidenceError("the page of vaults is missing", subject=key)
    return from_json(AuditPage, document["data"])


async def run_check_vault(ports: Ports, request: VaultAuditRequest) -> AuditRow:
    """Reads one vault and judges it by every check; keeps the findings.

    Raises:
        EvidenceError: The findings could not be kept.
    """
    vault = request.vault
    findings = await _findings(ports, vault)
    entry = await keep(
        ports,
        key=f"audits/{request.audit_id}/{vault.key}.json",
        kind="audit",
        vault=str(vault),
        run_id=request.audit_id,
        data={"findings": to_json(findings), "tasks": to_json(tasks_of(findings))},
    )
    # Run again after a crash, it counts what was kept, as every step does.
    kept = from_json(tuple[Finding, ...], entry.document["data"]["findings"])
    return AuditRow(vault=vault, tally=tally(kept))


async def _findings(ports: Ports, vault: VaultRef) -> tuple[Finding, ...]:
    arm = ports.recovery_services
    # Five reads at once for eight vaults at a time: far below the smallest bucket seen
    # (recovery-services 8).
    document, config, policies, agents, engines = await asyncio.gather(
        attempt("the vault", arm.read_vault(vault)),
        attempt("vaultconfig", arm.read_vault_config(vault)),
        attempt("the policies", arm.list_policies(vault)),
        attempt("the registered machines", arm.list_agents(vault)),
        attempt("the backup servers", arm.list_engines(vault)),
    )
    return (
        *upgrade_lineage.check(document, vault=vault.name, now=ports.clock.now()),
        *vault_security.check(document, config, vault=vault.name),
        *time_zone.check(policies, vault=vault.name),
        *agent_version.check(agents, engines, vault=vault.name),
    )


async def run_record_audit_page(ports: Ports, record: PageRecord) -> Recorded:
    """Keeps what one page came to.

    Raises:
        EvidenceError: The rows could not be kept.
    """
    page = record.page
    name = f"rows/{page.lane}-{page.page:04}"
    rows = AuditRows(rows=record.rows)
    await _keep_of_audit(ports, page.audit_id, name, rows, kind="audit-rows")
    return Recorded(key=f"audits/{page.audit_id}/{name}.json")


async def run_sum_up_audit(ports: Ports, request: SummaryRequest) -> AuditOutcome:
    """Makes the summary from the list and the rows that were kept; gives its numbers.

    Raises:
        EvidenceError: The evidence could not be read, or the summary not be kept.
    """
    prefix = f"audits/{request.audit_id}"
    listed = await ports.evidence.read(f"{prefix}/estate.json")
    if listed is None:
        raise EvidenceError("the list of vaults is missing", subject=prefix)
    estate = from_json(Estate, listed["data"])
    rows = await _rows(ports, prefix)
    summary = AuditSummary(
        audit_id=request.audit_id,
        prefix=prefix,
        rows=tuple(rows.get(vault.key) or _lost(vault) for vault in estate.vaults),
        unread=estate.unread,
    )
    return _outcome(await run_record_audit(ports, summary))


async def _rows(ports: Ports, prefix: str) -> dict[str, AuditRow]:
    """The rows of all pages, by vault."""
    rows: dict[str, AuditRow] = {}
    for key in await ports.evidence.list_keys(f"{prefix}/rows/"):
        document = await ports.evidence.read(key)
        if document is not None:
            kept = from_json(AuditRows, document["data"])
            rows |= {row.vault.key: row for row in kept.rows}
    return rows


def _lost(vault: VaultRef) -> AuditRow:
    # Listed and not judged is unknown, never a vault less (DESIGN rule 4).
    return AuditRow(vault=vault, tally=Tally(unknown=1), error="No result of this vault was kept.")


def _outcome(summary: AuditSummary) -> AuditOutcome:
    return AuditOutcome(
        audit_id=summary.audit_id,
        prefix=summary.prefix,
        vaults=len(summary.rows),
        broken=sum(row.error is not None for row in summary.rows),
        unread=len(summary.unread),
        tally=add_tallies(row.tally for row in summary.rows),
    )


async def run_record_audit(ports: Ports, summary: AuditSummary) -> AuditSummary:
    """Keeps the summary of a whole audit, or finds the one that is there.

    Raises:
        EvidenceError: The summary could not be kept.
    """
    entry = await _keep_of_audit(ports, summary.audit_id, "summary", summary, kind="audit-summary")
    return from_json(AuditSummary, entry.document["data"])


async def _keep_of_audit(
    ports: Ports, audit_id: str, name: str, data: Any, *, kind: str
) -> EvidenceEntry:
    return await keep(
        ports,
        key=f"audits/{audit_id}/{name}.json",
        kind=kind,
        vault="all vaults in scope",
        run_id=audit_id,
        data=to_json(data),
    )
