"""Requests to $management and $cbs, asked by hand."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from azure.servicebus._pyamqp.utils import generate_sas_token

from local.servicebus.authorization import AccessKey
from local.servicebus.settlement import Settlement, Verdict
from local.servicebus.values import Array, ElementType, Int, Long, Timestamp, UInt
from tests.unit.servicebus.broker_fakes import (
    MINUTE_MS,
    QUEUE,
    START_MS,
    Bench,
    encode_message,
    make_bench,
)
from tests.unit.servicebus.wire_client import (
    REQUEST_ID,
    WireClient,
    dispositions,
    error_of,
)

MANAGEMENT = f"{QUEUE}/$management"
KEY = AccessKey(name="Root", key="secret")
DEFER = Settlement(verdict=Verdict.DEFER)
LAST_SECOND_MS = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()) * 1000


class Manager:
    """A client with a pair of links to a management address."""

    def __init__(self, client: WireClient) -> None:
        self.client = client

    async def ask(self, operation: str, **body: object) -> tuple[int, object]:
        """Status and body of the response; the error condition where there is one."""
        named = {name.replace("_", "-"): value for name, value in body.items()}
        response = await self.client.request(0, f"com.microsoft:{operation}", named)
        status = response.properties["statusCode"]
        return status, response.properties.get("errorCondition", response.body)


async def manage(bench: Bench, address: str = MANAGEMENT, **options: object) -> Manager:
    """A manager of the bench's queue."""
    client = WireClient(bench, **options)
    await client.open()
    await client.attach(0, address, receives=False)
    await client.attach(1, address, receives=True)
    await client.flow(1, 100)
    return Manager(client)


@pytest.fixture
def bench() -> Bench:
    """A queue without sessions."""
    return make_bench()


@pytest.fixture
def sessions() -> Bench:
    """A queue with sessions."""
    return make_bench(RequiresSession=True)


def tokens(*values: UUID) -> Array:
    """Lock tokens as the client sends them."""
    return Array(ElementType.UUID, values)


def numbers(*values: int) -> Array:
    """Sequence numbers as the client sends them."""
    return Array(ElementType.LONG, values)


async def test_response_names_its_request(bench):
    """The correlation id is the request's message id, of whatever type."""
    manager = await manage(bench)

    response = await manager.client.request(0, "com.microsoft:peek-message", {})

    assert REQUEST_ID == response.correlation_id


async def test_message_lock_is_renewed(bench):
    """Renewal gives a new expiry for each token."""
    bench.send("a", "b")
    held = bench.receive().tokens
    bench.timeline.advance(1000)
    manager = await manage(bench)

    until = START_MS + 1000 + MINUTE_MS
    expected = (200, {"expirations": [Timestamp(until)] * 2})
    assert expected == await manager.ask("renew-lock", lock_tokens=tokens(*held))


async def test_unknown_lock_is_not_renewed(bench):
    """A token that names no lock is answered with the service's condition."""
    manager = await manage(bench)

    expected = (410, "com.microsoft:message-lock-lost")
    assert expected == await manager.ask("renew-lock", lock_tokens=tokens(uuid4()))


async def test_one_lost_lock_renews_none(bench):
    """The answer has room for one error: what could be renewed keeps its old expiry."""
    bench.send("a", "b")
    receiver = bench.receive()
    first, second = receiver.tokens
    bench.entity.queue.settle(second, Settlement(verdict=Verdict.COMPLETE))
    bench.timeline.advance(1000)
    manager = await manage(bench)

    expected = (410, "com.microsoft:message-lock-lost")
    assert expected == await manager.ask("renew-lock", lock_tokens=tokens(first, second))
    assert START_MS + MINUTE_MS == receiver.received[0].lock.until_ms


