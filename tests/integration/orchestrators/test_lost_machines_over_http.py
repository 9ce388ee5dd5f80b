"""A machine that is gone for good, over the wire: from the check that fails to the upgrade."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.evidence_folder import EvidenceFolder
from domain.codec import from_json, to_json
from domain.outcomes import VaultOutcome
from domain.plans import Approval
from domain.requests import UpgradeRequest, upgrade_instance_id
from domain.upgrade import RunState
from local.azure.contents import Machine
from local.azure.faults import FaultKind, FaultRule
from orchestrators import names
from tests.integration.orchestrators.http_world import VAULT, HttpWorld, http_world, request

GONE = "gone.contoso.example"
INSTANCE = upgrade_instance_id(VAULT)


def _request() -> UpgradeRequest:
    return replace(request(), unregister_machines=(GONE,))


async def _upgrade(world: HttpWorld) -> VaultOutcome:
    """The vault's run, with somebody who approves each new plan."""
    workflow, answered = world.workflow(), set()
    record = workflow.activities[names.RECORD_PLAN]

    async def read(asked: Any) -> Any:
        plan = await record(asked)
        if plan["plan_hash"] not in answered:
            answered.add(plan["plan_hash"])
            approval = Approval(
                plan_hash=plan["plan_hash"],
                approver="boss",
                decision="approve",
                at=world.clock.now(),
            )
            workflow.raise_event(INSTANCE, names.APPROVAL_EVENT, to_json(approval))
        return plan

    workflow.activities = {**workflow.activities, names.RECORD_PLAN: read}
    instance = await workflow.run(names.UPGRADE_VAULT, to_json(_request()), INSTANCE)
    return from_json(VaultOutcome, instance.output)


def _add_machine(world: HttpWorld) -> None:
    world.vault.contents.machines.append(Machine(name=GONE, agent_version="2.0.8700.0"))


async def test_a_lost_machine_is_unregistered_and_the_vault_upgraded(tmp_path: Path) -> None:
    """Over the recorded calls: found by name, unregistered by number, checked again."""
    async with http_world(tmp_path) as world:
        _add_machine(world)

        outcome = await _upgrade(world)

        left = [machine.name for machine in world.vault.contents.machines]
        assert (RunState.CLOSED, 1, False) == (outcome.state, len(world.begun), GONE in left)


async def test_an_answer_lost_while_unregistering_does_no_harm(tmp_path: Path) -> None:
    """The machine is gone; the step that is repeated finds that and goes on."""
    async with http_world(tmp_path) as world:
        _add_machine(world)
        lost = FaultRule(kind=FaultKind.LOST_RESPONSE, route="classic-unregister", count=1)
        world.azure.service.faults.add(lost)

        outcome = await _upgrade(world)

        assert (RunState.CLOSED, 1) == (outcome.state, len(world.begun))


async def test_the_image_before_shows_what_was_there(tmp_path: Path) -> None:
    """Machines and policies as the service showed them, before anything was changed."""
    async with http_world(tmp_path) as world:
        _add_machine(world)

        outcome = await _upgrade(world)

        key = f"{outcome.evidence_prefix}/02-before-image.json"
        image = (await EvidenceFolder(tmp_path).read(key) or {})["data"]
        assert GONE in [one["uniqueName"] for one in image["machines"]["value"]]
        assert ([], True) == (image["unread"], bool(image["policies"]["value"]))
