"""An app of Service Bus triggers that log what they get."""

import asyncio
import json
import logging
from typing import List  # noqa: UP035, the runtime does not take list[...]

import azure.functions as func

app = func.FunctionApp()
log = logging.getLogger("queues")
running: set[str] = set()


@app.service_bus_queue_trigger(
    arg_name="message", queue_name="%ORDERED_QUEUE%", connection="Bus", is_sessions_enabled=True
)
async def ordered(message: func.ServiceBusMessage) -> None:
    """One message of a session at a time."""
    seen = {
        "session": message.session_id,
        "body": message.get_body().decode(),
        "id": message.message_id,
        "delivery": message.delivery_count,
        "properties": message.application_properties,
        "enqueued": message.enqueued_time_utc.isoformat(),
        "correlation": message.correlation_id,
    }
    log.info("ordered %s", json.dumps(seen))


@app.service_bus_queue_trigger(arg_name="message", queue_name="plain", connection="Bus")
async def plain(message: func.ServiceBusMessage) -> None:
    """Several at a time; says how many ran with it."""
    running.add(message.lock_token)
    await asyncio.sleep(0.2)
    log.info("plain %s", len(running))
    running.discard(message.lock_token)


@app.service_bus_queue_trigger(
    arg_name="messages", queue_name="batches", connection="Bus", cardinality="many"
)
async def batches(messages: List[func.ServiceBusMessage]) -> None:  # noqa: UP006
    """Many at once."""
    log.info("batch %s", json.dumps([one.get_body().decode() for one in messages]))


@app.service_bus_queue_trigger(arg_name="message", queue_name="poison", connection="Bus")
def poison(message: func.ServiceBusMessage) -> None:
    """Always fails."""
    raise ValueError(f"delivery {message.delivery_count}")


@app.service_bus_queue_trigger(
    arg_name="message", queue_name="poison/$DeadLetterQueue", connection="Bus"
)
async def buried(message: func.ServiceBusMessage) -> None:
    """What was given up."""
    log.info("buried %s %s", message.get_body().decode(), message.dead_letter_reason)


@app.service_bus_queue_trigger(
    arg_name="message", queue_name="kept", connection="Bus", auto_complete_messages=False
)
async def kept(message: func.ServiceBusMessage) -> None:
    """Never settled by the host."""
    log.info("kept %s", message.delivery_count)


@app.service_bus_queue_trigger(
    arg_name="message", queue_name="mixed", connection="Bus", is_sessions_enabled=True
)
async def mixed(message: func.ServiceBusMessage) -> None:
    """Fails with one kind of message only."""
    body = message.get_body().decode()
    log.info("mixed %s %s", body, message.delivery_count)
    if body == "poison":
        raise ValueError("cannot be handled")


@app.service_bus_queue_trigger(
    arg_name="message", queue_name="brief", connection="Bus", is_sessions_enabled=True
)
async def brief(message: func.ServiceBusMessage) -> None:
    """Sleeps through its lock the first time."""
    log.info("brief %s %s", message.get_body().decode(), message.delivery_count)
    if message.get_body() == b"sleepy" and message.delivery_count == 1:
        await asyncio.sleep(3)
