"""A durable client on the test engine: what the app starts with it really runs."""

import json
from datetime import datetime
from typing import Any

from durabletask.client import OrchestrationState, OrchestrationStatus

from tests.fake_hub_pages import FakeHubPages
from tests.workflow import Instance, Workflow


class WorkflowClient(FakeHubPages):
    """As much of the durable client as triggers and activities use.

    Args:
        workflow: The engine.
    """

    def __init__(self, workflow: Workflow) -> None:
        super().__init__(self._list_states)
        self._workflow = workflow

    async def get_orchestration_state(
        self, instance_id: str, *, fetch_payloads: bool = True
    ) -> OrchestrationState | None:
        """How an instance stands."""
        instance = self._workflow.instances.get(instance_id)
        return None if instance is None else self._state(instance_id, instance)

    def _list_states(self) -> list[OrchestrationState]:
        return [self._state(*one) for one in self._workflow.instances.items()]

    async def schedule_new_orchestration(
        self,
        orchestrator: str,
        *,
        input: Any = None,  # noqa: A002 - the durable client's own name
        instance_id: str | None = None,
    ) -> str:
        """Starts an instance now."""
        if instance_id is None:
            raise AssertionError("every instance of the app has an id of its own")
        self._workflow.start(orchestrator, input, instance_id)
        return instance_id

    async def raise_orchestration_event(
        self, instance_id: str, event_name: str, *, data: Any = None
    ) -> None:
        """Raises an event now."""
        self._workflow.raise_event(instance_id, event_name, data)

    def _state(self, instance_id: str, instance: Instance) -> OrchestrationState:
        shown = instance.statuses[-1] if instance.statuses else None
        return OrchestrationState(
            instance_id=instance_id,
            name=instance.name,
            runtime_status=OrchestrationStatus[instance.status],
            created_at=instance.started_at,
            last_updated_at=instance.ended_at or self._now(),
            serialized_input=instance.input,
            serialized_output=json.dumps(instance.output),
            serialized_custom_status=None if shown is None else json.dumps(shown),
            failure_details=None,
        )

    def _now(self) -> datetime:
        return self._workflow.clock.now()
