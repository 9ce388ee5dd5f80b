"""Trigger values for functions that are started by hand, through ``POST /admin/functions/NAME``."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .functions import (
    ACTIVITY_TRIGGER,
    SERVICE_BUS_TRIGGER,
    TIMER_TRIGGER,
    Function,
)
from .messages import TypedData
from .service_bus_messages import to_metadata, to_value


@dataclass(frozen=True, kw_only=True)
class HandMadeMessage:
    """A Service Bus message that never was in a queue."""

    body: str
    message_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    session_id: str | None = None
    # As the SDK counts: deliveries before this one.
    delivery_count: int = 0
    enqueued_time_utc: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, kw_only=True)
class ManualInput:
    """What a function is invoked with."""

    value: TypedData
    metadata: dict[str, TypedData]


def manual_input(function: Function, text: str) -> ManualInput:
    """The trigger value that ``text`` stands for, depending on the kind of trigger.

    Args:
        function: The function.
        text: A message body, an activity's input as JSON; timers ignore it.
    """
    kind = function.trigger_type
    if kind == TIMER_TRIGGER:
        return ManualInput(value=TypedData(json=json.dumps(_timer_info())), metadata={})
    if kind == SERVICE_BUS_TRIGGER:
        messages = [HandMadeMessage(body=text)]
        # A batch of one: the function takes a list, whoever calls it.
        is_batch = str(function.trigger.get("cardinality", "one")).lower() == "many"
        return ManualInput(
            value=to_value(messages, is_batch=is_batch),
            metadata=to_metadata(messages, is_batch=is_batch),
        )
    # The library decodes an activity's input from JSON; nothing at all would not decode.
    if kind == ACTIVITY_TRIGGER:
        return ManualInput(value=TypedData(json=text or "null"), metadata={})
    return ManualInput(value=TypedData(string=text), metadata={})


def _timer_info() -> dict[str, Any]:
    return {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": False}
