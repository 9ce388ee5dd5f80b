"""Links and deliveries, frame by frame."""

import pytest

from local.servicebus.links import LINK_CREDIT
from local.servicebus.performatives import MAX_MESSAGE_SIZE, Code, Transfer, outcome
from local.servicebus.values import Described, Symbol, UInt, ULong
from tests.unit.servicebus.broker_fakes import (
    MINUTE_MS,
    QUEUE,
    START_MS,
    encode_message,
    make_bench,
)
from tests.unit.servicebus.wire_client import (
    ACCEPTED,
    SESSION_FILTER,
    WireClient,
    codes,
    dispositions,
    error_of,
    flows,
    transfers,
)

YES = True
LOCKED_UNTIL = Symbol("com.microsoft:locked-until-utc")
TICKS_AT_START = (START_MS + 62_135_596_800_000) * 10_000
""".NET counts tenths of a microsecond from the year 1, which is that long before 1970."""


async def connect(bench, **options):
    """A client that is ready to attach."""
    client = WireClient(bench)
    await client.open(**options)
    return client


@pytest.mark.parametrize(
    "address", [QUEUE, f"amqps://host:5672/{QUEUE}", f"amqps://host/{QUEUE.upper()}"]
)
async def test_address_may_be_a_url(address):
    """The client writes amqps URLs whatever the transport; the answer repeats them."""
    client = await connect(make_bench())

    (_, fields, _), flow = await client.attach(0, address, receives=False)

    assert (address, Code.FLOW) == (fields[6].value[0], flow[0])


async def test_unknown_address_is_refused():
    """A refused link is attached to nothing and detached with the reason."""
    client = await connect(make_bench())

    frames = await client.attach(0, "nowhere", receives=True)

    assert [Code.ATTACH, Code.DETACH] == codes(frames)
    assert [None, None] == frames[0][1][5:7]
    assert "amqp:not-found" == error_of(frames)[0]


async def test_link_says_what_it_takes():
    """A sender learns credit and sizes."""
    client = await connect(make_bench())

    frames = await client.attach(0, receives=False)

    attach = frames[0][1]
    assert MAX_MESSAGE_SIZE == attach[10]
    assert {"com.microsoft:max-message-batch-size": MAX_MESSAGE_SIZE} == attach[13]
    assert LINK_CREDIT == flows(frames)[0].link_credit


