"""A durable client that keeps instances in a dictionary, for the triggers' tests."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from durabletask.client import OrchestrationState, OrchestrationStatus

from domain.codec import to_json
from domain.requests import UpgradeRequest, upgrade_instance_id
from tests.fake_hub_pages import FakeHubPages
from tests.samples import NOON, upgrade_request


def instance_state(
    request: UpgradeRequest | None = None,
    status: OrchestrationStatus = OrchestrationStatus.RUNNING,
    *,
    output: Any = None,
    custom_status: Any = None,
    created_at: datetime = NOON,
    **changes: Any,
) -> OrchestrationState:
    """An upgrade's durable state as the client gives it."""
    asked = request or upgrade_request()
    state = OrchestrationState(
        instance_id=upgrade_instance_id(asked.vault),
        name="upgrade_vault",
        runtime_status=status,
        created_at=created_at,
        last_updated_at=created_at,
        serialized_input=json.dumps(to_json(asked)),
        serialized_output=json.dumps(output) if output is not None else None,
        serialized_custom_status=json.dumps(custom_status) if custom_status is not None else None,
        failure_details=None,
    )
    return replace(state, **changes)


class FakeDurableClient(FakeHubPages):
    """Answers from ``states``; remembers what was started and which events were raised."""

    def __init__(self, *states: OrchestrationState) -> None:
        self.states = {state.instance_id: state for state in states}
        super().__init__(self.states.values)
        self.started: list[tuple[str, str | None, Any]] = []
        self.events: list[tuple[str, str, Any]] = []
        self.refuse_start: OrchestrationState | None = None
        """An instance that somebody else begins just before the next start."""

    async def get_orchestration_state(
        self, instance_id: str, *, fetch_payloads: bool = True
    ) -> OrchestrationState | None:
        """The state, or None."""
        return self.states.get(instance_id)

    async def schedule_new_orchestration(
        self,
        orchestrator: str,
        *,
        input: Any = None,  # noqa: A002 - the durable client's own name
        instance_id: str | None = None,
    ) -> str:
        """Remembers the start, unless somebody else was faster."""
        if self.refuse_start is not None:
            other, self.refuse_start = self.refuse_start, None
            self.states[other.instance_id] = other
            raise RuntimeError("An Orchestration instance with the status Running already exists")
        self.started.append((orchestrator, instance_id, input))
        return instance_id or "new"

    async def raise_orchestration_event(
        self, instance_id: str, event_name: str, *, data: Any = None
    ) -> None:
        """Remembers the event."""
        self.events.append((instance_id, event_name, data))
