"""Messages that became no run, over HTTP."""

import json
from typing import Any

import azure.functions as func
import pytest

from domain.admission import AdmissionState
from domain.codec import to_json
from domain.errors import EvidenceError, UnavailableError
from domain.messages import KeptMessage, MessageBox
from orchestrators import names
from tests.fake_durable import FakeDurableClient, instance_state
from tests.fakes import NOON, FakeQueue, MemoryEvidence, fake_ports
from triggers.messages import get_admission, get_message, list_messages, post_replay


def kept(number: int, box: MessageBox = MessageBox.REJECTED) -> KeptMessage:
    """A message of a box."""
    return KeptMessage(
        box=box,
        sequence_number=number,
        message_id=f"copy-{number}",
        session_id="s",
        reason="InvalidMessage",
        description="schemaVersion: is 2",
        body='{"schemaVersion": 2}',
        enqueued_at=NOON,
        delivery_count=1,
        original_id=f"m{number}",
        replay_of=None,
    )


class Desk:
    """The routes on a queue that keeps some messages."""

    def __init__(self, *messages: KeptMessage) -> None:
        self.queue, self.evidence = FakeQueue(), MemoryEvidence()
        self.queue.kept = list(messages)
        self.ports = fake_ports(queue=self.queue, evidence=self.evidence)

    def request(
        self, body: Any = None, params: dict[str, str] | None = None, **route: str
    ) -> func.HttpRequest:
        """A request as the host gives it."""
        return func.HttpRequest(
            method="POST",
            url="http://localhost:7071/api/messages",
            params=params,
            route_params={"box": "rejected", **route},
            body=json.dumps({"requestedBy": "ada"} if body is None else body).encode(),
        )


def read(response: func.HttpResponse) -> Any:
    """The answer's JSON."""
    return json.loads(response.get_body())


async def test_a_box_is_listed() -> None:
    """Each message with its reason, without its body, and where to go on."""
    desk = Desk(kept(1), kept(2), kept(3, MessageBox.DEAD_LETTER))
    body = read(await list_messages(desk.request(params={"top": "2"}), desk.ports))

    assert ([("m1", "schemaVersion: is 2"), ("m2", "schemaVersion: is 2")], 3) == (
        [(one["originalId"], one["description"]) for one in body["messages"]],
        body["from"],
    )
    assert "body" not in body["messages"][0]


async def test_a_replay_that_leaves_no_trace_is_not_done() -> None:
    """503, and the message stays in its box: first the record, then what it records."""
    desk = Desk(kept(1))
    desk.evidence.fail("create", EvidenceError("the disk is away"))

    response = await post_replay(desk.request(number="1"), desk.ports)

    assert (503, "EvidenceUnavailable", 1) == (
        response.status_code,
        read(response)["error"]["code"],
        len(desk.queue.kept),
    )


async def test_the_last_page_says_so() -> None:
    """There is nothing to go on with."""
    desk = Desk(kept(1))

    assert read(await list_messages(desk.request(), desk.ports))["from"] is None


@pytest.mark.parametrize(
    "params",
    [{"top": "0"}, {"top": "501"}, {"top": "x"}, {"from": "-1"}, {"from": "9" * 5_000}],
)
async def test_pages_have_bounds(params: dict[str, str]) -> None:
    """Numbers that make no sense are refused."""
    desk = Desk()

    assert 400 == (await list_messages(desk.request(params=params), desk.ports)).status_code


async def test_one_message_shows_its_body() -> None:
    """What was sent, as it was sent."""
    desk = Desk(kept(1))
    body = read(await get_message(desk.request(number="1"), desk.ports))

    assert '{"schemaVersion": 2}' == body["body"]


@pytest.mark.parametrize(
    "route", [{"number": "7"}, {"number": "x"}, {"number": "9" * 5_000}, {"box": "attic"}]
)
@pytest.mark.parametrize("act", [get_message, post_replay])
async def test_what_is_not_there_is_not_found(act: Any, route: dict[str, str]) -> None:
    """Another number, no number, no box."""
    desk = Desk(kept(1))
    response = await act(
        desk.request({"requestedBy": "ada"}, **{"number": "1", **route}), desk.ports
    )

    assert 404 == response.status_code


async def test_a_replay_says_what_became_of_the_message() -> None:
    """The new id beside the old one."""
    desk = Desk(kept(1), kept(2))
    response = await post_replay(desk.request(number="2"), desk.ports)

    assert (202, [("m2", "again-m2")]) == (
        response.status_code,
        [(one["originalId"], one["messageId"]) for one in read(response)["replayed"]],
    )


async def test_a_whole_box_is_replayed() -> None:
    """Without a number, whatever is there."""
    desk = Desk(kept(1), kept(2))

    assert 2 == len(read(await post_replay(desk.request(), desk.ports))["replayed"])


async def test_a_replay_leaves_a_trail() -> None:
    """Who asked, before it is done; and what came of it."""
    desk = Desk(kept(1))
    await post_replay(desk.request({"requestedBy": "ada", "comment": "fixed"}), desk.ports)

    trail = [document["data"] for _, document in sorted(desk.evidence.documents.items())]
    assert [("ada", "fixed", False), ("ada", "fixed", True)] == [
        (one["requestedBy"], one["comment"], "replayed" in one) for one in trail
    ]


async def test_a_replay_of_nobody_is_refused() -> None:
    """Somebody has to ask."""
    desk = Desk(kept(1))
    response = await post_replay(desk.request({}), desk.ports)

    assert (400, []) == (response.status_code, desk.queue.replayed)


@pytest.mark.parametrize("route", [{"number": "9"}, {"number": "x"}, {"box": "attic"}])
async def test_a_replay_of_nothing_is_not_found(route: dict[str, str]) -> None:
    """And leaves the box as it was."""
    desk = Desk(kept(1))
    response = await post_replay(desk.request(**route), desk.ports)

    assert (404, 1) == (response.status_code, len(desk.queue.kept))


@pytest.mark.parametrize("method", ["list_kept", "replay"])
async def test_a_queue_that_is_away_is_said(method: str) -> None:
    """503 with the reason, for every route."""
    desk = Desk(kept(1))
    desk.queue.fail(method, *[UnavailableError("no route", subject="queue")] * 2)
    routes = (post_replay,) if method == "replay" else (list_messages, get_message)

    statuses = {(await one(desk.request(number="1"), desk.ports)).status_code for one in routes}
    assert {503} == statuses


def admission(**changes: Any) -> Any:
    """The one instance of admission."""
    carried = json.dumps(to_json(AdmissionState(window=7, waiting=3)))
    return instance_state(instance_id=names.ADMISSION_ID, serialized_input=carried, **changes)


async def test_admission_shows_how_many_wait() -> None:
    """From its custom status."""
    shown = {"window": 9, "inFlight": 9, "waiting": 4}
    state = admission(custom_status=shown)
    client: Any = FakeDurableClient(state)

    assert shown == read(await get_admission(client))


async def test_between_two_histories_admission_shows_what_it_carries() -> None:
    """A new history begins without a status."""
    client: Any = FakeDurableClient(admission())

    assert {"window": 7, "inFlight": 0, "waiting": 3} == read(await get_admission(client))


async def test_admission_that_never_began_holds_nobody() -> None:
    """Before the first message nothing waits."""
    client: Any = FakeDurableClient()

    assert 0 == read(await get_admission(client))["waiting"]
