"""Channels: handles that clash, credit that is asked about, messages that never end."""

import pytest

from local.servicebus.performatives import MAX_MESSAGE_SIZE, Code
from local.servicebus.values import UInt
from tests.unit.servicebus.broker_fakes import MINUTE_MS, encode_message, make_bench
from tests.unit.servicebus.wire_client import (
    SESSION_FILTER,
    WireClient,
    codes,
    dispositions,
    error_of,
    flows,
    transfers,
)

WINDOWS = [UInt(0), UInt(1000), UInt(0), UInt(1000)]
NO_LINK = [None] * 5
YES = True


async def connect(bench=None):
    """A client that is ready to attach."""
    client = WireClient(bench or make_bench())
    await client.open()
    return client


async def test_handle_in_use_ends_the_channel():
    """A second link under one handle would steal the first one's frames."""
    client = await connect()
    await client.attach(0, receives=False)

    frames = await client.attach(0, receives=True)

    assert [Code.END] == codes(frames)
    assert "amqp:session:handle-in-use" == error_of(frames)[0]
    assert not client.transport.is_closing()


async def test_ended_channel_hears_nothing_more():
    """What the client sends before it reads the end is passed over, its own end answers ours."""
    client = await connect()
    await client.attach(0, receives=False)
    await client.attach(0, receives=True)

    assert [] == await client.transfer(0, encode_message("late"))
    assert [] == await client.frame(Code.END)


async def test_channel_can_begin_again_after_its_end():
    """The connection and its other channels go on."""
    client = await connect()
    await client.attach(0, receives=False)
    await client.attach(0, receives=True)
    await client.frame(Code.END)

    frames = await client.frame(Code.BEGIN, None, UInt(0), UInt(1000), UInt(1000))

    assert [Code.BEGIN] == codes(frames)


async def test_channel_that_ends_gives_its_session_back():
    """Whoever waits for the session need not wait for the lock to end."""
    bench = make_bench(RequiresSession=True)
    bench.send("a", session_id="s")
    client = await connect(bench)
    await client.attach(0, receives=True, filters={SESSION_FILTER: "s"})
    await client.flow(0, 1)
    await client.attach(0, receives=False)

    assert [1] == [message.delivery_count for message in bench.hold("s").received]


async def test_handle_of_a_refused_link_is_free_after_its_detach():
    """A client that was refused may try again under the same handle."""
    client = await connect()
    await client.attach(0, "nowhere", receives=True)
    await client.frame(Code.DETACH, UInt(0), YES)

    frames = await client.attach(0, receives=True)

    assert [Code.ATTACH] == codes(frames)


async def test_handle_beyond_the_highest_ends_the_connection():
    """The channel has said how many links it takes."""
    client = await connect()

    frames = await client.attach(256, receives=True)

    assert "amqp:connection:framing-error" == error_of(frames)[0]
    assert client.transport.is_closed


async def test_transfer_without_a_link_ends_the_channel():
    """Its sender would wait for an answer for ever."""
    client = await connect()

    frames = await client.transfer(7, encode_message("m"))

    assert "amqp:session:unattached-handle" == error_of(frames)[0]


async def test_flow_without_a_link_ends_the_channel():
    """As would a receiver for its messages."""
    client = await connect()

    frames = await client.flow(7, 1)

    assert "amqp:session:unattached-handle" == error_of(frames)[0]


async def test_echo_of_the_channel_is_answered():
    """A flow that names no link asks how the windows stand."""
    client = await connect()
    await client.attach(0, receives=False)
    await client.transfer(0, encode_message("m"))

    (flow,) = flows(await client.frame(Code.FLOW, *WINDOWS, *NO_LINK, YES))

    assert (1, None) == (flow.next_incoming_id, flow.handle)


async def test_echo_of_a_receiver_is_answered_with_what_is_left():
    """Credit and deliveries as they stand after what was sent on this very flow."""
    bench = make_bench()
    bench.send("a", "b")
    client = await connect(bench)
    await client.attach(0, receives=True)

    frames = await client.flow(0, 5, echo=True)

    (flow,) = flows(frames)
    assert (2, 2, 3) == (len(transfers(frames)), flow.delivery_count, flow.link_credit)


async def test_drain_with_echo_is_answered_once():
    """The answer to the drain says it all."""
    client = await connect()
    await client.attach(0, receives=True)

    (flow,) = flows(await client.flow(0, 5, drain=True, echo=True))

    assert (0, YES) == (flow.link_credit, flow.drain)


@pytest.mark.parametrize("wish", [{"drain": True}, {"echo": True}])
async def test_flow_that_finds_the_session_over_is_answered_by_the_detach_alone(wish):
    """A flow for a handle that was given up would end the client's channel."""
    bench = make_bench(RequiresSession=True)
    client = await connect(bench)
    await client.attach(0, receives=True, filters={SESSION_FILTER: "s"})
    bench.timeline.stall(MINUTE_MS)

    assert [Code.DETACH] == codes(await client.flow(0, 5, **wish))


async def test_message_that_never_ends_is_not_kept():
    """However much comes, no more than the limit is held; the end is answered with a refusal."""
    bench = make_bench()
    client = await connect(bench)
    await client.attach(0, receives=False)
    piece = bytes(MAX_MESSAGE_SIZE)
    for _ in range(8):
        await client.frame(Code.TRANSFER, UInt(0), UInt(1), b"t", UInt(0), None, YES, payload=piece)
    link = client.connection._channels[1]._links[0]
    held = sum(map(len, link._parts))
    (answer,) = dispositions(await client.frame(Code.TRANSFER, UInt(0), payload=b"end"))

    assert MAX_MESSAGE_SIZE == held
    assert "amqp:link:message-size-exceeded" == answer.state.value[0].value[0]


async def test_message_after_an_endless_one_is_taken():
    """Nothing of what was refused gets into the next."""
    bench = make_bench()
    client = await connect(bench)
    await client.attach(0, receives=False)
    await client.transfer(0, encode_message(body=bytes(300_000)))
    await client.transfer(0, encode_message("good"))

    assert ["good"] == [one.message_id for one in bench.entity.queue.messages.values()]


async def test_message_of_exactly_the_limit_is_taken():
    """The limit is the last size that fits."""
    bench = make_bench()
    client = await connect(bench)
    await client.attach(0, receives=False)
    # Long bodies have a head of one size, so the rest can be counted off.
    head = len(encode_message("m", body=bytes(1000))) - 1000
    await client.transfer(0, encode_message("m", body=bytes(MAX_MESSAGE_SIZE - head)))
    await client.transfer(0, encode_message("n", body=bytes(MAX_MESSAGE_SIZE - head + 1)))

    assert ["m"] == [one.message_id for one in bench.entity.queue.messages.values()]
