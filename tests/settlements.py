"""Settlements of one fake vault: the request, a run of it in virtual time, and what it left."""

from typing import Any

from domain.codec import from_json, to_json
from domain.outcomes import SettlementOutcome, SettlementReport
from domain.requests import TimeZoneMode, settle_instance_id
from domain.settling import SettleRequest, SettleResult
from orchestrators import names
from tests.estate import FakeEstate, policy_document, settled_vault
from tests.fakes import FakeVault, vault_ref
from tests.workflow import Instance, Workflow

PACIFIC = "Pacific Standard Time"
INSTANCE = settle_instance_id(vault_ref())


def settle_request(run_id: str = "request-1", **changes: Any) -> SettleRequest:
    """A settlement of the test vault that needs nobody's approval."""
    request: dict[str, Any] = {
        "vault": vault_ref(),
        "run_id": run_id,
        "prefix": f"vaults/{vault_ref().key}/settlements/{run_id}",
        "time_zone": PACIFIC,
        "time_zone_mode": TimeZoneMode.SET_ZONE,
        "upgrade_ended_at": None,
        "log_workspace_id": None,
        "requested_by": "operator@example.com",
        "is_alone": True,
    }
    return SettleRequest(**{**request, **changes})


def estate_with(vault: FakeVault | None = None, **changes: Any) -> FakeEstate:
    """An estate whose vault is a Recovery Services vault already."""
    estate = FakeEstate.make()
    estate.recovery_services.add(vault_ref(), vault or settled_vault(**changes))
    return estate


def policies(count: int, name_length: int = 9, **properties: Any) -> dict[str, dict[str, Any]]:
    """So many policies without a zone."""
    names_of = [f"Policy{number:03}".ljust(name_length, "x") for number in range(count)]
    return {name: policy_document(name, **properties) for name in names_of}


async def settle(
    estate: FakeEstate, request: SettleRequest | None = None, workflow: Workflow | None = None
) -> tuple[SettlementOutcome, Instance]:
    """Runs ``settle_vault`` to its end; gives the outcome and the instance."""
    engine = workflow or estate.workflow()
    asked = to_json(request or settle_request())
    instance = await engine.run(names.SETTLE_VAULT, asked, INSTANCE)
    if instance.output is None:
        raise AssertionError(f"the settlement failed: {instance.failure}")
    outcome = from_json(SettleResult, instance.output).outcome
    if outcome is None:
        raise AssertionError("the settlement recorded no end")
    return outcome, instance


async def report_of(estate: FakeEstate, outcome: SettlementOutcome) -> SettlementReport:
    """The report a settlement has kept."""
    document = await estate.evidence.read(f"{outcome.evidence_prefix}/outcome.json")
    if document is None:
        raise AssertionError("no report was kept")
    return from_json(SettlementReport, document["data"])
