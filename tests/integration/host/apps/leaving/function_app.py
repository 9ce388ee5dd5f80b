"""An app whose functions raise what is no Exception: each would end Azure's worker process."""

import asyncio
import sys
from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from durabletask import task

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="leave")
async def leave(req: func.HttpRequest) -> func.HttpResponse:
    """Ends the process, as a script would."""
    sys.exit(0)


@app.route(route="cancel")
async def cancel(req: func.HttpRequest) -> func.HttpResponse:
    """Lets the cancellation of something it awaits through."""
    raise asyncio.CancelledError


@app.route(route="leave-thread")
def leave_thread(req: func.HttpRequest) -> func.HttpResponse:
    """Ends the process from a synchronous function."""
    sys.exit(0)


@app.timer_trigger(arg_name="timer", schedule="*/1 * * * * *")
async def cancelled_timer(timer: func.TimerRequest) -> None:
    """Fails that way whenever it is due."""
    raise asyncio.CancelledError


@app.orchestration_trigger(context_name="context")
def calls(context: task.OrchestrationContext, name: str) -> Generator[Any, Any, str]:
    """Calls an activity and tells how it failed."""
    try:
        yield context.call_activity(name)
    except task.TaskFailedError as error:
        return f"{error.details.error_type}: {error.details.message}"
    return ""


@app.orchestration_trigger(context_name="context")
def leaves(context: task.OrchestrationContext, given: Any) -> Generator[Any, Any]:
    """Ends the process from an orchestrator."""
    yield context.call_activity("nothing")
    sys.exit("enough")


@app.activity_trigger(input_name="given")
async def leaving(given: str) -> str:
    """Ends the process."""
    sys.exit("enough")


@app.activity_trigger(input_name="given")
async def cancelled(given: str) -> str:
    """Lets the cancellation of something it awaits through."""
    raise asyncio.CancelledError


@app.activity_trigger(input_name="given")
def nothing(given: str) -> None:
    """Does nothing."""
