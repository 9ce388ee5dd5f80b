"""The queue trigger refuses, starts or lines up, and nothing else."""

import json
from dataclasses import replace
from typing import Any

import pytest
from durabletask.client import OrchestrationStatus

from adapters.durable_runs import DurableRuns
from domain.codec import to_json
from domain.errors import EvidenceError, UnavailableError
from domain.intake_message import message_body
from domain.messages import QueueMessage
from domain.requests import Slot, UpgradeRequest
from orchestrators import names
from tests.fake_durable import FakeDurableClient, instance_state
from tests.fakes import FakeQueue, MemoryEvidence, fake_ports, upgrade_request
from triggers.service_bus import (
    JOINED,
    REJECTED,
    STARTED,
    WAITING,
    Intake,
    QueueOptions,
    take_message,
)

INSTANCE = instance_state().instance_id
SLOT = Slot(holder="campaign-c1", position=3)


def message(body: object, number: int = 7) -> QueueMessage:
    """A message as the queue delivers it."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return QueueMessage(
        body=raw, message_id="m1", session_id="s1", sequence_number=number, delivery_count=1
    )


def of(request: UpgradeRequest, number: int = 7) -> QueueMessage:
    """The message of a request."""
    return message(message_body(request), number)


class Door:
    """The trigger with everything it needs."""

    def __init__(
        self, *states: Any, workspace: str | None = None, approval_hours: int | None = None
    ) -> None:
        self.client: Any = FakeDurableClient(*states)
        self.queue, self.evidence = FakeQueue(), MemoryEvidence()
        self.intake = Intake(
            ports=fake_ports(queue=self.queue, evidence=self.evidence),
            client=self.client,
            runs=DurableRuns(self.client, names.UPGRADE_VAULT),
            options=QueueOptions(
                queue="q",
                log_workspace_id=workspace,
                approval_hours=approval_hours,
                window=9,
            ),
        )

    async def take(self, one: QueueMessage) -> str:
        """Takes one message."""
        return await take_message(self.intake, one)

    @property
    def waiting(self) -> list[Any]:
        """The entries of the admission order."""
        return [
            document["data"]["request"]
            for key, document in self.evidence.documents.items()
            if key.startswith("admission/")
        ]


def campaign(status: OrchestrationStatus = OrchestrationStatus.RUNNING) -> Any:
    """The campaign that holds the slot."""
    return instance_state(status=status, instance_id="campaign-c1")


async def test_a_vault_nobody_paces_lines_up() -> None:
    """Its entry is kept first, then admission is told where it waits."""
    door = Door()

    assert WAITING == await door.take(of(upgrade_request(), number=1234))
    assert [to_json(upgrade_request())] == door.waiting
    assert [(names.ADMISSION_ID, names.SLOT_EVENT)] == [event[:2] for event in door.client.events]
    assert {"kind": "arrival", "block": 2, "window": 9} == door.client.events[0][2]


async def test_admission_is_begun_by_the_first_vault() -> None:
    """There is one, under its own name."""
    door = Door()
    await door.take(of(upgrade_request()))

    assert [(names.ADMIT_UPGRADES, names.ADMISSION_ID)] == [one[:2] for one in door.client.started]


async def test_admission_that_runs_is_only_told() -> None:
    """Another message does not begin it again."""
    door = Door(instance_state(instance_id=names.ADMISSION_ID))
    await door.take(of(upgrade_request()))

    assert ([], 1) == (door.client.started, len(door.client.events))


async def test_two_messages_that_find_admission_missing_begin_it_once() -> None:
    """The host refuses the second start with a bare exception; that is no failure."""
    door = Door()
    door.client.refuse_start = instance_state(instance_id=names.ADMISSION_ID)

    assert WAITING == await door.take(of(upgrade_request()))
    assert 1 == len(door.client.events)


async def test_a_message_delivered_again_lines_up_once() -> None:
    """The entry has the queue's own number, which a redelivery keeps."""
    door = Door()
    for _ in range(2):
        await door.take(of(upgrade_request()))

    assert 1 == len(door.waiting)


async def test_a_vault_in_the_queue_can_be_looked_at() -> None:
    """Whoever asks for it over HTTP finds it waiting."""
    door = Door()
    request = upgrade_request()
    await door.take(of(request))

    assert f"vaults/{request.vault.key}/accepted/request-1.json" in door.evidence.documents


