"""Bytes from the network: the opening, frames in pieces, and everything a client can do wrong."""

import asyncio

import pytest

from local.servicebus.errors import StoreFaultError
from local.servicebus.liveness import ANNOUNCED_MS
from local.servicebus.parsing import parse_message
from local.servicebus.performatives import (
    AMQP_HEADER,
    EMPTY_FRAME,
    MAX_FRAME_SIZE,
    SASL_HEADER,
    Code,
    encode_frame,
    encode_sasl_frame,
)
from local.servicebus.values import Described, Symbol, UInt, ULong
from tests.unit.servicebus.broker_fakes import QUEUE, encode_message, make_bench
from tests.unit.servicebus.wire_client import (
    SESSION_FILTER,
    WireClient,
    codes,
    error_of,
    read_frames,
    transfers,
)

SOMEWHERE = Described(ULong(Code.SOURCE), [QUEUE])
NOWHERE = Described(ULong(Code.SOURCE), {"address": QUEUE})


async def test_opening_offers_anonymous_and_accepts_it():
    """The handshake of the Python client: SASL ANONYMOUS, then AMQP."""
    client = WireClient(make_bench())

    ((code, fields, _),) = await client.say(SASL_HEADER)
    assert (Code.SASL_MECHANISMS, True) == (code, "ANONYMOUS" in fields[0])

    init = encode_sasl_frame(Code.SASL_INIT, [Symbol("ANONYMOUS")])
    assert [(Code.SASL_OUTCOME, [0], b"")] == await client.say(init)

    answer = await client.say(AMQP_HEADER + encode_frame(0, Code.OPEN, ["me"]))
    assert [Code.OPEN] == codes(answer)


async def test_frames_may_come_in_pieces():
    """The network cuts where it likes."""
    client = WireClient(make_bench())
    data = SASL_HEADER + encode_sasl_frame(Code.SASL_INIT, [Symbol("ANONYMOUS")])
    data += AMQP_HEADER + encode_frame(0, Code.OPEN, ["me"])
    heard = []
    for byte in data:
        heard += await client.say(bytes([byte]))

    assert [Code.SASL_MECHANISMS, Code.SASL_OUTCOME, Code.OPEN] == codes(heard)


async def test_heartbeats_are_no_news():
    """An empty frame keeps a connection alive and says nothing."""
    client = WireClient(make_bench())
    await client.open()

    assert [] == await client.say(EMPTY_FRAME)
    assert not client.transport.is_closing()


async def open_with_idle_timeout(idle_timeout_ms):
    """A connection whose client stands so much silence, and the clock."""
    bench = make_bench()
    client = WireClient(bench)
    await client.say(AMQP_HEADER)
    request = ["me", None, UInt(65536), None, UInt(idle_timeout_ms)]
    await client.say(encode_frame(0, Code.OPEN, request))
    return client, bench.timeline


async def count_beats(client, timeline, duration_ms):
    """How many empty frames come within a time."""
    client.transport.written.clear()
    timeline.advance(duration_ms)
    await asyncio.sleep(0)
    return bytes(client.transport.written).count(EMPTY_FRAME)


async def test_heartbeats_are_sent_where_wanted():
    """A client that announces an idle time-out hears twice as often, until it is gone."""
    client, timeline = await open_with_idle_timeout(60_000)

    assert 4 == await count_beats(client, timeline, 120_000)

    client.lose()
    assert 0 == timeline.count_waiting()


async def test_heartbeats_have_a_fastest_pace():
    """A client that asks for one every half millisecond does not keep the broker busy."""
    client, timeline = await open_with_idle_timeout(1)

    assert 10 == await count_beats(client, timeline, 1000)


