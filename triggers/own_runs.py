"""Which instances of the task hub are runs of ours, and not something begun by hand."""

from durabletask.client import OrchestrationState
from pydantic import ValidationError

from domain.codec import from_json


def is_run_of(state: OrchestrationState, orchestrator: str, request: type) -> bool:
    """Whether an instance runs a workflow with an input that the workflow takes.

    Anybody with the management API may begin an instance under an id of ours. It must not keep the
    others from being shown.

    Args:
        state: The instance, with its input.
        orchestrator: Name under which the workflow is registered.
        request: Type of its input.
    """
    if state.name != orchestrator:
        return False
    try:
        from_json(request, state.get_input(dict))
    except ValidationError:
        return False
    return True
