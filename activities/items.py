"""Looks what became of the vault's protected items."""

from activities.attempts import attempt, failures
from activities.evidence import keep_findings
from adapters.ports import Ports
from domain.checks import items as items_check
from domain.checks.backups_around import tell_around, window_around
from domain.codec import JsonObject
from domain.findings import Finding
from domain.protected_items import parse_protected_item
from domain.readings import Attempt, FailedRead, tasks_of
from domain.settling import SettleRequest
from domain.summaries import StepSummary


async def run_read_items(ports: Ports, settle: SettleRequest) -> StepSummary:
    """Judges every item: its state, its backups, and what is left of classic machines.

    Raises:
        EvidenceError: The findings could not be kept.
    """
    arm = ports.recovery_services
    items = await attempt("the protected items", arm.list_items(settle.vault))
    findings = items_check.check(
        items,
        vault=settle.vault.name,
        upgrade_ended_at=settle.upgrade_ended_at,
        now=ports.clock.now(),
    )
    twins, unread = await _twins(ports, settle, items)
    findings = (*await _around(ports, settle, items, findings), *twins)
    return await keep_findings(
        ports,
        settle,
        "10-items",
        findings,
        tasks_of(findings),
        unread=(*failures(items), *unread),
    )


async def _around(
    ports: Ports,
    settle: SettleRequest,
    items: Attempt[tuple[JsonObject, ...]],
    findings: tuple[Finding, ...],
) -> tuple[Finding, ...]:
    """The last backup before the upgrade and the first after it, while its jobs can be listed."""
    window = window_around(settle.upgrade_ended_at, ports.clock.now())
    if window is None or settle.upgrade_ended_at is None or isinstance(items, FailedRead):
        return findings
    jobs = await attempt(
        "the jobs around the upgrade", ports.recovery_services.list_jobs(settle.vault, *window)
    )
    # Without jobs the items' own word is left, which decides the verdict in any case.
    if isinstance(jobs, FailedRead):
        return findings
    return tell_around(findings, items.value, jobs, settle.upgrade_ended_at)


async def _twins(
    ports: Ports, settle: SettleRequest, items: Attempt[tuple[JsonObject, ...]]
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Machines moved to Resource Manager; nobody is asked where no classic machine is left."""
    if isinstance(items, FailedRead):
        return (), ()
    # Listing machines makes the service look through the subscription; not without need.
    if not any(parse_protected_item(one).is_classic_vm for one in items.value):
        return (), ()
    read = ports.recovery_services.list_protectable_vms(settle.vault)
    protectable = await attempt("the machines that could be protected", read)
    findings = items_check.check_twins(items.value, protectable, vault=settle.vault.name)
    return findings, failures(protectable)
