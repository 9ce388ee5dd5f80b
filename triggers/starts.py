"""Begin an instance that several callers may want at once: one of them begins it."""

from typing import Any

from azure import durable_functions as df

from triggers.views import ENDED


async def begin(
    client: df.DurableFunctionsClient, orchestrator: str, request: Any, instance_id: str
) -> bool:
    """Begins an instance; False: another call was faster, and its instance runs.

    Args:
        client: The invocation's client.
        orchestrator: Name under which the workflow is registered.
        request: Its input, plain JSON.
        instance_id: One that does not run, as far as the caller has seen.

    Raises:
        Exception: The task hub could not be reached, or refused for another reason.
    """
    try:
        await client.schedule_new_orchestration(
            orchestrator, input=request, instance_id=instance_id
        )
    except Exception:
        # Of two calls at once the host refuses the second, with a bare exception that says no more
        # than any other (service-bus 6.3). What is there tells.
        found = await client.get_orchestration_state(instance_id, fetch_payloads=False)
        if found is None or found.runtime_status in ENDED:
            raise
        return False
    return True
