"""The two ends of a settlement that was started by itself: its first look, and its verdict."""

from activities.evidence import keep, keep_findings
from activities.outlooks import read_outlooks
from adapters.ports import Ports
from domain.checklist import checklist
from domain.checks import upgrade_lineage
from domain.codec import JsonObject, from_json, to_json
from domain.findings import Finding, Verdict, tally
from domain.outcomes import ManualTask, SettlementOutcome, SettlementReport
from domain.readings import tasks_of
from domain.settlements import end_state
from domain.settling import Lineage, SettlementVerdictRequest, SettleRequest, SettlingAnswer
from domain.steps import Recorded
from domain.upgrade import UpgradeRecord, UpgradeStatus
from domain.upgrade_details import parse_upgrade_details
from domain.vaults import PROVISIONING
from domain.work_list import work_list

OUTCOME_STEP = "outcome"
"""Last document of every settlement."""


async def run_read_lineage(ports: Ports, settle: SettleRequest) -> Lineage:
    """Reads the vault and its record of the upgrade, and whether anything may be done to it now.

    Raises:
        ServiceError: The vault could not be read.
        EvidenceError: The findings could not be kept.
    """
    await keep(
        ports,
        key=f"{settle.prefix}/01-request.json",
        kind="settle-request",
        vault=str(settle.vault),
        run_id=settle.run_id,
        data=to_json(settle),
    )
    # No retry of our own and no fallback: a vault nobody can read is not written to.
    reading = await ports.recovery_services.read_vault(settle.vault)
    findings = upgrade_lineage.check(reading, vault=settle.vault.name, now=ports.clock.now())
    summary = await keep_findings(ports, settle, "08-lineage", findings, tasks_of(findings))
    # Absent for most vaults upgraded in 2017: then the request's own date, if any, counts.
    record = parse_upgrade_details(reading.value)
    failed = any(one.verdict is Verdict.FAIL for one in findings)
    return Lineage(
        # The service's own date outweighs an operator's memory.
        upgrade_ended_at=record.ended_at if record is not None else settle.upgrade_ended_at,
        blocker=_blocker(reading.value, findings, is_running=_is_running(record)),
        needs_support=failed,
        summary=summary,
    )


def _is_running(record: UpgradeRecord | None) -> bool:
    return record is not None and record.status is UpgradeStatus.IN_PROGRESS


def _blocker(vault: JsonObject, findings: tuple[Finding, ...], *, is_running: bool) -> str:
    # DESIGN rule 2: what failed is Microsoft's to look at before anybody changes anything.
    for one in findings:
        if one.verdict is Verdict.FAIL:
            return f"{one.message}. {one.what_to_do}"
    state = str((vault.get("properties") or {}).get("provisioningState") or "")
    if is_running or state == PROVISIONING:
        return "The vault is being upgraded; settle it once the upgrade has ended."
    return ""


async def run_record_answer(ports: Ports, answer: SettlingAnswer) -> Recorded:
    """Keeps one answer, whether it counted or not: who, what and when.

    Raises:
        EvidenceError: The answer could not be kept.
    """
    settle = answer.settle
    key = f"{settle.prefix}/05-{answer.question}-{answer.at:%Y%m%dT%H%M%S%f}.json"
    await keep(
        ports,
        key=key,
        kind=answer.question,
        vault=str(settle.vault),
        run_id=settle.run_id,
        data={"decision": answer.decision, "at": answer.at.isoformat(), **answer.data},
    )
    return Recorded(key=key)


async def run_record_settlement(
    ports: Ports, request: SettlementVerdictRequest
) -> SettlementOutcome:
    """Writes the settlement's report and gives its outcome; a verdict does not change.

    Raises:
        EvidenceError: The evidence could not be read or the report not be kept.
    """
    settle = request.settle
    # From evidence, not from the history: findings are too many to travel (DESIGN rule 8).
    findings, tasks = await _gather(ports, settle.prefix)
    state, reasons = end_state(request)
    outcome = SettlementOutcome(
        instance_id=request.instance_id,
        run_id=settle.run_id,
        vault=settle.vault,
        state=state,
        reasons=reasons,
        pending_changes=request.pending_changes,
        started_at=request.started_at,
        ended_at=request.ended_at,
        tally=tally(findings),
        task_count=len(tasks),
        evidence_prefix=settle.prefix,
    )
    report = SettlementReport(
        outcome=outcome,
        requested_by=settle.requested_by,
        checklist=checklist(findings),
        findings=findings,
        tasks=tasks,
        work_list=work_list(findings, vault=settle.vault.name, estate_map=ports.estate_map),
        policies=await read_outlooks(ports, settle.prefix),
        is_dry_run=settle.is_dry_run,
    )
    entry = await keep(
        ports,
        key=f"{settle.prefix}/{OUTCOME_STEP}.json",
        kind=OUTCOME_STEP,
        vault=str(settle.vault),
        run_id=settle.run_id,
        data=to_json(report),
    )
    return from_json(SettlementReport, entry.document["data"]).outcome


async def _gather(ports: Ports, prefix: str) -> tuple[tuple[Finding, ...], tuple[ManualTask, ...]]:
    """The findings and tasks every step of the settlement has kept, in the order of the steps."""
    findings: list[Finding] = []
    tasks: list[ManualTask] = []
    for key in sorted(await ports.evidence.list_keys(f"{prefix}/")):
        document = await ports.evidence.read(key)
        # Written twice after a crash, the report must not count its own findings again.
        if document is None or document["kind"] == OUTCOME_STEP:
            continue
        findings += from_json(tuple[Finding, ...], document["data"].get("findings", ()))
        tasks += from_json(tuple[ManualTask, ...], document["data"].get("tasks", ()))
    return tuple(findings), tuple(tasks)
