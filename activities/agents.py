"""Lists the machines and backup servers registered in the vault."""

from activities.attempts import attempt, failures
from activities.evidence import keep_findings
from adapters.ports import Ports
from domain.checks import agent_version
from domain.readings import tasks_of
from domain.settling import SettleRequest
from domain.summaries import StepSummary


async def run_list_agents(ports: Ports, settle: SettleRequest) -> StepSummary:
    """Judges the version of every agent.

    Raises:
        EvidenceError: The findings could not be kept.
    """
    arm = ports.recovery_services
    agents = await attempt("the registered machines", arm.list_agents(settle.vault))
    engines = await attempt("the backup servers", arm.list_engines(settle.vault))
    findings = agent_version.check(agents, engines, vault=settle.vault.name)
    return await keep_findings(
        ports,
        settle,
        "10-agents",
        findings,
        tasks_of(findings),
        unread=failures(agents, engines),
    )
