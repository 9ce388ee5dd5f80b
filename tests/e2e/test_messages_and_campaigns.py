"""Bad messages and whole campaigns on the running whole: real queue, real HTTP, real command."""

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from adapters.service_bus import to_message
from domain.requests import ApprovalMode, UpgradeRequest
from domain.vaults import ClassicVaultRef
from local.demo.plan import SUBSCRIPTION, VAULTS
from tests.e2e.stack import ENDED, Stack, running_stack

pytestmark = [pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

QUEUE = "vault-upgrades"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """One stack for all tests."""
    folder: Path = tmp_path_factory.mktemp("stack")
    async with running_stack(folder) as running:
        yield running


def request(name: str, region: str, request_id: str) -> UpgradeRequest:
    """What another system asks for, without asking anybody."""
    return UpgradeRequest(
        vault=ClassicVaultRef(subscription_id=SUBSCRIPTION, region=region, name=name),
        target_resource_group="rg-backup-upgraded",
        request_id=request_id,
        requested_by="other-system",
        requested_at=datetime.now(UTC),
        time_zone="W. Europe Standard Time",
        approval=ApprovalMode.AUTOMATIC,
    )


async def send(stack: Stack, *messages: ServiceBusMessage) -> None:
    """Puts messages into the queue directly."""
    client = ServiceBusClient.from_connection_string(stack.connection)
    async with client, client.get_queue_sender(QUEUE) as sender:
        for message in messages:
            await sender.send_messages(message)


async def until(look: Callable[[], Any], holds: Callable[[Any], bool], within_s: float = 60) -> Any:
    """What a look gives as soon as it is as asked."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        seen = await asyncio.to_thread(look)
        if holds(seen):
            return seen
        await asyncio.sleep(0.25)
    raise AssertionError(f"not within {within_s} s; last seen: {seen}")


def vaultlift(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments, "--url", stack.app],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


async def test_a_poison_message_holds_up_nobody_and_can_be_replayed(stack: Stack) -> None:
    """After five deliveries it is dead-lettered with its reason; meanwhile others are upgraded.

    What breaks its handling is a folder where its first document should go.
    """
    poison = request("vault-busy", "West US", "poison")
    trap = stack.folder / "evidence/vaults" / poison.vault.key / "accepted/poison.json"
    trap.mkdir(parents=True)
    await send(stack, to_message(poison), to_message(request("vault-clean", "West Europe", "ok")))

    box = "/api/messages/dead-letter"
    kept = await until(lambda: stack.call("GET", box).body["messages"], bool)
    others = await until(lambda: stack.call("GET", "/api/upgrades").body["upgrades"], bool)
    assert [("MaxDeliveryCountExceeded", poison.message_id)] == [
        (one["reason"], one["originalId"]) for one in kept
    ]
    assert 5 >= kept[0]["deliveryCount"]
    assert ["vault-clean"] == [one["vault"]["name"] for one in others]

    shutil.rmtree(trap)
    number = kept[0]["sequenceNumber"]
    answer = stack.call("POST", f"{box}/{number}/replay", {"requestedBy": "ada"})
    assert 202 == answer.status
    names = await until(
        lambda: [
            one["vault"]["name"] for one in stack.call("GET", "/api/upgrades").body["upgrades"]
        ],
        lambda seen: "vault-busy" in seen,
    )
    assert {"vault-busy", "vault-clean"} == set(names)


async def test_a_message_nobody_can_use_is_rejected_with_its_reason(stack: Stack) -> None:
    """The command shows what was sent and why it was refused; it was delivered once."""
    await send(
        stack, ServiceBusMessage('{"schemaVersion": 7}', message_id="future", session_id="future")
    )
    await until(lambda: stack.call("GET", "/api/messages/rejected").body["messages"], bool)
    listed = vaultlift(stack, "messages", "list", "rejected", "--json")

    (line,) = [json.loads(one) for one in listed.stdout.splitlines()]
    assert (3, "future", True) == (
        listed.returncode,
        line["originalId"],
        "schemaVersion: is 7" in line["description"],
    )


async def test_a_campaign_is_started_paused_resumed_and_finished_by_command(stack: Stack) -> None:
    """Through the command, the API, the queue and real runs; the trail has every step."""
    run = ("campaign", "start", str(VAULTS), "--window", "2", "--campaign-id", "sample")
    assert 2 == vaultlift(stack, *run, "--dry-run").returncode
    assert 0 == vaultlift(stack, *run, "--requested-by", "ada").returncode
    for verb in ("pause", "resume"):
        assert 0 == vaultlift(stack, "campaign", verb, "sample", "--requested-by", "bob").returncode
        await until(
            lambda: [
                one["what"] for one in stack.call("GET", "/api/campaigns/sample").body["trail"]
            ],
            lambda seen, verb=verb: f"{verb}-done" in seen,
        )
    followed = await asyncio.to_thread(
        vaultlift, stack, "campaign", "status", "sample", "--follow", "--interval", "0.5", "--json"
    )

    last = json.loads(followed.stdout.splitlines()[-1])
    assert ("completed", 8) == (last["phase"], sum(last["counts"].values()))
    assert {"closed", "closed_with_tasks", "blocked", "needs_support"} == set(last["counts"])
    assert [
        ("start-requested", "ada"),
        ("pause-requested", "bob"),
        ("pause-done", "bob"),
        ("resume-requested", "bob"),
        ("resume-done", "bob"),
    ] == [(one["what"], one["requestedBy"]) for one in last["trail"]]
    states = {one["state"] for one in stack.call("GET", "/api/upgrades").body["upgrades"]}
    assert states <= ENDED
