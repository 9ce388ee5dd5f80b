"""An app of durable functions: fan-out, retries, timers, events, sub-orchestrations, failures."""

import asyncio
import itertools
import json
import logging
import threading
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from durabletask import task

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
attempts: dict[str, int] = {}
running: set[int] = set()
counted = {"mostRunning": 0}
lock = threading.Lock()
whims = itertools.cycle(["double", "slow"])

RETRIES = task.RetryPolicy(
    first_retry_interval=timedelta(milliseconds=50), max_number_of_attempts=3
)


@app.route(route="start/{name}/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
    """Starts an orchestration with the body as input and answers with its management URLs."""
    body = req.get_body()
    instance_id = await client.schedule_new_orchestration(
        req.route_params["name"],
        instance_id=req.route_params["id"],
        input=json.loads(body) if body else None,
    )
    return client.create_check_status_response(req, instance_id)


@app.route(route="counts", methods=["GET"])
async def counts(req: func.HttpRequest) -> func.HttpResponse:
    """What the activities counted."""
    return func.HttpResponse(json.dumps({**counted, "attempts": attempts}))


@app.orchestration_trigger(context_name="context")
def whole(context: task.OrchestrationContext, given: dict) -> Generator[Any, Any, Any]:
    """A bit of everything."""
    context.set_custom_status("working")
    first = yield context.call_activity("double", input=given["n"])
    yield context.create_timer(timedelta(seconds=given.get("waitSeconds", 0)))
    flaky = yield context.call_activity("flaky", input=context.instance_id, retry_policy=RETRIES)
    fan = yield task.when_all([context.call_activity("double", input=i) for i in range(5)])
    child = yield context.call_sub_orchestrator("child", input=first)
    return {"first": first, "flaky": flaky, "fan": fan, "child": child}


@app.orchestration_trigger(context_name="context")
def child(context: task.OrchestrationContext, given: int) -> Generator[Any, Any, int]:
    """Doubles once more."""
    return (yield context.call_activity("double", input=given))


@app.orchestration_trigger(context_name="context")
def waits(context: task.OrchestrationContext, given: Any) -> Generator[Any, Any, Any]:
    """Waits for an event and returns its payload."""
    return (yield context.wait_for_external_event("go"))


@app.orchestration_trigger(context_name="context")
def delegates(context: task.OrchestrationContext, given: Any) -> Generator[Any, Any, Any]:
    """Has a sub-orchestration wait for the event, under an id made from its own."""
    child_id = f"{context.instance_id}-child"
    return (yield context.call_sub_orchestrator("waits", instance_id=child_id))


@app.orchestration_trigger(context_name="context")
def doubles_on_request(
    context: task.OrchestrationContext, number: int
) -> Generator[Any, Any, list[int]]:
    """Doubles a number once now and once after an event; tells of both in the log."""
    once = yield context.call_activity("double", input=number)
    logging.getLogger("mine").info("doubled once: %s", once)
    yield context.wait_for_external_event("go")
    twice = yield context.call_activity("double", input=once)
    logging.getLogger("mine").info("doubled twice: %s", twice)
    return [once, twice]


@app.orchestration_trigger(context_name="context")
def in_old_style(context: df.DurableOrchestrationContext) -> Generator[Any, Any, list[Any]]:
    """Written as for version 1 of the library: one argument, and the input from the context."""
    given = context.get_input()
    doubled = yield context.call_activity("double", given["n"])
    return [context.instance_id, doubled]


@app.orchestration_trigger(context_name="context")
def fickle(context: task.OrchestrationContext, number: int) -> Generator[Any, Any, int]:
    """Calls another activity each time its code runs from the start."""
    name = next(whims)
    number = yield context.call_activity(name, input=number)
    return (yield context.call_activity(name, input=number))


@app.orchestration_trigger(context_name="context")
def clocked(context: task.OrchestrationContext, hours: int) -> Generator[Any, Any, list[str]]:
    """Sleeps some hours; says when it began and ended by the orchestration's own clock."""
    began = context.current_utc_datetime
    yield context.create_timer(timedelta(hours=hours))
    return [began.isoformat(), context.current_utc_datetime.isoformat()]


@app.orchestration_trigger(context_name="context")
def catches(context: task.OrchestrationContext, name: str) -> Generator[Any, Any, Any]:
    """Calls an activity that fails and returns what it can see of the failure."""
    try:
        yield context.call_activity(name, input="x", retry_policy=RETRIES)
    except task.TaskFailedError as error:
        details = error.details
        return [details.error_type, details.message, details.stack_trace]
    return None


@app.orchestration_trigger(context_name="context")
def fan_out(context: task.OrchestrationContext, width: int) -> Generator[Any, Any, int]:
    """Starts many slow activities at once."""
    done = yield task.when_all([context.call_activity("slow", input=i) for i in range(width)])
    return len(done)


@app.orchestration_trigger(context_name="context")
def loops(context: task.OrchestrationContext, left: int) -> Generator[Any, Any, str]:
    """Starts itself anew until nothing is left."""
    yield context.call_activity("double", input=left)
    if left:
        context.continue_as_new(left - 1)
        return ""
    return "done"


@app.entity_trigger(context_name="context")
def counter(context: Any) -> None:
    """Never runs here."""


@app.activity_trigger(input_name="number")
async def double(number: int) -> int:
    """Twice the number."""
    logging.getLogger("double").info("doubling %s", number)
    return number * 2


@app.activity_trigger(input_name="key")
def flaky(key: str) -> str:
    """Fails the first time it is asked about a key."""
    with lock:
        attempts[key] = attempts.get(key, 0) + 1
        count = attempts[key]
    if count < 2:
        raise RuntimeError("not yet")
    return f"attempt {count}"


@app.activity_trigger(input_name="text")
async def broken(text: str) -> str:
    """Always fails."""
    with lock:
        attempts["broken"] = attempts.get("broken", 0) + 1
    raise LookupError(f"no {text}: nowhere")


@app.activity_trigger(input_name="number")
async def slow(number: int) -> int:
    """Takes a while and notes how many of it ran at once."""
    running.add(number)
    counted["mostRunning"] = max(counted["mostRunning"], len(running))
    await asyncio.sleep(0.05)
    running.discard(number)
    return number
