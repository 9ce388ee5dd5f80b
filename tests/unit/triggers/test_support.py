"""Failed upgrades over HTTP: the support bundle, and Microsoft's instruction to try again."""

import json
from typing import Any

import azure.functions as func
import pytest
from durabletask.client import OrchestrationStatus

from adapters.ports import Ports
from domain.errors import EvidenceError, UnavailableError
from domain.retries import attempt_folder
from tests.fake_durable import FakeDurableClient, instance_state
from tests.fakes import FakeQueue, MemoryEvidence, classic_ref, fake_ports, upgrade_request
from triggers.support import get_support, post_retry

KEY = classic_ref().key
INSTANCE = instance_state().instance_id
FAILED = f"{attempt_folder(KEY, 1)}/failed.json"
AUTHORIZATION = f"{attempt_folder(KEY, 2)}/authorization.json"
ORDER = {"ticket": "SR-1", "instruction": "Start it once more.", "authorizedBy": "boss"}


class World:
    """A vault whose upgrade has failed, unless told otherwise."""

    def __init__(self, *, has_failed: bool = True) -> None:
        self.queue = FakeQueue()
        self.evidence = MemoryEvidence()
        if has_failed:
            self.evidence.documents[FAILED] = {"data": {"operationId": "op-1"}}
        self.ports: Ports = fake_ports(queue=self.queue, evidence=self.evidence)
        self.client = FakeDurableClient(instance_state(status=OrchestrationStatus.COMPLETED))

    def run(self, status: OrchestrationStatus) -> None:
        """Puts the vault's run into another durable state."""
        self.client = FakeDurableClient(instance_state(status=status))

    def keep_bundle(self, run_id: str, recorded_at: str, operation_id: str) -> None:
        """Keeps a support bundle of a run."""
        key = f"vaults/{KEY}/runs/{run_id}/10-support-bundle.json"
        data = {"operation_id": operation_id}
        self.evidence.documents[key] = {"recordedAt": recorded_at, "data": data}

    async def support(self, instance_id: str = INSTANCE) -> func.HttpResponse:
        """GET support."""
        return await get_support(_request(instance_id), self.client, self.ports)

    async def retry(self, body: Any = ORDER, **headers: str) -> func.HttpResponse:
        """POST retry."""
        return await post_retry(_request(INSTANCE, body, headers), self.client, self.ports)


def _request(instance_id: str, body: Any = None, headers: Any = None) -> func.HttpRequest:
    return func.HttpRequest(
        method="POST",
        url="http://localhost:7071/api/upgrades",
        headers=headers,
        route_params={"id": instance_id},
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )


def _read(response: func.HttpResponse) -> Any:
    return json.loads(response.get_body())


def _code(response: func.HttpResponse) -> tuple[int, str]:
    return response.status_code, _read(response)["error"]["code"]


async def test_the_latest_bundle_is_given() -> None:
    """A vault may have failed more than once; support asks about the last time."""
    world = World()
    world.keep_bundle("b", "2017-09-05T12:00:00+00:00", "op-1")
    world.keep_bundle("a", "2017-09-07T12:00:00+00:00", "op-2")

    response = await world.support()

    assert (200, "op-2") == (response.status_code, _read(response)["bundle"]["operation_id"])


async def test_a_vault_without_a_failure_has_no_bundle() -> None:
    """409, not an empty bundle."""
    assert (409, "NothingFailed") == _code(await World().support())


@pytest.mark.parametrize("instance_id", ["upgrade-" + "0" * 32, "audit-2017-09-05", "../secrets"])
async def test_an_unknown_upgrade_has_no_bundle(instance_id: str) -> None:
    """And ids of other instances are not ids of upgrades."""
    assert (404, "NotFound") == _code(await World().support(instance_id))


async def test_an_instruction_is_kept_and_the_vault_handed_in() -> None:
    """202 with the attempt it opens."""
    world = World()

    response = await world.retry()

    kept = world.evidence.documents[AUTHORIZATION]["data"]
    assert (202, 2) == (response.status_code, _read(response)["attempt"])
    assert ("op-1", "SR-1", "boss") == (
        kept["failed_operation_id"],
        kept["ticket"],
        kept["authorized_by"],
    )
    assert [classic_ref().name] == [one.vault.name for one in world.queue.sent]


async def test_the_request_is_the_old_one_under_a_new_id() -> None:
    """Otherwise the queue would take it for the one that has ended already."""
    world = World()

    await world.retry()

    (sent,) = world.queue.sent
    old = upgrade_request()
    assert (old.target_resource_group, old.time_zone) == (
        sent.target_resource_group,
        sent.time_zone,
    )
    assert old.request_id != sent.request_id
    assert "boss" == sent.requested_by


