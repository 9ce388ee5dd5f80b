"""The plan of an upgrade over HTTP."""

import json
from typing import Any

import azure.functions as func
import pytest
from durabletask.client import OrchestrationStatus

from domain.codec import from_json, to_object
from domain.errors import EvidenceError
from domain.plans import UpgradePlan, build_plan, plan_hash
from domain.upgrade import CheckOutcome, PrerequisiteCheck
from tests.fake_durable import FakeDurableClient, instance_state
from tests.fakes import (
    NOON,
    MemoryEvidence,
    classic_ref,
    classic_vault,
    fake_ports,
    upgrade_request,
)
from triggers.plans import get_plan

INSTANCE = instance_state().instance_id
RUN = f"vaults/{classic_ref().key}/runs/request-1"
CHECK = PrerequisiteCheck(
    outcome=CheckOutcome.SUCCEEDED,
    reasons=(),
    client_request_id="check-1",
    provenance=classic_vault().provenance,
)


def _plan(operation_id: str = "op-1") -> UpgradePlan:
    return build_plan(upgrade_request(), classic_vault(), CHECK, operation_id=operation_id)


class World:
    """A vault whose run has made plans."""

    def __init__(self) -> None:
        self.evidence = MemoryEvidence()

    def keep(self, plan: UpgradePlan, recorded_at: str = NOON.isoformat()) -> str:
        """Keeps a plan; gives its key."""
        key = f"{RUN}/04-plan-{plan_hash(plan)[:12]}.json"
        self.evidence.documents[key] = {"recordedAt": recorded_at, "data": to_object(plan)}
        return key

    async def ask(self, instance_id: str = INSTANCE, waiting: str | None = None) -> Any:
        """GET plan; ``waiting`` is the key of a plan that waits for an answer."""
        if waiting is None:
            state = instance_state(status=OrchestrationStatus.COMPLETED)
        else:
            shown = {"hash": "of-the-status", "key": waiting, "expiresAt": NOON.isoformat()}
            status = {"state": "awaiting_approval", "plan": shown}
            state = instance_state(custom_status=status)
        request = func.HttpRequest(
            method="GET",
            url="http://localhost:7071/api/upgrades",
            route_params={"id": instance_id},
            body=b"",
        )
        ports = fake_ports(evidence=self.evidence)
        return await get_plan(request, FakeDurableClient(state), ports)


def _code(response: func.HttpResponse) -> tuple[int, str]:
    return response.status_code, json.loads(response.get_body())["error"]["code"]


async def test_the_plan_that_waits_is_shown_whole() -> None:
    """With the hash of what is shown: that is what an approval names."""
    world = World()
    world.keep(_plan("newer"), "2017-09-06T12:00:00+00:00")
    key = world.keep(_plan())

    shown = json.loads((await world.ask(waiting=key)).get_body())

    assert (key, plan_hash(_plan()), True) == (
        shown["evidenceKey"],
        shown["hash"],
        shown["isWaiting"],
    )
    assert _plan() == from_json(UpgradePlan, shown["plan"])


async def test_of_a_run_that_waits_for_nothing_the_last_plan_is_shown() -> None:
    """Whatever its hash begins with."""
    world = World()
    for number in range(5):
        world.keep(_plan(f"op-{number}"), f"2017-09-0{number + 1}T12:00:00+00:00")

    shown = json.loads((await world.ask()).get_body())

    assert ("op-4", False) == (shown["plan"]["operation_id"], shown["isWaiting"])


async def test_a_run_without_a_plan_says_so() -> None:
    """One that was blocked, or only settled."""
    assert (409, "NoPlan") == _code(await World().ask())


@pytest.mark.parametrize("instance_id", ["upgrade-" + "0" * 32, "audit-1", "../secrets"])
async def test_an_unknown_upgrade_has_no_plan(instance_id: str) -> None:
    """404 for whatever is no upgrade."""
    assert (404, "NotFound") == _code(await World().ask(instance_id))


async def test_a_plan_that_cannot_be_read_is_not_said_to_be_missing() -> None:
    """DESIGN rule 4."""
    world = World()
    world.evidence.fail("list_keys", EvidenceError("the disk is away"))

    assert (503, "EvidenceUnavailable") == _code(await world.ask())
