"""Writes histories of today's orchestrators, to be replayed by the code of later days.

``python -m tests.replay.record NAME`` runs the scenarios on fakes and writes one file each into
``histories/``. A file that exists is never overwritten: it stands for instances that may still be
in flight somewhere. Record a new scenario, or the same one under a new name, after a change that
was meant to keep old histories valid.
"""

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict

from domain.campaigns import ErrorThreshold, Verb
from domain.codec import to_json
from domain.errors import AccessDeniedError, OutcomeUnknownError, UnavailableError
from domain.requests import ApprovalMode
from domain.upgrade import UpgradeStatus
from orchestrators import names
from tests.audited import audit_request, estate_of_settled
from tests.estate import Desk, FakeEstate, estate_of_one
from tests.fakes import upgrade_request, vault_ref
from tests.fleet import Fleet, fleet_requests
from tests.held_up import GONE, held_up_estate
from tests.settlements import INSTANCE, policies, settle
from tests.workflow import Workflow

ROOT = Path(__file__).resolve().parent.parent.parent
HISTORIES = Path(__file__).parent / "histories"
AUDITED = 10
"""Vaults of the audit: a few more than are read at once."""


async def _clean(estate: FakeEstate, workflow: Workflow) -> None:
    await estate.upgrade(workflow=workflow)


async def _approved(estate: FakeEstate, workflow: Workflow) -> None:
    await estate.upgrade(upgrade_request(approval=ApprovalMode.REQUIRED), workflow)


async def _lost_answer(estate: FakeEstate, workflow: Workflow) -> None:
    estate.classic.lose_answer("start_upgrade", OutcomeUnknownError("connection lost"))
    await estate.upgrade(workflow=workflow)


async def _expired(estate: FakeEstate, workflow: Workflow) -> None:
    workflow.activities = estate.workflow().activities  # Nobody is at the desk.
    await estate.upgrade(upgrade_request(approval=ApprovalMode.REQUIRED), workflow)


async def _registered(estate: FakeEstate, workflow: Workflow) -> None:
    estate.subscriptions.providers["Microsoft.SiteRecovery"] = "NotRegistered"
    estate.subscriptions.looks_until_registered = 40
    await estate.upgrade(upgrade_request(register_providers=True), workflow)


async def _retried(estate: FakeEstate, workflow: Workflow) -> None:
    estate.classic.end = UpgradeStatus.FAILED
    await estate.upgrade()
    await estate.authorize_retry()
    estate.classic.end = UpgradeStatus.UPGRADED
    await estate.upgrade(upgrade_request(request_id="request-2"), workflow)


async def _escalated(estate: FakeEstate, workflow: Workflow) -> None:
    estate.classic.duration = timedelta(minutes=130)
    await estate.upgrade(workflow=workflow)


async def _failed(estate: FakeEstate, workflow: Workflow) -> None:
    estate.classic.end = UpgradeStatus.FAILED
    await estate.upgrade(workflow=workflow)


async def _async_policies(estate: FakeEstate, workflow: Workflow) -> None:
    estate.recovery_services.answers_async = True
    await estate.upgrade(workflow=workflow)


async def _settled(estate: FakeEstate, workflow: Workflow) -> None:
    estate.recovery_services.vaults[vault_ref().key].policies = policies(6)
    await settle(estate, workflow=workflow)


async def _guarded(estate: FakeEstate, workflow: Workflow) -> None:
    code = "UserErrorResourceGuardRequestMissing"
    refused = AccessDeniedError("guarded", code=code, status=403)
    estate.recovery_services.fail("write_policy", refused)
    answer = {"decision": "granted", "by": "owner"}
    workflow.raise_event(INSTANCE, names.GUARD_EVENT, answer, timedelta(days=2))
    await settle(estate, workflow=workflow)


async def _unregistered() -> Workflow:
    """A machine that is gone for good: asked about once, unregistered, checked again."""
    estate = held_up_estate(GONE)
    workflow = Desk(estate).workflow()
    await estate.upgrade(upgrade_request(unregister_machines=(GONE,)), workflow)
    return workflow