async def test_credit_is_renewed_at_half():
    """A sender never runs dry, and is not told after each message."""
    client = await connect(make_bench())
    await client.attach(0, receives=False)
    renewals = []
    for number in range(LINK_CREDIT // 2):
        renewals += flows(await client.transfer(0, encode_message(f"m{number}")))

    assert [(LINK_CREDIT, LINK_CREDIT // 2)] == [
        (flow.link_credit, flow.delivery_count) for flow in renewals
    ]


async def test_message_in_parts_is_one_message():
    """Frames of one delivery are joined, and answered once."""
    bench = make_bench()
    client = await connect(bench)
    await client.attach(0, receives=False)
    raw = encode_message("a", body=b"x" * 100)

    first = await client.transfer(0, raw[:50], more=True)
    second = await client.transfer(0, raw[50:])

    assert ([], [ACCEPTED]) == (dispositions(first), [d.state for d in dispositions(second)])
    assert raw.endswith(bench.entity.queue.messages[1].rest)


async def test_refused_message_is_rejected_with_the_reason():
    """A message that is no message is answered, and the link lives on."""
    client = await connect(make_bench())
    await client.attach(0, receives=False)

    (answer,) = dispositions(await client.transfer(0, b"nonsense"))
    (next_answer,) = dispositions(await client.transfer(0, encode_message("a")))

    assert "amqp:decode-error" == answer.state.value[0].value[0]
    assert ACCEPTED == next_answer.state


async def test_lock_token_is_a_little_endian_guid():
    """The delivery tag is the lock token in the byte order of .NET."""
    bench = make_bench()
    bench.send("a")
    client = await connect(bench)
    await client.attach(0, receives=True)

    (delivery,) = transfers(await client.flow(0, 1))

    (token,) = bench.entity.queue.locks
    assert token.bytes_le == delivery.delivery_tag


async def test_large_message_is_cut_to_the_clients_frames():
    """No frame is larger than the client takes; together they are the message."""
    bench = make_bench()
    bench.send("a", body=b"x" * 5000)
    client = await connect(bench, max_frame_size=1024)
    await client.attach(0, receives=True)

    frames = await client.flow(0, 1)

    message = bench.entity.queue.messages[1]
    assert message.encode_for_delivery() == b"".join(payload for _, _, payload in frames)
    assert [True] * 5 + [False] == [t.more for t in transfers(frames)]
    assert all(len(payload) < 1024 for _, _, payload in frames)


async def test_transfer_window_is_kept():
    """A client with a small window gets no more frames than it can take."""
    bench = make_bench()
    bench.send("a", "b", "c")
    client = await connect(bench, window=2)
    await client.attach(0, receives=True)
    window = [UInt(0), UInt(2), UInt(0), UInt(1000)]

    first = await client.frame(Code.FLOW, *window, UInt(0), UInt(0), UInt(10))
    second = await client.frame(Code.FLOW, UInt(2), *window[1:])

    assert (2, 1) == (len(transfers(first)), len(transfers(second)))


async def test_window_counts_frames_not_messages():
    """A message of six frames uses up six; the next waits for the client's word."""
    bench = make_bench()
    bench.send("a", "b", body=b"x" * 5000)
    client = await connect(bench, max_frame_size=1024, window=4)
    await client.attach(0, receives=True)
    window = [UInt(0), UInt(4), UInt(0), UInt(1000)]

    first = await client.frame(Code.FLOW, *window, UInt(0), UInt(0), UInt(10))
    overrun = await client.frame(Code.FLOW, UInt(1), *window[1:])
    still_full = await client.frame(Code.FLOW, UInt(6), UInt(0), *window[2:])
    second = await client.frame(Code.FLOW, UInt(6), *window[1:])

    sent = [len(transfers(frames)) for frames in (first, overrun, still_full, second)]
    assert [6, 0, 0, 6] == sent


async def test_drain_uses_up_the_credit():
    """A draining client learns that nothing more will come."""
    bench = make_bench()
    bench.send("a")
    client = await connect(bench)
    await client.attach(0, receives=True)

    frames = await client.flow(0, 5, drain=True)

    (flow,) = flows(frames)
    assert (1, 5, 0, True) == (
        len(transfers(frames)),
        flow.delivery_count,
        flow.link_credit,
        flow.drain,
    )


async def test_withdrawn_credit_is_none():
    """Credit that the client has taken back in the meantime is not used."""
    bench = make_bench()
    client = await connect(bench)
    await client.attach(0, receives=True)
    await client.flow(0, 5)
    await client.flow(0, 0)
    bench.send("a")

    assert [] == transfers(await client.hear())


async def test_credit_that_was_used_meanwhile_is_not_used_again():
    """Deliveries that crossed the client's flow count against it."""
    bench = make_bench()
    bench.send("a", "b", "c")
    client = await connect(bench)
    await client.attach(0, receives=True)
    await client.flow(0, 2)

    assert [] == await client.flow(0, 1, seen=0)
    assert 1 == len(transfers(await client.flow(0, 3, seen=0)))


async def test_oversized_message_is_rejected():
    """A message over the limit is refused however many frames it comes in."""
    bench = make_bench()
    client = await connect(bench)
    await client.attach(0, receives=False)

    (answer,) = dispositions(await client.transfer(0, encode_message(body=bytes(300_000))))

    assert "amqp:link:message-size-exceeded" == answer.state.value[0].value[0]
    assert {} == bench.entity.queue.messages


async def test_echo_is_answered():
    """A client may ask how a link stands."""
    client = await connect(make_bench())
    await client.attach(0, receives=False)
    window = [UInt(0), UInt(1000), UInt(0), UInt(1000)]

    frames = await client.frame(Code.FLOW, *window, UInt(0), *[None] * 4, YES)

    assert [LINK_CREDIT] == [flow.link_credit for flow in flows(frames)]


async def test_verdict_is_answered_with_itself():
    """The client gets its own outcome back, settled."""
    bench = make_bench()
    bench.send("a")
    client = await connect(bench)
    await client.attach(0, receives=True)
    await client.flow(0, 1)
    abandon = outcome(Code.MODIFIED, YES)

    (answer,) = dispositions(await client.judge(0, None, abandon))

    assert (False, True, abandon) == (answer.is_receiver, answer.settled, answer.state)
    assert 1 == bench.entity.queue.messages[1].delivery_count


async def test_verdict_may_cover_a_range():
    """One frame settles many deliveries; each is answered."""
    bench = make_bench()
    bench.send("a", "b", "c")
    client = await connect(bench)
    await client.attach(0, receives=True)
    await client.flow(0, 3)

    answers = dispositions(await client.judge(0, 2, ACCEPTED))

    assert [0, 1, 2] == [answer.first for answer in answers]
    assert {} == bench.entity.queue.messages


async def test_huge_range_costs_nothing():
    """A range of four billion deliveries settles those that exist."""
    bench = make_bench()
    bench.send("a")
    client = await connect(bench)
    await client.attach(0, receives=True)
    await client.flow(0, 1)

    answers = dispositions(await client.judge(0, 0xFFFFFFFF, ACCEPTED))

    assert [0] == [answer.first for answer in answers]


async def test_late_verdict_is_refused():
    """A verdict after the lock's end is rejected with the reason."""
    bench = make_bench()
    bench.send("a")
    client = await connect(bench)
    await client.attach(0, receives=True)
    await client.flow(0, 1)
    bench.timeline.advance(MINUTE_MS)
    await client.hear()

    (answer,) = dispositions(await client.judge(0, None, ACCEPTED))

    assert "com.microsoft:message-lock-lost" == answer.state.value[0].value[0]


async def test_receive_and_delete_expects_no_verdict():
    """A pre-settled delivery is gone."""
    bench = make_bench()
    bench.send("a")
    client = await connect(bench)
    await client.attach(0, receives=True, settled=True)

    (delivery,) = transfers(await client.flow(0, 1))

    assert (True, {}) == (delivery.settled, bench.entity.queue.messages)
    assert [] == await client.judge(0, None, ACCEPTED)


async def test_detached_receiver_gets_nothing():
    """A detach is confirmed, and the link is not used any more."""
    bench = make_bench()
    client = await connect(bench)
    await client.attach(0, receives=True)
    await client.flow(0, 5)

    assert [Code.DETACH] == codes(await client.frame(Code.DETACH, UInt(0), YES))
    bench.send("a")
    assert [] == await client.hear()


async def test_session_attach_names_session_and_expiry():
    """The answer to an attach for any session says which it is and until when."""
    bench = make_bench(RequiresSession=True)
    bench.send("a", session_id="s")
    client = await connect(bench)

    ((_, fields, _),) = await client.attach(0, receives=True, filters={SESSION_FILTER: None})

    assert {SESSION_FILTER: "s"} == fields[5].value[7]
    assert TICKS_AT_START + MINUTE_MS * 10_000 == fields[13][LOCKED_UNTIL]


async def test_filter_may_be_described():
    """Some clients wrap the session id in a described value."""
    bench = make_bench(RequiresSession=True)
    client = await connect(bench)
    wanted = Described(ULong(0x137000000C), "s")

    ((_, fields, _),) = await client.attach(0, receives=True, filters={SESSION_FILTER: wanted})

    assert {SESSION_FILTER: "s"} == fields[5].value[7]


@pytest.mark.parametrize(
    ("properties", "wait_ms"),
    [(None, 60_000), ({Symbol("com.microsoft:timeout"): UInt(1500)}, 1500)],
)
async def test_wait_for_a_session_ends(properties, wait_ms):
    """The attach stays unanswered for as long as the client said, or a minute."""
    bench = make_bench(RequiresSession=True)
    client = await connect(bench)
    filters = {SESSION_FILTER: None}
    assert [] == await client.attach(0, receives=True, filters=filters, properties=properties)
    bench.timeline.advance(wait_ms - 1)
    assert [] == await client.hear()

    bench.timeline.advance(1)

    frames = await client.hear()
    assert [Code.ATTACH, Code.DETACH] == codes(frames)
    assert "com.microsoft:timeout" == error_of(frames)[0]


async def test_credit_given_while_waiting_counts_from_the_grant():
    """A client need not wait for the answer to its attach before it asks for messages."""
    bench = make_bench(RequiresSession=True)
    client = await connect(bench)
    await client.attach(0, receives=True, filters={SESSION_FILTER: None})
    await client.flow(0, 10)
    bench.send("a", session_id="s")

    assert [Code.ATTACH, Code.TRANSFER] == codes(await client.hear())


async def test_waiting_client_that_leaves_is_not_granted_anything():
    """A session is not given to a link that is gone."""
    bench = make_bench(RequiresSession=True)
    client = await connect(bench)
    await client.attach(0, receives=True, filters={SESSION_FILTER: None})
    client.lose()
    bench.send("a", session_id="s")

    assert ["a"] == bench.hold("s").names


async def test_expired_session_ends_the_link():
    """The holder of an expired session is detached with the reason."""
    bench = make_bench(RequiresSession=True)
    client = await connect(bench)
    await client.attach(0, receives=True, filters={SESSION_FILTER: "s"})
    bench.timeline.advance(MINUTE_MS)

    assert "com.microsoft:session-lock-lost" == error_of(await client.hear())[0]


@pytest.mark.parametrize(
    ("requires_session", "filters"), [(True, None), (False, {SESSION_FILTER: "s"})]
)
async def test_receiver_must_fit_the_queue(requires_session, filters):
    """A session where there are none, or none where there must be one, is refused."""
    client = await connect(make_bench(RequiresSession=requires_session))

    frames = await client.attach(0, receives=True, filters=filters)

    assert "amqp:not-allowed" == error_of(frames)[0]


async def test_dead_letters_are_received_without_session():
    """The dead-letter queue of a session queue has no sessions, in any spelling."""
    client = await connect(make_bench(RequiresSession=True))

    frames = await client.attach(0, f"{QUEUE}/$DeadLetterQueue", receives=True)

    assert [Code.ATTACH] == codes(frames)


async def test_fault_may_refuse_a_receiver():
    """A receiver is refused when that is planned."""
    client = await connect(make_bench())
    client.faults.add([{"operation": "receive"}])

    frames = await client.attach(0, receives=True)

    assert "com.microsoft:server-busy" == error_of(frames)[0]


async def test_aborted_message_is_thrown_away():
    """What a sender gives up half-way never was a message, and nobody answers it."""
    bench = make_bench()
    client = await connect(bench)
    await client.attach(0, receives=False)
    raw = encode_message("a")
    await client.transfer(0, raw[:-4], more=True)

    frames = await client.frame(Code.TRANSFER, *Transfer(handle=UInt(0), aborted=True))

    assert ([], {}) == (frames, bench.entity.queue.messages)


async def test_message_behind_an_aborted_one_is_whole():
    """Nothing of what was given up gets into the next message."""
    bench = make_bench()
    client = await connect(bench)
    await client.attach(0, receives=False)
    await client.transfer(0, b"scrap", more=True)
    await client.frame(Code.TRANSFER, *Transfer(handle=UInt(0), aborted=True))
    await client.transfer(0, encode_message("b"))

    assert ["b"] == bench.receive().names