async def test_the_same_ticket_twice_is_one_message() -> None:
    """An answer may have been lost: the second time changes nothing."""
    world = World()

    await world.retry()
    response = await world.retry()

    assert (202, 1) == (response.status_code, len({one.message_id for one in world.queue.sent}))


async def test_another_ticket_is_refused() -> None:
    """An instruction is recorded once."""
    world = World()
    await world.retry()

    assert (409, "RetryRefused") == _code(await world.retry({**ORDER, "ticket": "SR-2"}))


async def test_a_second_failure_takes_a_second_instruction() -> None:
    """The third attempt, about the second failure."""
    world = World()
    await world.retry()
    failed_again = f"{attempt_folder(KEY, 2)}/failed.json"
    world.evidence.documents[failed_again] = {"data": {"operationId": "op-2"}}

    response = await world.retry({**ORDER, "ticket": "SR-2"})

    kept = world.evidence.documents[f"{attempt_folder(KEY, 3)}/authorization.json"]["data"]
    assert (3, "op-2") == (_read(response)["attempt"], kept["failed_operation_id"])


async def test_nothing_is_authorised_where_nothing_failed() -> None:
    """Instructions are not kept in stock."""
    world = World(has_failed=False)

    assert (409, "RetryRefused") == _code(await world.retry())
    assert AUTHORIZATION not in world.evidence.documents


async def test_a_run_that_has_not_ended_is_waited_for() -> None:
    """Its verdict is not there yet."""
    world = World()
    world.run(OrchestrationStatus.RUNNING)

    assert (409, "StillRunning") == _code(await world.retry())


@pytest.mark.parametrize("missing", ["ticket", "instruction", "authorizedBy"])
async def test_every_member_is_demanded(missing: str) -> None:
    """Ticket, Microsoft's words, and who recorded them."""
    body = {name: text for name, text in ORDER.items() if name != missing}

    response = await World().retry(body)

    fields = [one["field"] for one in _read(response)["error"]["problems"]]
    assert (400, [missing]) == (response.status_code, fields)


@pytest.mark.parametrize("body", [b"", b"no json", b"[1]"])
async def test_a_body_that_is_none_is_refused(body: bytes) -> None:
    """400 with what would be right."""
    assert (400, "InvalidInput") == _code(await World().retry(body))


async def test_the_one_who_signed_in_counts() -> None:
    """What a body claims is no proof."""
    world = World()

    await world.retry(**{"x-ms-client-principal-name": "someone@example.com"})

    kept = world.evidence.documents[AUTHORIZATION]["data"]
    assert "someone@example.com" == kept["authorized_by"]


async def test_a_queue_that_is_away_is_said_and_the_instruction_stays() -> None:
    """Handing in the same ticket later goes on from there."""
    world = World()
    world.queue.fail("send", UnavailableError("broker away"))

    assert (503, "QueueUnavailable") == _code(await world.retry())
    assert 202 == (await world.retry()).status_code


async def test_of_two_tickets_at_the_same_moment_one_counts() -> None:
    """The store decides; the other caller is told."""
    world = World()
    create = world.evidence.create

    async def beaten(key: str, document: Any) -> Any:
        other = {**document, "data": {**document["data"], "ticket": "SR-9"}}
        await create(key, other)
        return await create(key, document)

    world.evidence.create = beaten  # type: ignore[method-assign]

    assert (409, "RetryRefused") == _code(await world.retry())
    assert [] == world.queue.sent


@pytest.mark.parametrize("method", ["list_keys", "read"])
async def test_a_bundle_that_cannot_be_read_is_not_said_to_be_missing(method: str) -> None:
    """503: not to be able to look is no answer (DESIGN rule 4)."""
    world = World()
    world.keep_bundle("a", "2017-09-05T12:00:00+00:00", "op-1")
    world.evidence.fail(method, EvidenceError("the disk is away"))

    assert (503, "EvidenceUnavailable") == _code(await world.support())


@pytest.mark.parametrize("method", ["list_keys", "read", "create"])
async def test_an_instruction_that_cannot_be_kept_queues_nothing(method: str) -> None:
    """DESIGN rule 2: first the record, then the message."""
    world = World()
    world.evidence.fail(method, EvidenceError("the disk is away"))

    response = await world.retry()

    assert ((503, "EvidenceUnavailable"), []) == (_code(response), world.queue.sent)
