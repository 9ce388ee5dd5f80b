"""Reads the Recovery Services vault an upgrade made and compares it with the classic record."""

from typing import Any

from activities.evidence import keep_step
from adapters.ports import Ports
from domain.codec import to_json
from domain.errors import NotFoundError
from domain.findings import Finding
from domain.steps import Confirmation, ConfirmRequest
from domain.upgrade_details import compare_records, parse_upgrade_details
from domain.vaults import Provenance, VaultRef

ABSENT = "absent"
PROVISIONING = "Provisioning"
"""ARM's state while the upgrade runs, or after it failed (vault-upgrade 2.6)."""


async def run_confirm_upgrade(ports: Ports, request: ConfirmRequest) -> Confirmation:
    """Looks whether ARM shows the new vault as ready.

    Raises:
        ServiceError: The vault could not be read for another reason than being absent.
    """
    target = VaultRef.parse(request.record.upgraded_resource_id)
    try:
        reading = await ports.recovery_services.read_vault(target)
    except NotFoundError:
        return _answer(request, target, ABSENT)
    properties: dict[str, Any] = reading.value.get("properties") or {}
    state = str(properties.get("provisioningState") or "")
    confirmation = _answer(request, target, state)
    if confirmation.is_ready:
        findings = _compare(request, properties, reading.provenance)
        data = {
            "vault": reading.value,
            "confirmation": to_json(confirmation),
            "findings": to_json(findings),
            "provenance": to_json(reading.provenance),
        }
        await keep_step(ports, request.run, "08-confirmation", data)
    return confirmation


def _answer(request: ConfirmRequest, target: VaultRef, state: str) -> Confirmation:
    return Confirmation(
        target=target,
        provisioning_state=state,
        is_ready=state not in {ABSENT, PROVISIONING, ""},
        upgrade_ended_at=request.record.ended_at,
    )


def _compare(
    request: ConfirmRequest, properties: dict[str, Any], provenance: Provenance
) -> tuple[Finding, ...]:
    details = parse_upgrade_details(properties.get("upgradeDetails"))
    return compare_records(request.record, details, provenance)
