"""The nightly audit: which vaults there are, what each looks like, and what it all came to."""

import asyncio

from activities.attempts import attempt
from activities.evidence import keep
from adapters.ports import Ports
from domain.audits import AuditRequest, AuditRow, AuditSummary, Estate, VaultAuditRequest
from domain.checks import agent_version, time_zone, upgrade_lineage, vault_security
from domain.codec import to_json
from domain.errors import ServiceError
from domain.findings import Finding, tally
from domain.readings import tasks_of
from domain.vaults import VaultRef


async def run_list_estate(ports: Ports, request: AuditRequest) -> Estate:
    """Every Recovery Services vault of the subscriptions; those not readable are named."""
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


async def run_check_vault(ports: Ports, request: VaultAuditRequest) -> AuditRow:
    """Reads one vault and judges it by every check; keeps the findings.

    Raises:
        EvidenceError: The findings could not be kept.
    """
    vault = request.vault
    findings = await _findings(ports, vault)
    await keep(
        ports,
        key=f"audits/{request.audit_id}/{vault.key}.json",
        kind="audit",
        vault=str(vault),
        run_id=request.audit_id,
        data={"findings": to_json(findings), "tasks": to_json(tasks_of(findings))},
    )
    return AuditRow(vault=vault, tally=tally(findings))


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


async def run_record_audit(ports: Ports, summary: AuditSummary) -> AuditSummary:
    """Keeps the summary of a whole audit.

    Raises:
        EvidenceError: The summary could not be kept.
    """
    await keep(
        ports,
        key=f"{summary.prefix}/summary.json",
        kind="audit-summary",
        vault="all vaults in scope",
        run_id=summary.audit_id,
        data=to_json(summary),
    )
    return summary
