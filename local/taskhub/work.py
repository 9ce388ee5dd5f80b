"""A turn of an orchestration as it is handed to a worker."""

from dataclasses import dataclass

from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub.transaction import Message


@dataclass(slots=True)
class Turn:
    """One handing-out of an instance to a worker."""

    token: str
    instance_id: str
    execution_id: str
    consumed: tuple[Message, ...]
    """The inbox messages it contains."""
    new_events: list[pb.HistoryEvent]
    """What the worker is shown as new: orchestratorStarted and the messages' events."""
    turns: int = 0
    """How many turns the instance had before this one; says which turn this is."""
    needs_history: bool = False
    """Whether past events go with it even if the worker has the execution in memory."""
    turn_trace: pb.OrchestrationTraceContext | None = None
