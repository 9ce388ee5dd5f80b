"""Tokens end; links that rest on them end with them, unless a new token came in time."""

from azure.servicebus._pyamqp.utils import generate_sas_token

from local.servicebus.authorization import AccessKey
from local.servicebus.performatives import Code
from tests.unit.servicebus.broker_fakes import QUEUE, START_MS, encode_message, make_bench
from tests.unit.servicebus.wire_client import (
    SESSION_FILTER,
    WireClient,
    codes,
    dispositions,
    error_of,
)

KEY = AccessKey(name="Root", key="secret")
TOKEN_MS = 60_000


async def sign_in(bench):
    """A client whose token lasts a minute."""
    client = WireClient(bench, access_key=KEY)
    await client.open()
    await client.attach(10, "$cbs", receives=False)
    await client.attach(11, "$cbs", receives=True)
    await client.flow(11, 100)
    await put_token(client, TOKEN_MS)
    return client


async def put_token(client, until_ms, resource=QUEUE):
    """Puts a token that lasts until so long after the start."""
    expiry_s = (START_MS + until_ms) // 1000
    token = generate_sas_token(f"sb://h/{resource}", KEY.name, KEY.key, expiry_s)
    await client.request(10, "put-token", token)


async def test_open_link_ends_with_its_token():
    """An open link is no way around an expired token."""
    bench = make_bench()
    client = await sign_in(bench)
    await client.attach(0, receives=True)

    bench.timeline.advance(TOKEN_MS)

    frames = await client.hear()
    assert ([Code.DETACH], "amqp:unauthorized-access") == (codes(frames), error_of(frames)[0])
    assert "ExpiredToken" in error_of(frames)[1]


async def test_renewed_token_keeps_the_link():
    """The client puts the next token before the last one ends, and nothing happens."""
    bench = make_bench()
    client = await sign_in(bench)
    await client.attach(0, receives=False)
    await put_token(client, 3 * TOKEN_MS)
    bench.timeline.advance(2 * TOKEN_MS)

    (answer,) = dispositions(await client.transfer(0, encode_message("m")))

    assert Code.ACCEPTED == answer.state.descriptor


async def test_second_token_ends_as_well():
    """Each token is watched, not only the first."""
    bench = make_bench()
    client = await sign_in(bench)
    await client.attach(0, receives=False)
    await put_token(client, 3 * TOKEN_MS)

    bench.timeline.advance(3 * TOKEN_MS)

    assert "amqp:unauthorized-access" == error_of(await client.hear())[0]


async def test_other_token_keeps_the_link():
    """A token for the whole namespace is good for the queue, too."""
    bench = make_bench()
    client = await sign_in(bench)
    await client.attach(0, receives=False)
    await put_token(client, 2 * TOKEN_MS, resource="")

    bench.timeline.advance(TOKEN_MS)

    assert [] == await client.hear()


async def test_session_goes_back_when_its_token_ends():
    """The next receiver need not wait for the lock; nothing counts as failed."""
    bench = make_bench(RequiresSession=True, LockDuration="PT5M")
    bench.send("a", session_id="s")
    client = await sign_in(bench)
    await client.attach(0, receives=True, filters={SESSION_FILTER: "s"})
    await client.flow(0, 1)

    bench.timeline.advance(TOKEN_MS)

    assert [0] == [message.delivery_count for message in bench.hold("s").received]


async def test_receiver_that_waits_for_a_session_is_refused():
    """Its attach is answered before it is detached, or it would wait for the answer."""
    bench = make_bench(RequiresSession=True)
    client = await sign_in(bench)
    wait = {"com.microsoft:timeout": 10 * TOKEN_MS}
    await client.attach(0, receives=True, filters={SESSION_FILTER: None}, properties=wait)

    bench.timeline.advance(TOKEN_MS)

    frames = await client.hear()
    assert [Code.ATTACH, Code.DETACH] == codes(frames)
    assert "amqp:unauthorized-access" == error_of(frames)[0]


async def test_nothing_is_left_of_a_connection_that_is_gone():
    """Ten thousand sessions a day must not leave ten thousand timers."""
    bench = make_bench()
    client = await sign_in(bench)
    await client.attach(0, receives=True)
    client.lose()

    assert 0 == bench.timeline.count_waiting()
