"""An app of timers that log how they were called."""

import json
import logging

import azure.functions as func

app = func.FunctionApp()


def _report(timer: func.TimerRequest) -> None:
    seen = {"pastDue": timer.past_due, "status": timer.schedule_status}
    logging.getLogger("timers").info("fired %s", json.dumps(seen))


@app.timer_trigger(schedule="%AUDIT_SCHEDULE%", arg_name="timer")
async def audit(timer: func.TimerRequest) -> None:
    """Due as a setting says."""
    _report(timer)


@app.timer_trigger(schedule="0 0 3 1 1 *", arg_name="timer", run_on_startup=True)
def eager(timer: func.TimerRequest) -> None:
    """Runs at every start; synchronous."""
    _report(timer)


@app.timer_trigger(schedule="0 0 4 1 1 *", arg_name="timer")
async def idle(timer: func.TimerRequest) -> None:
    """Hardly ever due."""
    _report(timer)


@app.queue_trigger(arg_name="message", queue_name="work", connection="Storage")
async def from_storage(message: func.QueueMessage) -> None:
    """A trigger this host does not listen to."""
    logging.getLogger("queue").info("got %s", message)