@pytest.mark.parametrize("disposition", ["completed", "abandoned", "defered", "suspended"])
async def test_one_lost_lock_settles_none(bench, disposition):
    """What is refused has no effect on any of the messages, so it can be asked for again."""
    bench.send("a", "b")
    receiver = bench.receive()
    bench.timeline.advance(MINUTE_MS // 2)
    first, second = receiver.tokens
    bench.entity.queue.dispatcher.renew(receiver.received[0].lock)
    bench.timeline.stall(MINUTE_MS // 2)
    manager = await manage(bench)

    body = {"disposition_status": disposition, "lock_tokens": tokens(first, second)}
    assert (410, "com.microsoft:message-lock-lost") == await manager.ask(
        "update-disposition", **body
    )
    assert receiver.received[0] is bench.entity.queue.find_locked(first)[0]


async def test_token_named_twice_is_settled_once(bench):
    """A repeated token is one message, not a lost lock."""
    bench.send("a")
    (held,) = bench.receive().tokens
    manager = await manage(bench)

    body = {"disposition_status": "completed", "lock_tokens": tokens(held, held)}
    assert (200, {}) == await manager.ask("update-disposition", **body)


async def test_session_lock_is_renewed(sessions):
    """Renewal gives the session's new expiry."""
    sessions.hold("s")
    sessions.timeline.advance(1000)
    manager = await manage(sessions)

    expected = (200, {"expiration": Timestamp(START_MS + 1000 + MINUTE_MS)})
    assert expected == await manager.ask("renew-session-lock", session_id="s")


async def test_session_state_is_written_and_read(sessions):
    """State goes in and comes out, and is nothing at first."""
    sessions.hold("s")
    manager = await manage(sessions)
    empty = await manager.ask("get-session-state", session_id="s")
    await manager.ask("set-session-state", session_id="s", session_state=b"x")

    assert (200, {"session-state": None}) == empty
    expected = (200, {"session-state": b"x"})
    assert expected == await manager.ask("get-session-state", session_id="s")


async def test_session_state_is_bytes(sessions):
    """Anything else is refused before the session takes it: no database could keep it."""
    sessions.hold("s")
    manager = await manage(sessions)
    answer = await manager.ask("set-session-state", session_id="s", session_state=["text"])

    assert (400, "amqp:invalid-field") == answer
    assert None is sessions.entity.sessions.read_state("s")


async def test_sessions_are_listed_in_pages(sessions):
    """A page says where the next one starts; behind the last there is no content."""
    for session_id in "abc":
        sessions.send("m", session_id=session_id)
    manager = await manage(sessions)
    pages = [
        await manager.ask(
            "get-message-sessions",
            last_updated_time=Timestamp(LAST_SECOND_MS),
            skip=Int(skip),
            top=Int(2),
        )
        for skip in (0, 2, 3)
    ]

    assert [
        (200, {"skip": 2, "sessions-ids": ["a", "b"]}),
        (200, {"skip": 3, "sessions-ids": ["c"]}),
        (204, {}),
    ] == pages


async def test_queue_without_sessions_has_no_session_operations(bench):
    """There is no session to renew in a plain queue."""
    manager = await manage(bench)

    assert (400, "amqp:not-allowed") == await manager.ask("renew-session-lock", session_id="s")


async def test_peek_gives_encoded_messages(bench):
    """Peek answers with whole messages, or with no content."""
    bench.send("a")
    manager = await manage(bench)
    (message,) = bench.entity.queue.messages.values()

    window = {"from_sequence_number": Long(1), "message_count": Int(10)}
    expected = (200, {"messages": [{"message": message.encode_for_delivery()}]})
    assert expected == await manager.ask("peek-message", **window)
    window["from_sequence_number"] = Long(2)
    assert (204, {}) == await manager.ask("peek-message", **window)


async def test_messages_are_scheduled_and_cancelled(bench):
    """Scheduling gives numbers; a number cancels its message."""
    manager = await manage(bench)
    raw = encode_message("m", scheduled_ms=START_MS + MINUTE_MS)
    status, body = await manager.ask("schedule-message", messages=[{"message": raw}] * 2)
    given = body["sequence-numbers"]

    assert (200, [1, 2]) == (status, given)
    cancel = {"sequence_numbers": numbers(given[0])}
    assert (200, {}) == await manager.ask("cancel-scheduled-message", **cancel)
    assert [2] == list(bench.entity.queue.messages)


async def test_cancelling_twice_is_not_found(bench):
    """What is cancelled is gone."""
    manager = await manage(bench)

    expected = (404, "com.microsoft:message-not-found")
    cancel = {"sequence_numbers": numbers(1)}
    assert expected == await manager.ask("cancel-scheduled-message", **cancel)


@pytest.mark.parametrize(("mode", "is_kept"), [(0, False), (1, True)])
async def test_deferred_message_is_fetched(bench, mode, is_kept):
    """Peek-lock gives a token, receive-and-delete takes the message out."""
    bench.send("a")
    bench.entity.queue.settle(bench.receive(credit=1).tokens[0], DEFER)
    manager = await manage(bench)

    status, body = await manager.ask(
        "receive-by-sequence-number",
        sequence_numbers=numbers(1),
        receiver_settle_mode=UInt(mode),
    )

    held = list(bench.entity.queue.locks) or [UUID(int=0)]
    assert (200, held) == (status, [entry["lock-token"] for entry in body["messages"]])
    assert is_kept == bool(bench.entity.queue.messages)


@pytest.mark.parametrize(
    ("disposition", "outcome"),
    [
        ("completed", "gone"),
        ("abandoned", "returned"),
        ("defered", "deferred"),
        ("suspended", "dead"),
    ],
)
async def test_token_is_settled_by_request(bench, disposition, outcome):
    """All four verdicts can be given over the management address."""
    bench.send("a")
    held = bench.receive(credit=1).tokens
    manager = await manage(bench)
    body = {"disposition_status": disposition, "lock_tokens": tokens(*held)}
    assert (200, {}) == await manager.ask("update-disposition", **body)

    found = {"gone": "gone"}.get(outcome)
    for message in bench.entity.queue.messages.values():
        found = "deferred" if message.state else "returned"
    if bench.dead.queue.messages:
        found = "dead"
    assert outcome == found


@pytest.mark.parametrize(
    ("operation", "body", "expected"),
    [
        ("make-coffee", {}, (501, "amqp:not-implemented")),
        ("renew-lock", {}, (400, "amqp:invalid-field")),
        (
            "update-disposition",
            {"disposition_status": "loved", "lock_tokens": tokens()},
            (501, "amqp:not-implemented"),
        ),
    ],
)
async def test_request_that_is_not_understood_is_refused(bench, operation, body, expected):
    """Unknown operations, missing members and unknown verdicts are answered, not ignored."""
    manager = await manage(bench)

    assert expected == await manager.ask(operation, **body)


async def test_fault_is_an_answer(bench):
    """A planned refusal comes as a response with its status and condition."""
    manager = await manage(bench)
    manager.client.faults.add([{"operation": "peek-message", "status": 503}])

    assert (503, "com.microsoft:server-busy") == await manager.ask("peek-message")


async def test_request_without_reply_link_is_rejected(bench):
    """An answer that could reach nobody is refused at the request."""
    client = WireClient(bench)
    await client.open()
    await client.attach(0, MANAGEMENT, receives=False)

    (answer,) = dispositions(await client.transfer(0, encode_message("m")))

    assert "amqp:not-allowed" == answer.state.value[0].value[0]


async def test_management_of_an_unknown_queue_is_refused(bench):
    """There is nothing to manage where there is no queue."""
    client = WireClient(bench)
    await client.open()

    frames = await client.attach(0, "nowhere/$management", receives=False)

    assert "amqp:not-found" == error_of(frames)[0]


async def put_token(client: WireClient, token: str) -> int:
    """Puts a token; gives the status."""
    await client.attach(10, "$cbs", receives=False)
    await client.attach(11, "$cbs", receives=True)
    await client.flow(11, 1)
    response = await client.request(10, "put-token", token)
    return response.properties["status-code"]


def make_token(key: str = KEY.key) -> str:
    """A token of the client library that is valid at the bench's time."""
    return generate_sas_token(f"sb://h/{QUEUE}", KEY.name, key, START_MS // 1000 + 60)


async def test_link_without_token_is_refused(bench):
    """With a key, a link needs a token first."""
    client = WireClient(bench, access_key=KEY)
    await client.open()

    frames = await client.attach(0, receives=True)

    assert "amqp:unauthorized-access" == error_of(frames)[0]


async def test_genuine_token_opens_links(bench):
    """After a good token its queue can be used."""
    client = WireClient(bench, access_key=KEY)
    await client.open()

    assert 202 == await put_token(client, make_token())
    assert 1 == len(await client.attach(0, receives=True))


async def test_forged_token_opens_nothing(bench):
    """A bad token is answered with 401 and changes nothing."""
    client = WireClient(bench, access_key=KEY)
    await client.open()

    assert 401 == await put_token(client, make_token("other"))
    frames = await client.attach(0, receives=True)
    assert "amqp:unauthorized-access" == error_of(frames)[0]


async def test_management_wants_a_token_too(bench):
    """Requests are checked one by one."""
    manager = await manage(bench, access_key=KEY)

    assert (401, "amqp:unauthorized-access") == await manager.ask("peek-message")


async def test_without_a_key_any_token_is_good(bench):
    """The emulator's way."""
    client = WireClient(bench)
    await client.open()

    assert 202 == await put_token(client, "anything")


async def test_number_named_twice_is_cancelled_once(bench):
    """A repeated sequence number is neither an error nor a second cancellation."""
    (number,) = bench.send("later", scheduled_ms=START_MS + MINUTE_MS)
    manager = await manage(bench)

    answer = await manager.ask("cancel-scheduled-message", sequence_numbers=numbers(number, number))

    assert (200, {}) == answer


async def test_number_named_twice_is_received_once(bench):
    """A deferred message has one lock, however often its number is repeated."""
    (number,) = bench.send("a")
    bench.entity.queue.settle(bench.receive().tokens[0], DEFER)
    manager = await manage(bench)

    await manager.ask("receive-by-sequence-number", sequence_numbers=numbers(number, number))

    assert 1 == len(bench.entity.queue.locks)
