"""The client against a broker that fails on demand."""

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.exceptions import ServiceBusError, ServiceBusServerBusyError

from tests.integration.servicebus.bus import take, take_one, texts
from tests.integration.servicebus.crowd import MARKS, together

pytestmark = MARKS


@together
async def test_client_retries_a_busy_broker(bus):
    """One server-busy answer is retried by the client; the message arrives once."""
    queue = await bus.queue("plain")
    await bus.admin.plan(operation="send", entity=queue)
    await bus.send(queue, "a")

    assert 0 == await bus.admin.faults_left(queue)
    assert ["a"] == texts(await take(await bus.receiver(queue), 2, within_s=1.5))


@together
async def test_broker_that_stays_busy_is_an_error(bus):
    """When retries are used up the client raises what the broker said."""
    queue = await bus.queue("plain")
    await bus.admin.plan(operation="peek-message", entity=queue, count=100)
    receiver = await bus.receiver(queue)

    with pytest.raises(ServiceBusServerBusyError):
        await receiver.peek_messages(1)


@together
async def test_lost_answer_is_sent_twice_and_kept_once(bus):
    """A cut connection after the effect makes the client send again; the id makes it one."""
    queue = await bus.queue("distinct")
    await bus.admin.plan(operation="send", entity=queue, action="cut-after")
    message = ServiceBusMessage("a", message_id="m")
    await bus.sender(queue).send_messages(message)

    expected = {"sent": 1, "duplicates": 1}
    assert expected == (await bus.admin.describe(queue))["sinceStart"]


@together
async def test_settlement_can_be_refused(bus):
    """A refused completion raises and leaves the message locked."""
    queue = await bus.queue("plain")
    await bus.send(queue, "a")
    receiver = await bus.receiver(queue)
    message = await take_one(receiver)
    # The client tries the link first and the management address after that.
    await bus.admin.plan(entity=queue, condition="amqp:internal-error", count=100)

    with pytest.raises(ServiceBusError):
        await receiver.complete_message(message)

    assert 1 == (await bus.admin.describe(queue))["active"]


@together
async def test_cut_connection_is_reopened(bus):
    """A connection that is cut before the effect is opened again by the client."""
    queue = await bus.queue("plain")
    await bus.admin.plan(operation="send", entity=queue, action="cut-before")
    await bus.send(queue, "a")

    assert {"sent": 1} == (await bus.admin.describe(queue))["sinceStart"]
