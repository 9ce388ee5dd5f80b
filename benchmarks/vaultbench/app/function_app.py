"""The workload as a function app: what bench_host measures."""

from collections import Counter
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
from durabletask import task

from benchmarks.vaultbench import shape

app = df.DFApp()
polls: Counter[str] = Counter()


@app.orchestration_trigger(context_name="context")
def upgrade_vault(
    context: task.OrchestrationContext, vault: str
) -> Generator[task.Task[Any], Any, str]:
    """All calls of one vault."""
    for number in range(shape.CALLS_BEFORE):
        yield context.call_activity("call", input=shape.op(vault, f"before-{number}"))
    yield context.call_activity("call", input=shape.upgrade(vault))
    done = False
    while not done:
        yield context.create_timer(timedelta(0))
        done = yield context.call_activity("call", input=shape.poll(vault))
    yield task.when_all(
        [
            context.call_activity("call", input=shape.op(vault, f"policy-{number}"))
            for number in range(shape.POLICIES)
        ]
    )
    for number in range(shape.CALLS_AFTER):
        yield context.call_activity("call", input=shape.op(vault, f"after-{number}"))
    return vault


@app.activity_trigger(input_name="path")
async def call(path: str) -> bool:
    """Costs nothing, so that the host is what is measured; an upgrade is done at its third poll."""
    polls[path] += 1
    return polls[path] >= shape.POLLS
