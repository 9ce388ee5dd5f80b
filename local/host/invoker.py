"""Invokes a function with its trigger's value, adding what its other input bindings need."""

from collections.abc import Callable, Mapping
from typing import Any

from .functions import DURABLE_CLIENT, Function, InvocationResult
from .messages import TypedData
from .runtime import Runtime


class Invoker:
    """The one door listeners use to run functions.

    Args:
        runtime: The loaded app.
        client_json: Gives the JSON of a durable client binding.
    """

    def __init__(self, runtime: Runtime, client_json: Callable[[Mapping[str, Any]], str]) -> None:
        self._runtime = runtime
        self._client_json = client_json

    async def invoke(
        self,
        function: Function,
        trigger_value: TypedData,
        *,
        trigger_metadata: Mapping[str, TypedData] | None = None,
        instance_id: str | None = None,
        reason: str = "",
    ) -> InvocationResult:
        """Runs ``function`` once; how it ended, failures of user code included."""
        # Under the binding's name, which a decorator may have made up (durable-2x 2).
        inputs = {function.trigger_parameter: trigger_value}
        # The client is an input like any other: the library makes it from this JSON (durable-2x 3).
        for binding in function.bindings_of(DURABLE_CLIENT):
            inputs[str(binding["name"])] = TypedData(string=self._client_json(binding))
        return await self._runtime.invoke(
            function,
            inputs,
            trigger_metadata=trigger_metadata,
            instance_id=instance_id,
            reason=reason,
        )