async def test_a_vault_with_a_slot_is_started_at_once() -> None:
    """The campaign has paced it already."""
    door = Door(campaign())
    request = replace(upgrade_request(), slot=SLOT)

    assert STARTED == await door.take(of(request))
    assert [(names.UPGRADE_VAULT, INSTANCE, to_json(request))] == door.client.started


@pytest.mark.parametrize("holders", [(), (campaign(OrchestrationStatus.COMPLETED),)])
async def test_a_slot_of_nobody_lines_up(holders: tuple[Any, ...]) -> None:
    """A made-up slot, or one of a campaign that has ended, is no way past the window."""
    door = Door(*holders)

    assert WAITING == await door.take(of(replace(upgrade_request(), slot=SLOT)))
    assert [None] == [one["slot"] for one in door.waiting]


@pytest.mark.parametrize("slot", [None, SLOT])
async def test_a_vault_that_is_running_is_joined(slot: Slot | None) -> None:
    """A second request for a vault in flight starts and lines up nothing."""
    door = Door(instance_state(), campaign())
    request = replace(upgrade_request(), request_id="other", slot=slot)

    assert JOINED == await door.take(of(request))
    assert ([], []) == (door.client.started, door.waiting)


@pytest.mark.parametrize(
    "status",
    [OrchestrationStatus.COMPLETED, OrchestrationStatus.FAILED, OrchestrationStatus.TERMINATED],
)
async def test_a_redelivered_message_does_not_run_an_ended_vault_again(
    status: OrchestrationStatus,
) -> None:
    """The same request finds the run it started, whatever became of it."""
    door = Door(ended(status))

    assert JOINED == await door.take(of(upgrade_request()))
    assert ([], []) == (door.client.started, door.waiting)


async def test_a_new_request_may_run_an_ended_vault_again() -> None:
    """A vault that was blocked is handed in again after the cause is removed."""
    door = Door(ended(OrchestrationStatus.COMPLETED))

    assert WAITING == await door.take(of(replace(upgrade_request(), request_id="other")))


def ended(status: OrchestrationStatus) -> Any:
    """A run that has ended."""
    request = upgrade_request()
    outcome = {
        "instance_id": INSTANCE,
        "run_id": request.request_id,
        "vault": to_json(request.vault),
        "target": None,
        "state": "blocked",
        "reasons": [],
        "operation_id": None,
        "started_at": "2017-09-05T12:00:00Z",
        "ended_at": "2017-09-05T12:30:00Z",
        "tally": {},
        "task_count": 0,
        "evidence_prefix": "",
    }
    return instance_state(status=status, output=outcome)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        ({"schemaVersion": 2}, "schemaVersion: is 2"),
        ({**message_body(upgrade_request()), "region": "?"}, "region"),
        ({**message_body(upgrade_request()), "colour": "red"}, "colour: unknown field"),
    ],
)
async def test_a_message_that_can_never_be_used_is_rejected(body: Any, reason: str) -> None:
    """It is kept as it was with the reason, and counts as taken: no redelivery helps."""
    door = Door()
    one = message(body)

    assert REJECTED == await door.take(one)
    assert [one] == [kept for kept, _ in door.queue.rejected]
    assert reason in door.queue.rejected[0][1]
    assert ([], []) == (door.client.started, door.waiting)


async def test_a_message_that_cannot_be_rejected_is_delivered_again() -> None:
    """Nothing is lost while the queue of rejected messages is away."""
    door = Door()
    door.queue.fail("reject", UnavailableError("away", subject="queue"))

    with pytest.raises(UnavailableError):
        await door.take(message(b"{"))


async def test_a_store_that_is_away_makes_the_queue_deliver_again() -> None:
    """A valid message is never rejected for somebody else's failure."""
    door = Door()
    door.evidence.fail("create", EvidenceError("disk full"))

    with pytest.raises(EvidenceError):
        await door.take(of(upgrade_request()))
    assert [] == door.queue.rejected


@pytest.mark.parametrize(("asked", "expected"), [(None, 8), (24, 24)])
async def test_a_plan_waits_as_long_as_the_settings_say(asked: int | None, expected: int) -> None:
    """Unless the request says how long itself."""
    door = Door(approval_hours=8)

    await door.take(of(upgrade_request(approval_hours=asked)))

    assert [expected] == [one["approval_hours"] for one in door.waiting]


async def test_a_vault_without_a_workspace_gets_the_one_of_the_settings() -> None:
    """The default workspace is part of what the run is started with."""
    door = Door(workspace="workspace-1")
    await door.take(of(upgrade_request()))

    assert ["workspace-1"] == [one["log_workspace_id"] for one in door.waiting]
