"""What the checks before an upgrade are tried on."""

from typing import Any

from domain.prechecks import CheckContext
from domain.upgrade import (
    CheckOutcome,
    PrerequisiteCheck,
    PrerequisiteReason,
    Severity,
)
from tests.fakes import classic_ref, classic_vault


def service_check(*reasons: PrerequisiteReason) -> PrerequisiteCheck:
    """The service's answer with these reasons."""
    return PrerequisiteCheck(
        outcome=CheckOutcome.FAILED if reasons else CheckOutcome.SUCCEEDED,
        reasons=reasons,
        client_request_id="check-1",
        provenance=classic_vault().provenance,
    )


def service_reason(
    code: str = "Code", message: str = "text", severity: Severity = Severity.ERROR, **changes: Any
) -> PrerequisiteReason:
    """A reason of the service; its table is the message, split."""
    rows = tuple(tuple(row.split(";")) for row in message.split("|"))
    members = {"category": "", "recommended_action": "", "rows": rows, **changes}
    return PrerequisiteReason(severity=severity, code=code, message=message, **members)


def context(group: str = "rg-backup-upgraded", region: str = "West US", **consents: Any) -> Any:
    """What is checked, with the consents a request gives."""
    return CheckContext(
        classic=classic_vault(classic_ref(region=region)),
        check=service_check(),
        target_group=group,
        create_group=consents.get("create_group", False),
        register_providers=consents.get("register_providers", False),
    )
