"""Closes a run: gathers what its steps kept into one report, and keeps that."""

from dataclasses import replace
from typing import Any

from activities.evidence import keep_step
from activities.outlooks import read_outlooks
from adapters.ports import Ports
from domain.checklist import checklist
from domain.codec import JsonObject, from_json
from domain.estate_map import EstateMap
from domain.findings import Finding, tally
from domain.outcomes import ManualTask, VaultOutcome, VaultReport
from domain.steps import VerdictRequest
from domain.upgrade import PrerequisiteCheck, PrerequisiteReason
from domain.work_list import work_list

OUTCOME_STEP = "outcome"
"""Last document of every run; reports are made from these."""


async def run_record_verdict(ports: Ports, request: VerdictRequest) -> VaultOutcome:
    """Writes the run's report and gives its outcome.

    Run twice, it finds the first report and gives that one's outcome: a verdict does not change.

    Raises:
        EvidenceError: The evidence could not be read or the report not be kept.
    """
    prefix = request.run.prefix
    # From evidence and not handed over by the workflow: findings of a large vault would not fit
    # into a history (durable-2x 2).
    documents = {
        key: document
        for key in await ports.evidence.list_keys(f"{prefix}/")
        if (document := await ports.evidence.read(key)) is not None
    }
    report = replace(
        _report(request, documents, ports.estate_map),
        policies=await read_outlooks(ports, prefix),
    )
    entry = await keep_step(ports, request.run, OUTCOME_STEP, report)
    return from_json(VaultReport, entry.document["data"]).outcome


def _report(
    request: VerdictRequest, documents: dict[str, JsonObject], estate_map: EstateMap
) -> VaultReport:
    findings = _gather(documents, "findings", tuple[Finding, ...])
    tasks = _gather(documents, "tasks", tuple[ManualTask, ...])
    bundles = [key for key in documents if key.endswith("support-bundle.json")]
    record = request.record
    return VaultReport(
        outcome=_outcome(request, findings, tasks),
        requested_by=request.run.request.requested_by,
        trigger=record.trigger_type if record else None,
        upgrade_started_at=record.started_at if record else None,
        upgrade_ended_at=record.ended_at if record else None,
        prerequisites=_prerequisites(documents),
        milestones=request.milestones,
        findings=findings,
        tasks=tasks,
        support_bundle=bundles[0] if bundles else None,
        # A vault that is still a classic one has nothing to hold against the article yet.
        checklist=checklist(findings) if request.target is not None else (),
        work_list=work_list(findings, vault=request.run.request.vault.name, estate_map=estate_map),
    )


def _outcome(
    request: VerdictRequest, findings: tuple[Finding, ...], tasks: tuple[ManualTask, ...]
) -> VaultOutcome:
    return VaultOutcome(
        instance_id=request.run.instance_id,
        run_id=request.run.run_id,
        vault=request.run.request.vault,
        target=request.target,
        state=request.state,
        reasons=request.reasons,
        operation_id=request.operation_id,
        started_at=request.started_at,
        ended_at=request.ended_at,
        tally=tally(findings),
        task_count=len(tasks),
        evidence_prefix=request.run.prefix,
    )


def _gather(documents: dict[str, JsonObject], member: str, shape: Any) -> Any:
    """The entries of ``member`` in every document of the run, in the order of the steps."""
    entries = [
        entry
        for key in sorted(documents)
        for entry in documents[key]["data"].get(member, ())
        if documents[key]["kind"] != OUTCOME_STEP
    ]
    return from_json(shape, entries)


def _prerequisites(documents: dict[str, JsonObject]) -> tuple[PrerequisiteReason, ...]:
    """The reasons of the last check that was made."""
    # The last one is what the start rested on; earlier ones may tell of reasons that are gone.
    checks = sorted(key for key in documents if "/03-prerequisites-" in key)
    if not checks:
        return ()
    return from_json(PrerequisiteCheck, documents[checks[-1]]["data"]).reasons
