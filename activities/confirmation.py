"""Reads the Recovery Services vault an upgrade made and compares it with the classic record."""

from dataclasses import replace
from typing import Any

from activities.evidence import keep_step
from adapters.ports import Ports
from domain.checks import upgrade_lineage
from domain.codec import to_json
from domain.errors import NotFoundError
from domain.findings import tally
from domain.readings import tasks_of
from domain.steps import Confirmation, ConfirmRequest
from domain.summaries import StepSummary
from domain.vaults import PROVISIONING, VaultRef

ABSENT = "absent"


async def run_confirm_upgrade(ports: Ports, request: ConfirmRequest) -> Confirmation:
    """Looks whether ARM shows the new vault as ready.

    Raises:
        ServiceError: The vault could not be read for another reason than being absent.
    """
    target = VaultRef.parse(request.record.upgraded_resource_id)
    try:
        reading = await ports.recovery_services.read_vault(target)
    # Not an error yet: ARM may show the vault a little after the classic record says Upgraded, and
    # the orchestrator looks again.
    except NotFoundError:
        return _answer(request, target, ABSENT)
    properties: dict[str, Any] = reading.value.get("properties") or {}
    state = str(properties.get("provisioningState") or "")
    # A body without a state is as good as one that is not ready.
    if state in {PROVISIONING, ""}:
        return _answer(request, target, state)
    findings = upgrade_lineage.compare(request.record, reading, vault=target.name)
    tasks = tasks_of(findings)
    data = {
        "vault": reading.value,
        "findings": to_json(findings),
        "tasks": to_json(tasks),
        "provenance": to_json(reading.provenance),
    }
    await keep_step(ports, request.run, "08-confirmation", data)
    summary = StepSummary(tally=tally(findings), task_count=len(tasks))
    answer = _answer(request, target, state, summary)
    # Not with the request, which every step of the run repeats in its history: only settling needs
    # it, and what the installation covers by then is what counts.
    return replace(answer, scope=ports.scope)


def _answer(
    request: ConfirmRequest, target: VaultRef, state: str, summary: StepSummary | None = None
) -> Confirmation:
    return Confirmation(
        target=target,
        provisioning_state=state or ABSENT,
        is_ready=summary is not None,
        upgrade_ended_at=request.record.ended_at,
        summary=summary or StepSummary(),
    )
