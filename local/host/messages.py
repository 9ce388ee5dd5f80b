"""Plain classes in place of the worker protocol's protobuf messages.

The runtime takes its message classes from the request it is given and only reads and sets
attributes, so no proto file and no gRPC is needed between host and worker (durable-2x 3).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from types import SimpleNamespace
from typing import Any, ClassVar


class Message:
    """A message whose fields are whatever its maker set; any other field reads as None."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> Any:
        # Special names must stay missing, or copying and pickling would find None in their place.
        if name.startswith("__"):
            raise AttributeError(name)
        return None

    def __repr__(self) -> str:
        """The class name and the fields that are set."""
        return f"{type(self).__name__}({self.__dict__})"


class TypedData:
    """One value and its kind: string, json, bytes, http, int, double or a collection.

    The runtime asks ``WhichOneof('data')`` for the kind and then reads the attribute of that name.
    """

    def __init__(self, **data: Any) -> None:
        if len(data) > 1:
            raise TypeError(f"one kind of data at a time, not {sorted(data)}")
        # Like a protobuf oneof: the last member set is the only one there is.
        self.kind: str | None = next(iter(data), None)
        self.value: Any = next(iter(data.values()), None)

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802, the protobuf method's name
        """The kind of the value, or None when there is none."""
        return self.kind

    def __getattr__(self, name: str) -> Any:
        if name == self.__dict__.get("kind"):
            return self.__dict__["value"]
        raise AttributeError(name)


class ParameterBinding:
    """The value of one function parameter."""

    def __init__(self, name: str, data: TypedData | None) -> None:
        self.name = name
        self.data = data

    def WhichOneof(self, _group: str) -> str:  # noqa: N802, the protobuf method's name
        """Always ``data``: values never travel through shared memory here."""
        return "data"


class BindingDirection(IntEnum):
    """Direction of a binding, as numbered by the protocol."""

    IN = 0
    OUT = 1
    INOUT = 2


class BindingInfo(Message):
    """One binding of a function."""

    # The runtime compares with attributes of the class, under the protocol's own names.
    inout: ClassVar[int] = BindingDirection.INOUT
    out: ClassVar[int] = BindingDirection.OUT
    undefined: ClassVar[int] = 0


setattr(BindingInfo, "in", BindingDirection.IN)


class StatusResult(Message):
    """Outcome of a request to the runtime."""

    Failure: ClassVar[int] = 0
    Success: ClassVar[int] = 1
    Cancelled: ClassVar[int] = 2


class SameSite(Enum):
    """The ``SameSite`` attribute of a cookie; the member ``None`` is reached with getattr."""

    LAX = "Lax"
    STRICT = "Strict"
    EXPLICIT_NONE = "None"


class RpcHttpCookie(Message):
    """A cookie of an HTTP response."""

    SameSite: ClassVar[SimpleNamespace] = SimpleNamespace(
        **{
            "None": None,
            "Lax": SameSite.LAX,
            "Strict": SameSite.STRICT,
            "ExplicitNone": SameSite.EXPLICIT_NONE,
        }
    )


class RpcException(Message):
    """An exception of user code: ``message`` is ``Type: text``, ``stack_trace`` the traceback."""


class RpcHttp(Message):
    """An HTTP request or response in the form the runtime reads and writes."""


@dataclass(frozen=True)
class ByteCollection:
    """Bodies of a batch; the runtime reads them from ``bytes``."""

    bytes: Sequence[bytes]


# A type each, so that a message in a log or a debugger says what it is.
def _plain(name: str) -> type[Message]:
    return type(name, (Message,), {"__doc__": f"The protocol's {name}."})


_PLAIN_NAMES = (
    "FunctionMetadataResponse",
    "InvocationResponse",
    "NullableBool",
    "NullableDouble",
    "NullableString",
    "NullableTimestamp",
    "RpcFunctionMetadata",
    "RpcRetryOptions",
    "WorkerInitResponse",
    "WorkerMetadata",
)

PROTOS = SimpleNamespace(
    BindingInfo=BindingInfo,
    ParameterBinding=ParameterBinding,
    RpcException=RpcException,
    RpcHttp=RpcHttp,
    RpcHttpCookie=RpcHttpCookie,
    StatusResult=StatusResult,
    TypedData=TypedData,
    **{name: _plain(name) for name in _PLAIN_NAMES},
)
"""What the runtime receives as the module of message classes."""


def init_request(app_directory: str) -> SimpleNamespace:
    """The request that makes the runtime load and index an app folder."""
    body = SimpleNamespace(capabilities={}, function_app_directory=app_directory)
    return SimpleNamespace(
        request=SimpleNamespace(worker_init_request=body),
        # The seam that makes all of this possible: the worker uses whatever classes it finds here.
        properties={"host": "127.0.0.1", "protos": PROTOS},
    )


def invocation_request(
    invocation_id: str,
    function_id: str,
    inputs: Mapping[str, TypedData],
    trigger_metadata: Mapping[str, TypedData],
    traceparent: str,
) -> SimpleNamespace:
    """The request that makes the runtime run a function once."""
    body = SimpleNamespace(
        invocation_id=invocation_id,
        function_id=function_id,
        input_data=[ParameterBinding(name, data) for name, data in inputs.items()],
        trigger_metadata=dict(trigger_metadata),
        # The worker hands these to the app's context, which reads them without asking.
        trace_context=SimpleNamespace(trace_parent=traceparent, trace_state="", attributes={}),
        # No retries here (service-bus 5 has none either), and the context must say so.
        retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
    )
    return SimpleNamespace(
        request=SimpleNamespace(invocation_request=body), properties={"protos": PROTOS}
    )
