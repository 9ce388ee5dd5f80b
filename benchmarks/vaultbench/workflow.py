"""The workload as a durabletask orchestration."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

from durabletask import task

from benchmarks.vaultbench import shape

NO_TIME = timedelta(0)


def upgrade_vault(
    context: task.OrchestrationContext, vault: str
) -> Generator[task.Task[Any], Any, str]:
    """All calls of one vault; ``call`` is the activity that makes one."""
    for number in range(shape.CALLS_BEFORE):
        yield context.call_activity("call", input=shape.op(vault, f"before-{number}"))
    yield context.call_activity("call", input=shape.upgrade(vault))
    done = False
    while not done:
        yield context.create_timer(NO_TIME)
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
