"""Lists the machines and backup servers registered in the vault, and judges each."""

from activities.attempts import attempt, failures
from activities.before_images import machines_before
from activities.evidence import keep_findings
from activities.rosters import machines_known_before, read_rosters
from adapters.ports import Ports
from domain.agents import parse_engine
from domain.checks import agent_health, agent_version, machine_visible, server_updates
from domain.codec import JsonObject
from domain.findings import Finding
from domain.readings import Attempt, FailedRead, tasks_of
from domain.rosters import check_once, registrations_of
from domain.settling import SettleRequest
from domain.summaries import StepSummary


async def run_list_agents(ports: Ports, settle: SettleRequest) -> StepSummary:
    """Judges version, signs of life, visibility and registration of every machine.

    Raises:
        EvidenceError: The rosters could not be read, or the findings not be kept.
    """
    arm = ports.recovery_services
    vault, name = settle.vault, settle.vault.name
    # One after the other: the provider's bucket for what is inside a vault is small, and no person
    # waits for this step (recovery-services 8).
    agents = await attempt("the registered machines", arm.list_agents(vault))
    engines = await attempt("the backup servers", arm.list_engines(vault))
    items = await attempt("the protected items", arm.list_items(vault))
    counts = await attempt("the container counts", arm.list_container_counts(vault))
    known = await _known_before(ports, settle, engines)
    findings = (
        *agent_version.check(agents, engines, vault=name),
        *server_updates.check(engines, vault=name),
        *agent_health.check(agents, items, vault=name, now=ports.clock.now()),
        *machine_visible.check(agents, counts, vault=name, known_before=known),
        *await _registered_once(ports, settle, agents),
    )
    return await keep_findings(
        ports,
        settle,
        "10-agents",
        findings,
        tasks_of(findings),
        unread=failures(agents, engines, items, counts),
    )


async def _known_before(
    ports: Ports, settle: SettleRequest, engines: Attempt[tuple[JsonObject, ...]]
) -> frozenset[str]:
    """Machines the vault had before: those with an old agent have no name but from there."""
    told = {*settle.known_machines, *await machines_known_before(ports, settle.vault)}
    # The classic list may hold backup servers, too, which show in a list of their own now.
    if not isinstance(engines, FailedRead):
        servers = {parse_engine(one).name.casefold() for one in engines.value}
        before = await machines_before(ports, settle.prefix)
        told |= {name for name in before if name.casefold() not in servers}
    return frozenset(told)


async def _registered_once(
    ports: Ports, settle: SettleRequest, agents: Attempt[tuple[JsonObject, ...]]
) -> tuple[Finding, ...]:
    # That the machines could not be read is told by their own finding.
    if isinstance(agents, FailedRead) or not agents.value:
        return ()
    # Made before this step by whoever came first (orchestrators/rosters.py), so that this only
    # reads.
    rosters = await read_rosters(ports, settle.subscriptions)
    return check_once(registrations_of(settle.vault, agents), rosters, vault=settle.vault)
