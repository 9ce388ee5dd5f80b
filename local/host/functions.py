"""What the host knows of an app's functions, and how an invocation ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.errors import ConfigurationError

from .messages import TypedData

ACTIVITY_TRIGGER = "activityTrigger"
ORCHESTRATION_TRIGGER = "orchestrationTrigger"
ENTITY_TRIGGER = "entityTrigger"
HTTP_TRIGGER = "httpTrigger"
SERVICE_BUS_TRIGGER = "serviceBusTrigger"
TIMER_TRIGGER = "timerTrigger"
DURABLE_CLIENT = "durableClient"


@dataclass(frozen=True, kw_only=True)
class Function:
    """One indexed function."""

    name: str
    function_id: str
    script_file: str
    trigger: Mapping[str, Any]
    """The trigger's raw binding, as the decorators wrote it."""
    bindings: Sequence[Mapping[str, Any]]
    """Every raw binding, the trigger included."""
    has_retry_policy: bool = False

    @property
    def trigger_type(self) -> str:
        """The trigger's type, such as ``httpTrigger``."""
        return str(self.trigger["type"])

    @property
    def trigger_parameter(self) -> str:
        """The parameter the trigger's value goes to.

        From the binding, never from the Python function: the decorators rename some (durable-2x 2).
        """
        return str(self.trigger["name"])

    def bindings_of(self, binding_type: str) -> list[Mapping[str, Any]]:
        """The bindings of one type, compared without case."""
        wanted = binding_type.lower()
        return [one for one in self.bindings if str(one["type"]).lower() == wanted]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The exception that ended an invocation."""

    error_type: str
    message: str
    stack_trace: str

    def __str__(self) -> str:
        """One line: type and message."""
        return f"{self.error_type}: {self.message}"


@dataclass(frozen=True, kw_only=True)
class InvocationResult:
    """How an invocation ended."""

    invocation_id: str
    failure: Failure | None = None
    return_value: TypedData | None = None
    outputs: Mapping[str, TypedData | None] = field(default_factory=dict)
    """Values the function set on its ``Out`` parameters."""
    has_timed_out: bool = False
    """Whether it failed because it took longer than ``functionTimeout``."""


class AppLoadError(ConfigurationError):
    """The app folder cannot be run as it is.

    Args:
        message: Why not.
        stack_trace: Where user code failed, when that is the reason.
    """

    def __init__(self, message: str, *, stack_trace: str = "") -> None:
        super().__init__(message)
        self.stack_trace = stack_trace
