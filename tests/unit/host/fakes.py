"""Stands-in for what listeners drive and are driven by."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

from local.host.functions import Failure, Function, InvocationResult
from local.host.messages import TypedData


def make_function(name: str, trigger_type: str, **members: Any) -> Function:
    """A function with one trigger."""
    trigger = {"type": trigger_type, "name": "given", **members}
    return Function(
        name=name,
        function_id=f"id-{name}",
        script_file="function_app.py",
        trigger=trigger,
        bindings=[trigger],
    )


@dataclass(frozen=True)
class Call:
    """One invocation."""

    function: str
    value: TypedData
    metadata: Mapping[str, TypedData]
    instance_id: str | None
    reason: str


@dataclass
class FakeInvoker:
    """Records invocations; ``behaviour`` decides how each ends."""

    behaviour: Callable[[Call], Awaitable[TypedData | None]] | None = None
    calls: list[Call] = field(default_factory=list)
    _called: asyncio.Event = field(default_factory=asyncio.Event)

    async def invoke(
        self,
        function: Function,
        trigger_value: TypedData,
        *,
        trigger_metadata: Mapping[str, TypedData] | None = None,
        instance_id: str | None = None,
        reason: str = "",
    ) -> InvocationResult:
        call = Call(function.name, trigger_value, trigger_metadata or {}, instance_id, reason)
        self.calls.append(call)
        self._called.set()
        try:
            value = None if self.behaviour is None else await self.behaviour(call)
        except ValueError as error:
            failure = Failure(error_type="ValueError", message=str(error), stack_trace="stack")
            return InvocationResult(invocation_id="i", failure=failure)
        return InvocationResult(invocation_id="i", return_value=value)

    async def wait_called(self, count: int) -> None:
        """Until so many invocations have begun."""
        async with asyncio.timeout(5):
            while len(self.calls) < count:
                self._called.clear()
                await self._called.wait()


@dataclass
class FakeEngine:
    """Hands out the work items it is given and records what comes back."""

    items: list[pb.WorkItem]
    address: str = "127.0.0.1:1"
    turns: list[pb.OrchestratorResponse] = field(default_factory=list)
    activities: list[pb.ActivityResponse] = field(default_factory=list)
    abandoned: list[str] = field(default_factory=list)
    limits: tuple[int, int] | None = None
    refusal: Exception | None = None
    is_running: bool = False
    _settled: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        self.is_running = True

    async def stop(self) -> None:
        self.is_running = False

    async def work_items(
        self, *, max_orchestrations: int, max_activities: int
    ) -> AsyncIterator[pb.WorkItem]:
        self.limits = (max_orchestrations, max_activities)
        for item in self.items:
            yield item
        await asyncio.Event().wait()

    async def complete_orchestration(self, response: pb.OrchestratorResponse) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.turns.append(response)
        self._settled.set()

    async def complete_activity(self, response: pb.ActivityResponse) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.activities.append(response)
        self._settled.set()

    async def abandon(self, completion_token: str) -> None:
        self.abandoned.append(completion_token)
        self._settled.set()

    async def wait_settled(self, count: int) -> None:
        """Until so many work items came back."""
        async with asyncio.timeout(5):
            while len(self.turns) + len(self.activities) + len(self.abandoned) < count:
                self._settled.clear()
                await self._settled.wait()
