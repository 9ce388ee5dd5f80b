"""Vaults of other systems' messages wait for their turn: trigger, admission and runs together."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.errors import EvidenceError
from domain.intake_message import message_body
from domain.messages import QueueMessage
from domain.requests import UpgradeRequest
from orchestrators import names
from tests.fake_workflow_client import WorkflowClient
from tests.fakes import NOON, upgrade_request
from tests.fleet import Fleet, fleet_requests
from triggers.service_bus import Intake, QueueOptions, take_message

WINDOW = 3


class Crowd:
    """Many messages at once, each a vault of its own."""

    def __init__(self, count: int) -> None:
        self.requests = fleet_requests(upgrade_request(), count)
        minutes = {one.vault.name: timedelta(minutes=17) for one in self.requests}
        self.fleet = Fleet.make(self.requests, minutes)
        client: Any = WorkflowClient(self.fleet.workflow)
        assert self.fleet.queue.runs is not None
        self.intake = Intake(
            ports=self.fleet.ports,
            client=client,
            runs=self.fleet.queue.runs,
            options=QueueOptions(queue="q", log_workspace_id=None, window=WINDOW),
        )

    async def arrive(self, request: UpgradeRequest, number: int) -> str:
        """A message comes."""
        message = QueueMessage(
            body=json.dumps(message_body(request)).encode(),
            message_id=request.message_id,
            session_id=request.vault.key,
            sequence_number=number,
            delivery_count=1,
        )
        return await take_message(self.intake, message)

    async def all_arrive(self) -> None:
        """Every message comes, in order."""
        for number, request in enumerate(self.requests, start=1):
            await self.arrive(request, number)

    async def settle(self, minutes: int | None = None) -> None:
        """Lets time pass."""
        until = None if minutes is None else NOON + timedelta(minutes=minutes)
        await self.fleet.workflow.settle(until)

    @property
    def ends(self) -> dict[str, int]:
        """How many runs ended in each state."""
        outputs = [
            one.output["state"]
            for instance_id, one in self.fleet.workflow.instances.items()
            if instance_id.startswith("upgrade-") and "." not in instance_id and one.output
        ]
        return {state: outputs.count(state) for state in sorted(set(outputs))}

    @property
    def admission(self) -> Any:
        """The one instance."""
        return self.fleet.workflow.instances[names.ADMISSION_ID]


async def test_starts_are_paced_by_the_window() -> None:
    """However many messages come at once, so many runs are there and no more."""
    crowd = Crowd(10)
    await crowd.all_arrive()
    await crowd.settle(minutes=10)

    assert WINDOW == len(crowd.fleet.classic.started)
    assert {"window": WINDOW, "inFlight": WINDOW, "waiting": 7} == crowd.admission.statuses[-1]


async def test_every_vault_gets_its_turn() -> None:
    """All end closed, each upgraded once, and admission waits for more."""
    crowd = Crowd(10)
    await crowd.all_arrive()
    await crowd.settle()

    assert ({"closed": 10}, 10) == (crowd.ends, len(crowd.fleet.classic.started))
    assert "RUNNING" == crowd.admission.status


async def test_two_requests_for_one_vault_are_one_upgrade() -> None:
    """The second joins, or settles what the first has upgraded; it never upgrades again."""
    crowd = Crowd(1)
    await crowd.all_arrive()
    await crowd.arrive(replace(crowd.requests[0], request_id="second"), 2)
    await crowd.settle()
    await crowd.arrive(replace(crowd.requests[0], request_id="third"), 3)
    await crowd.settle()

    assert ({"closed": 1}, 1) == (crowd.ends, len(crowd.fleet.classic.started))


async def test_a_lost_report_frees_its_slot_at_the_next_look() -> None:
    """Admission does not stall on an event that never came."""
    crowd = Crowd(4)
    lost = {(f"upgrade-{one.vault.key}", names.SLOT_EVENT) for one in crowd.requests}
    crowd.fleet.workflow.lost_events |= lost
    await crowd.all_arrive()
    await crowd.settle()

    assert {"closed": 4} == crowd.ends


async def test_a_store_that_is_away_delays_and_loses_nothing() -> None:
    """Starting is tried again until it works."""
    crowd = Crowd(2)
    await crowd.all_arrive()
    crowd.fleet.evidence.fail("list_keys", *[EvidenceError("away")] * 7)
    await crowd.settle()

    assert {"closed": 2} == crowd.ends


async def test_an_admission_that_was_ended_by_hand_is_begun_again_with_all_that_waits() -> None:
    """The next message begins it; what waited before is found."""
    crowd = Crowd(5)
    await crowd.all_arrive()
    await crowd.settle(minutes=5)
    crowd.admission.status = "TERMINATED"
    late = replace(crowd.requests[0], vault=replace(crowd.requests[0].vault, name="vault-0001"))
    await crowd.arrive(replace(late, request_id="late"), 9)
    await crowd.arrive(replace(crowd.requests[4], request_id="later"), 10)
    await crowd.settle()

    assert {"closed": 5} == crowd.ends