async def test_silent_client_is_given_up():
    """After twice the time that was announced its session is free, its delivery counted."""
    bench = make_bench(RequiresSession=True, LockDuration="PT5M")
    client = WireClient(bench)
    await client.open()
    bench.timeline.advance(ANNOUNCED_MS)
    bench.send("a", session_id="s")
    await client.attach(0, receives=True, filters={SESSION_FILTER: "s"})
    await client.flow(0, 10)
    bench.timeline.advance(2 * ANNOUNCED_MS - 1)
    assert not client.transport.is_cut

    bench.timeline.advance(1)

    frames = [*read_frames(bytes(client.transport.written))]
    assert ("amqp:connection:forced", True) == (error_of(frames)[0], client.transport.is_cut)


async def test_heartbeats_of_the_client_keep_its_connection():
    """An empty frame is a sign of life."""
    bench = make_bench()
    client = WireClient(bench)
    await client.open()
    for _ in range(4):
        bench.timeline.advance(ANNOUNCED_MS)
        await client.say(EMPTY_FRAME)

    assert not client.transport.is_closing()


async def test_other_protocol_is_shown_out():
    """What is not AMQP is answered with AMQP's header and closed."""
    client = WireClient(make_bench())
    client.connection.data_received(b"GET / HT")

    assert (AMQP_HEADER, True) == (bytes(client.transport.written), client.transport.is_closed)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x00\x00\x04\x02\x00\x00\x00",
        b"\x7f\xff\xff\xff\x02\x00\x00\x00",
        b"\x00\x00\x00\x0a\x02\x00\x00\x00\x3f\x3f",
        encode_frame(1, Code.BEGIN, []),
        encode_frame(1, Code.TRANSFER, [UInt(0)] * 20),
        encode_frame(1, Code.SOURCE, []),
        encode_frame(1, Code.ATTACH, ["no handle"]),
        encode_frame(1, Code.ATTACH, ["mode", UInt(0), True, UInt(300), None, SOMEWHERE]),
        encode_frame(1, Code.ATTACH, ["no list", UInt(0), True, None, None, NOWHERE]),
        encode_frame(2, Code.BEGIN, [None, UInt(0), float("inf"), UInt(1000)]),
    ],
)
async def test_nonsense_ends_the_connection_with_a_reason(data):
    """Bad sizes, bad values and bad fields close this connection, and say why."""
    client = WireClient(make_bench())
    await client.open()

    client.transport.written.clear()
    client.connection.data_received(data)

    frames = [*read_frames(bytes(client.transport.written))]
    assert Code.CLOSE == codes(frames)[-1]
    assert error_of(frames)[1]
    assert client.transport.is_closed


async def test_frames_of_an_ended_channel_are_ignored():
    """A client may still send on a channel that has just ended."""
    client = WireClient(make_bench())
    await client.open()
    await client.frame(Code.END)

    assert [] == await client.flow(0, 1)
    assert not client.transport.is_closing()


async def test_close_is_answered():
    """An orderly end is confirmed before the connection is closed."""
    client = WireClient(make_bench())
    await client.open()
    client.connection.data_received(encode_frame(0, Code.CLOSE, []))

    frames = [*read_frames(bytes(client.transport.written))]
    assert ([Code.CLOSE], True) == (codes(frames), client.transport.is_closed)


async def test_open_connections_are_counted():
    """The broker knows who is there."""
    client = WireClient(make_bench())
    assert {client.connection} == client.connections

    client.lose()

    assert set() == client.connections


async def test_nothing_leaves_before_it_is_permanent():
    """A message is committed before its sender hears that it was accepted."""
    order = []
    bench = make_bench()
    client = WireClient(bench, before_write=lambda: order.append(len(client.transport.written)))
    await client.open()
    await client.attach(0, receives=False)
    order.clear()
    await client.transfer(0, encode_message("a"))

    assert [0] == order


async def test_what_cannot_be_made_permanent_is_not_told():
    """The connection breaks instead: its client must take it that nothing was done."""

    def fail():
        raise StoreFaultError("the disk is full", subject="broker.sqlite")

    client = WireClient(make_bench(), before_write=fail)
    heard = await client.say(SASL_HEADER)

    assert ([], True) == (heard, client.transport.is_cut)