async def _audit() -> Workflow:
    """More vaults than are read at once, one of which breaks."""
    estate = estate_of_settled(AUDITED)
    workflow = Desk(estate).workflow()
    body = workflow.activities[names.CHECK_VAULT]

    async def broken_once(request: Any) -> Any:
        if request["vault"]["name"] == "vault-0001":
            raise UnavailableError("evidence store is full")
        return await body(request)

    workflow.activities = {**workflow.activities, names.CHECK_VAULT: broken_once}
    await workflow.run(names.AUDIT_ESTATE, to_json(audit_request()), "audit-2026-11-22")
    # What fails has no output to compare; its parent has the failure in its history.
    ended = {key: one for key, one in workflow.instances.items() if one.status == "COMPLETED"}
    workflow.instances = ended
    return workflow


async def _unlisted() -> Workflow:
    """An audit that could list nothing."""
    estate = estate_of_settled(1)
    workflow = Desk(estate).workflow()

    async def broken(_: Any) -> Any:
        raise ValueError("no id of a vault")

    workflow.activities = {**workflow.activities, names.LIST_ESTATE: broken}
    await workflow.run(names.AUDIT_ESTATE, to_json(audit_request()), "audit-2026-11-22")
    return workflow


async def _campaign() -> Workflow:
    """Two at a time; one fails, which pauses; resumed, and its history is cut once."""
    requests = fleet_requests(upgrade_request(), 14)
    minutes = {one.vault.name: timedelta(minutes=17) for one in requests}
    fleet = Fleet.make(requests, minutes, failing=["vault-0003"])
    await fleet.start(requests, window=2, threshold=ErrorThreshold(count=0))
    await fleet.workflow.settle()
    fleet.command(Verb.RESUME)
    await fleet.workflow.settle()
    return fleet.workflow


WHOLE_FLEETS: dict[str, Callable[[], Awaitable[Workflow]]] = {"campaign": _campaign}
"""Scenarios of many vaults; of their histories those of the campaign are kept."""

OWN_ESTATES: dict[str, Callable[[], Awaitable[Workflow]]] = {
    "unregistered": _unregistered,
    "audit": _audit,
    "audit-unlisted": _unlisted,
}
"""Scenarios that need more than the usual estate."""

SCENARIOS: dict[str, Callable[[FakeEstate, Workflow], Awaitable[None]]] = {
    "clean": _clean,
    "approved": _approved,
    "lost-answer": _lost_answer,
    "failed": _failed,
    "expired": _expired,
    "registered": _registered,
    "retried": _retried,
    "escalated": _escalated,
    "async-policies": _async_policies,
    "settled": _settled,
    "guarded": _guarded,
}


def dump(workflow: Workflow) -> dict[str, Any]:
    """Every instance of a finished workflow as JSON."""
    return {
        instance_id: {
            "orchestrator": instance.name,
            "status": instance.status,
            "output": instance.output,
            "history": [MessageToDict(event) for event in instance.history],
        }
        for instance_id, instance in workflow.instances.items()
    }


async def record(version: str) -> None:
    """Runs and writes every scenario that has no file of this version yet."""
    for name, play in SCENARIOS.items():
        path = HISTORIES / f"{name}-{version}.json"
        if path.exists():
            continue
        estate = estate_of_one()
        workflow = Desk(estate).workflow()
        await play(estate, workflow)
        _write(path, dump(workflow))
    for name, own in OWN_ESTATES.items():
        path = HISTORIES / f"{name}-{version}.json"
        if not path.exists():
            _write(path, dump(await own()))
    for name, whole in WHOLE_FLEETS.items():
        path = HISTORIES / f"{name}-{version}.json"
        if not path.exists():
            kept = dump(await whole())
            _write(path, {key: one for key, one in kept.items() if key.startswith(name)})


def _write(path: Path, histories: dict[str, Any]) -> None:
    text = json.dumps(histories, indent=1, sort_keys=True) + "\n"
    # Stack traces name files by where this checkout happens to be.
    path.write_text(text.replace(f"{ROOT}/", ""))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.replay.record", description=__doc__)
    parser.add_argument("version", help="goes into the names of the files, as in 1.2.0")
    asyncio.run(record(parser.parse_args().version))
