"""History events as the hub writes them, each with its moment in virtual time."""

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.wrappers_pb2 import StringValue

# Events that no action of the orchestrator asked for carry this instead of an action's id.
NO_ACTION = -1

_US = 1_000_000


def to_timestamp(moment_us: int) -> Timestamp:
    """A moment in microseconds since 1970 as protobuf has it."""
    return Timestamp(seconds=moment_us // _US, nanos=moment_us % _US * 1000)


def to_us(timestamp: Timestamp) -> int:
    """A protobuf moment in microseconds since 1970."""
    return timestamp.seconds * _US + timestamp.nanos // 1000


def optional(text: str | None) -> StringValue | None:
    """Text as protobuf's nullable string."""
    return None if text is None else StringValue(value=text)


def orchestrator_started(now_us: int) -> pb.HistoryEvent:
    """The first event of every turn; sets the orchestrator's ``current_utc_datetime``."""
    return pb.HistoryEvent(
        eventId=NO_ACTION,
        timestamp=to_timestamp(now_us),
        orchestratorStarted=pb.OrchestratorStartedEvent(),
    )


def orchestrator_completed(now_us: int) -> pb.HistoryEvent:
    """The last event of every turn."""
    return pb.HistoryEvent(
        eventId=NO_ACTION,
        timestamp=to_timestamp(now_us),
        orchestratorCompleted=pb.OrchestratorCompletedEvent(),
    )


def execution_completed(
    now_us: int,
    status: pb.OrchestrationStatus,
    output: str | None,
    failure: pb.TaskFailureDetails | None,
) -> pb.HistoryEvent:
    """The last event of an ended instance."""
    return pb.HistoryEvent(
        eventId=NO_ACTION,
        timestamp=to_timestamp(now_us),
        executionCompleted=pb.ExecutionCompletedEvent(
            orchestrationStatus=status, result=optional(output), failureDetails=failure
        ),
    )


def execution_terminated(now_us: int, output: str | None, *, recurse: bool) -> pb.HistoryEvent:
    """Someone ended the instance from outside."""
    return pb.HistoryEvent(
        eventId=NO_ACTION,
        timestamp=to_timestamp(now_us),
        executionTerminated=pb.ExecutionTerminatedEvent(input=optional(output), recurse=recurse),
    )


def execution_suspended(now_us: int, reason: str | None) -> pb.HistoryEvent:
    """Someone suspended the instance."""
    return pb.HistoryEvent(
        eventId=NO_ACTION,
        timestamp=to_timestamp(now_us),
        executionSuspended=pb.ExecutionSuspendedEvent(input=optional(reason)),
    )


def execution_resumed(now_us: int, reason: str | None) -> pb.HistoryEvent:
    """Someone resumed the instance."""
    return pb.HistoryEvent(
        eventId=NO_ACTION,
        timestamp=to_timestamp(now_us),
        executionResumed=pb.ExecutionResumedEvent(input=optional(reason)),
    )


def execution_rewound(now_us: int, reason: str | None) -> pb.HistoryEvent:
    """Someone asked a failed instance to run its failed steps again."""
    return pb.HistoryEvent(
        eventId=NO_ACTION,
        timestamp=to_timestamp(now_us),
        executionRewound=pb.ExecutionRewoundEvent(reason=optional(reason)),
    )


def event_raised(now_us: int, name: str, payload: str | None) -> pb.HistoryEvent:
    """An external event reached the instance."""
    return pb.HistoryEvent(
        eventId=NO_ACTION,
        timestamp=to_timestamp(now_us),
        eventRaised=pb.EventRaisedEvent(name=name, input=optional(payload)),
    )


def timer_fired(due_us: int, action_id: int) -> pb.HistoryEvent:
    """A durable timer fell due; stamped with the moment it was due."""
    # Not when it fired: that is in the turn's first event, and is later after a restart.
    due = to_timestamp(due_us)
    return pb.HistoryEvent(
        eventId=NO_ACTION,
        timestamp=due,
        timerFired=pb.TimerFiredEvent(fireAt=due, timerId=action_id),
    )


def child_completed(now_us: int, action_id: int, output: str | None) -> pb.HistoryEvent:
    """A sub-orchestration ended well."""
    return pb.HistoryEvent(
        eventId=NO_ACTION,
        timestamp=to_timestamp(now_us),
        subOrchestrationInstanceCompleted=pb.SubOrchestrationInstanceCompletedEvent(
            taskScheduledId=action_id, result=optional(output)
        ),
    )


def child_failed(now_us: int, action_id: int, failure: pb.TaskFailureDetails) -> pb.HistoryEvent:
    """A sub-orchestration failed, was terminated or could not be started."""
    return pb.HistoryEvent(
        eventId=NO_ACTION,
        timestamp=to_timestamp(now_us),
        subOrchestrationInstanceFailed=pb.SubOrchestrationInstanceFailedEvent(
            taskScheduledId=action_id, failureDetails=failure
        ),
    )


def task_ended(now_us: int, response: pb.ActivityResponse) -> pb.HistoryEvent:
    """An activity reported its result or its failure."""
    event = pb.HistoryEvent(eventId=NO_ACTION, timestamp=to_timestamp(now_us))
    if response.HasField("failureDetails"):
        event.taskFailed.taskScheduledId = response.taskId
        event.taskFailed.failureDetails.CopyFrom(response.failureDetails)
    else:
        event.taskCompleted.taskScheduledId = response.taskId
        if response.HasField("result"):
            event.taskCompleted.result.CopyFrom(response.result)
    return event


def failure(error_type: str, message: str) -> pb.TaskFailureDetails:
    """Failure details for a failure that the hub itself finds; trying again would not help."""
    return pb.TaskFailureDetails(errorType=error_type, errorMessage=message, isNonRetriable=True)
