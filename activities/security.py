"""Reads the security settings an upgrade turns on."""

from activities.attempts import attempt, failures
from activities.evidence import keep_findings
from adapters.ports import Ports
from domain.checks import vault_security
from domain.readings import tasks_of
from domain.settling import SettleRequest
from domain.summaries import StepSummary


async def run_read_security(ports: Ports, settle: SettleRequest) -> StepSummary:
    """Judges enhanced security and soft delete by every source that can be read.

    Raises:
        EvidenceError: The findings could not be kept.
    """
    arm = ports.recovery_services
    document = await attempt("the vault", arm.read_vault(settle.vault))
    config = await attempt("vaultconfig", arm.read_vault_config(settle.vault))
    findings = vault_security.check(document, config, vault=settle.vault.name)
    return await keep_findings(
        ports,
        settle,
        "10-security",
        findings,
        tasks_of(findings),
        unread=failures(document, config),
    )
