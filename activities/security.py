"""Reads the security settings an upgrade turns on, and what they ask of policies."""

from activities.attempts import attempt, failures
from activities.evidence import keep_findings
from adapters.ports import Ports
from domain import security
from domain.checks import agent_policies, security_cost, vault_security
from domain.codec import JsonObject
from domain.findings import Finding
from domain.readings import Attempt, FailedRead, tasks_of
from domain.settling import SettleRequest
from domain.summaries import StepSummary
from domain.vaults import Reading


async def run_read_security(ports: Ports, settle: SettleRequest) -> StepSummary:
    """Judges enhanced security, soft delete and retention minimums by every source there is.

    Raises:
        EvidenceError: The findings could not be kept.
    """
    arm = ports.recovery_services
    vault, name = settle.vault, settle.vault.name
    document = await attempt("the vault", arm.read_vault(vault))
    config = await attempt("vaultconfig", arm.read_vault_config(vault))
    # The list may say less than the vault's own document (audit-checks D9): read to be compared.
    vaults = await attempt("the list of vaults", arm.list_vaults(vault.subscription_id))
    policies = await attempt("the policies", arm.list_policies(vault))
    listed = _listed(vaults, settle)
    findings = (
        *vault_security.check(document, config, vault=name, listed=listed),
        *_consequences(document, config, listed, name),
        *agent_policies.check(policies, vault=name),
    )
    return await keep_findings(
        ports,
        settle,
        "10-security",
        findings,
        tasks_of(findings),
        # The list is a third voice: without it two sources are left, which is no gap.
        unread=failures(document, config, policies),
    )


def _listed(
    vaults: Attempt[tuple[JsonObject, ...]], settle: SettleRequest
) -> Reading[JsonObject] | None:
    """The vault as the list shows it; None where the list does not have it."""
    if isinstance(vaults, FailedRead):
        return None
    wanted = settle.vault.arm_id.casefold()
    for one in vaults.value:
        # Resource ids come in any case (recovery-services 0).
        if str(one.get("id") or "").casefold() == wanted:
            return Reading(value=one, provenance=vaults.provenance)
    return None


def _consequences(
    document: Attempt[JsonObject],
    config: Attempt[JsonObject],
    listed: Reading[JsonObject] | None,
    vault: str,
) -> tuple[Finding, ...]:
    """What the settings mean for people, by the same sources."""
    readings = [one for one in (document, listed) if isinstance(one, Reading)]
    usable = config if isinstance(config, Reading) else None
    if not readings and usable is None:
        return ()
    enhanced = security.facts_about(security.ENHANCED_SECURITY, readings, usable)
    days = security.facts_about(security.SOFT_DELETE_DAYS, readings, usable)
    return (
        security_cost.check_cost(security.setting_state(enhanced), vault=vault),
        security_cost.check_days(days, vault=vault),
    )
