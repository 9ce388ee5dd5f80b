"""What is kept of a failed upgrade."""

from datetime import timedelta

import pytest

from activities.operations import run_record_failure
from domain.codec import to_json
from domain.errors import UnavailableError
from domain.retries import RetryAuthorization
from domain.steps import FailureRecord, Run
from domain.upgrade import UpgradeStatus
from tests.fakes import (
    NOON,
    FakeRecoveryServices,
    MemoryEvidence,
    classic_ref,
    fake_ports,
    upgrade_record,
    upgrade_request,
)

VAULT = f"vaults/{classic_ref().key}"
BUNDLE = f"{VAULT}/runs/request-1/10-support-bundle.json"
INTENT = f"{VAULT}/start/attempt-1/intent.json"
FAILED = f"{VAULT}/start/attempt-1/failed.json"


def _request(*, is_shown: bool = True) -> FailureRecord:
    record = upgrade_record("shown", UpgradeStatus.FAILED) if is_shown else None
    run = Run(instance_id="upgrade-1", request=upgrade_request())
    return FailureRecord(run=run, record=record, at=NOON + timedelta(hours=1))


async def test_a_bundle_lists_the_calls_of_its_own_run_only() -> None:
    """The name of one run may begin like that of another."""
    evidence = MemoryEvidence()
    for run_id in ("request-1", "request-10"):
        call = {"source": "GET /a", "request_id": run_id, "read_at": NOON.isoformat()}
        evidence.documents[f"{VAULT}/runs/{run_id}/02-inspection.json"] = {"data": call}

    await run_record_failure(fake_ports(evidence=evidence), _request())

    ids = [one["request_id"] for one in evidence.documents[BUNDLE]["data"]["calls"]]
    assert ("request-1" in ids, "request-10" in ids) == (True, False)


async def test_a_failure_that_is_kept_again_stays_with_its_attempt() -> None:
    """The step was killed behind the first document; the attempt opened since is another one."""
    evidence = MemoryEvidence()
    await run_record_failure(fake_ports(evidence=evidence), _request())
    given = RetryAuthorization(
        attempt=2,
        failed_operation_id="shown",
        ticket="SR-1",
        instruction="Once more.",
        authorized_by="boss",
        at=NOON,
    )
    opened = f"{VAULT}/start/attempt-2/authorization.json"
    evidence.documents[opened] = {"data": to_json(given)}

    await run_record_failure(fake_ports(evidence=evidence), _request())

    assert f"{VAULT}/start/attempt-2/failed.json" not in evidence.documents


@pytest.mark.parametrize(("is_shown", "told"), [(True, "shown"), (False, "intended")])
async def test_the_operation_id_is_told_even_where_the_service_forgot_it(
    is_shown: bool,
    told: str,
) -> None:
    """The record's own, else the one the attempt was to be sent with."""
    evidence = MemoryEvidence()
    evidence.documents[INTENT] = {"data": {"operationId": "intended"}}

    await run_record_failure(fake_ports(evidence=evidence), _request(is_shown=is_shown))

    assert (told, told) == (
        evidence.documents[BUNDLE]["data"]["operation_id"],
        evidence.documents[FAILED]["data"]["operationId"],
    )


async def test_a_new_vault_that_cannot_be_read_does_not_hold_the_bundle_up() -> None:
    """Support needs the rest all the same."""
    arm, evidence = FakeRecoveryServices(), MemoryEvidence()
    arm.fail("read_vault", UnavailableError("503"))

    await run_record_failure(fake_ports(recovery_services=arm, evidence=evidence), _request())

    assert BUNDLE in evidence.documents
