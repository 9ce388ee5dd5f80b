"""How activities keep evidence: one form of document, one place that writes it.

Every document is written once (DESIGN rule 8). An activity that runs again after a crash finds its
own document there and leaves it as it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.ports import EvidenceEntry, Ports
from domain.codec import from_json, to_json
from domain.evidence import evidence_document, kind_of
from domain.findings import Finding, tally
from domain.outcomes import ManualTask
from domain.settling import SettleRequest
from domain.steps import Run
from domain.summaries import StepSummary


async def keep(
    ports: Ports, *, key: str, kind: str, vault: str, run_id: str, data: Mapping[str, Any]
) -> EvidenceEntry:
    """Keeps one document under ``key``, or finds the one that is there.

    Raises:
        EvidenceError: The store cannot keep it.
    """
    # Dated by this machine, for people; nothing that must be exact is decided by it.
    document = evidence_document(
        kind=kind, subject=vault, run_id=run_id, at=ports.clock.now(), data=data
    )
    return await ports.evidence.create(key, document)


async def keep_step(ports: Ports, run: Run, step: str, data: Any) -> EvidenceEntry:
    """Keeps what one step of a run found: ``data`` is a dataclass or plain JSON."""
    return await keep(
        ports,
        key=f"{run.prefix}/{step}.json",
        kind=kind_of(step),
        vault=str(run.request.vault),
        run_id=run.run_id,
        data=to_json(data),
    )


async def keep_findings(
    ports: Ports,
    settle: SettleRequest,
    step: str,
    findings: Sequence[Finding],
    tasks: Sequence[ManualTask] = (),
    unread: Sequence[str] = (),
) -> StepSummary:
    """Keeps the findings and tasks of a settling step and gives their count.

    Run again after a crash, it counts what was kept: the report shows that, and a verdict made of
    another reading would contradict it.
    """
    entry = await keep(
        ports,
        key=f"{settle.prefix}/{step}.json",
        kind=kind_of(step),
        vault=str(settle.vault),
        run_id=settle.run_id,
        data={
            "findings": to_json(tuple(findings)),
            "tasks": to_json(tuple(tasks)),
            "unread": list(unread),
        },
    )
    kept = entry.document["data"]
    return StepSummary(
        tally=tally(from_json(tuple[Finding, ...], kept["findings"])),
        task_count=len(kept["tasks"]),
        unread=tuple(kept["unread"]),
    )