async def test_cut_after_the_effect_loses_only_the_answer():
    """The fault that matters most: done, and the client cannot know."""
    bench = make_bench()
    client = WireClient(bench)
    await client.open()
    await client.attach(0, receives=False)
    client.faults.add([{"operation": "send", "action": "cut-after"}])
    heard = await client.transfer(0, encode_message("a"))

    assert ([], True) == (heard, client.transport.is_cut)
    assert 1 == len(bench.entity.queue.messages)


@pytest.mark.parametrize(("farewell", "expected_count"), [(True, 0), (False, 1)])
async def test_broken_connection_gives_its_session_back(farewell, expected_count):
    """A session is free at once; without a farewell its messages count as delivered."""
    bench = make_bench(RequiresSession=True)
    client = WireClient(bench)
    await client.open()
    bench.send("a", session_id="s")
    await client.attach(0, receives=True, filters={SESSION_FILTER: "s"})
    await client.flow(0, 10)
    if farewell:
        client.connection.data_received(encode_frame(0, Code.CLOSE, []))
    client.lose()

    assert [expected_count] == [m.delivery_count for m in bench.hold("s").received]


async def test_wrong_type_in_a_frame_is_answered_with_the_reason():
    """A client that sends text for a number is told so, rather than cut off."""
    client = WireClient(make_bench())
    await client.open()

    begin = [None, UInt(0), "many", UInt(1000)]
    frames = await client.say(encode_frame(2, Code.BEGIN, begin))

    assert "amqp:connection:framing-error" == error_of(frames)[0]


async def test_channel_that_has_begun_cannot_begin_again():
    """Its links would be lost without anybody learning of it; the connection ends instead."""
    client = WireClient(make_bench())
    await client.open()

    frames = await client.frame(Code.BEGIN, None, UInt(0), UInt(1000), UInt(1000))

    assert ("amqp:not-allowed", True) == (error_of(frames)[0], client.transport.is_closed)


async def test_client_that_does_not_read_is_not_heard():
    """Its requests wait in its own machine until it has read what it asked for before."""
    bench = make_bench()
    client = WireClient(bench)
    await client.open()
    await client.attach(0, receives=False)
    client.connection.pause_writing()
    await client.transfer(0, encode_message("a"))
    unheard = (client.transport.is_reading, len(bench.entity.queue.messages))
    client.connection.resume_writing()

    assert ((False, 0), (True, 1)) == (
        unheard,
        (client.transport.is_reading, len(bench.entity.queue.messages)),
    )


async def test_client_that_does_not_read_is_sent_no_more():
    """Whatever credit it gave; it gets the rest when it reads again."""
    bench = make_bench()
    client = WireClient(bench)
    await client.open()
    await client.attach(0, receives=True)
    await client.flow(0, 10)
    client.connection.pause_writing()
    bench.send("a")
    held_back = await client.hear()
    client.connection.resume_writing()

    assert ([], [Code.TRANSFER]) == (held_back, codes(await client.hear()))


async def test_one_turn_answers_no_more_than_fits():
    """What many requests in one packet ask for is not piled up; all of it comes in the end."""
    bench = make_bench()
    client = WireClient(bench)
    await client.open(max_frame_size=MAX_FRAME_SIZE)
    await client.attach(0, receives=True)
    for _ in range(20):
        bench.entity.queue.send([parse_message(encode_message(body=bytes(200_000)))])
    windows = [UInt(0), UInt(1000), UInt(0), UInt(1000)]
    client.connection.data_received(
        encode_frame(1, Code.FLOW, [*windows, UInt(0), UInt(0), UInt(20)])
    )
    heard = [len(transfers(await client.hear())) for _ in range(8)]

    assert ([6, 20], True) == ([max(heard), sum(heard)], client.transport.is_reading)
