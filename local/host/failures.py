"""How an exception of user code travels to the orchestrator that awaits it.

The worker reports ``Type: text`` and a traceback. The real host takes the type from before the
first ``": "`` and of the text only the first line (OutOfProcMiddleware of the durable extension),
so orchestrators see the bare class name and nothing that stands below the first line.
"""

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf import wrappers_pb2

from .functions import Failure

UNKNOWN_TYPE = "(unknown)"
"""The real host's error type for a message without a type."""


def split_worker_exception(message: str, stack_trace: str) -> Failure:
    """The failure behind a worker exception's ``Type: text`` and traceback."""
    error_type, separator, text = message.partition(": ")
    if not separator:
        return Failure(error_type=UNKNOWN_TYPE, message=message, stack_trace=stack_trace)
    # What is below the first line is in the stack trace, and only there in Azure as well.
    first_line = text.partition("\n")[0].rstrip()
    return Failure(error_type=error_type, message=first_line, stack_trace=stack_trace)


def to_failure_details(failure: Failure, *, is_retriable: bool = True) -> pb.TaskFailureDetails:
    """The failure as the engine's contract carries it."""
    return pb.TaskFailureDetails(
        errorType=failure.error_type,
        # Engines tell a failed activity by its message, so an empty one must not stay empty.
        errorMessage=failure.message or failure.error_type,
        stackTrace=wrappers_pb2.StringValue(value=failure.stack_trace),
        isNonRetriable=not is_retriable,
    )
