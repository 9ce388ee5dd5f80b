"""The events one orchestration waits for, one by one, with a limit of time."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

from durabletask import task


class Inbox:
    """Takes the events of one name in the order they come.

    Args:
        ctx: The orchestration's context.
        event_name: The events' name.
    """

    def __init__(self, ctx: task.OrchestrationContext, event_name: str) -> None:
        self._ctx = ctx
        self._event_name = event_name
        self._event = self._wait()
        self._alarm: task.CancellableTask[Any] | None = None
        self._due: datetime | None = None

    @property
    def has_event(self) -> bool:
        """Whether an event is there; it would be lost by continue-as-new, so take it first."""
        return self._event.is_complete

    def next_before(self, due: datetime | None) -> Generator[task.Task[Any], Any, Any]:
        """The next event, or None when the time has come first; None as ``due`` sets no limit."""
        if not self.has_event:
            self._set_alarm(due)
            # An alarm left from an earlier wait does no harm: it wakes the caller early, who looks
            # again.
            alarms = [self._alarm] if self._alarm is not None and due is not None else []
            yield task.when_any([self._event, *alarms])
        if self._alarm is not None and self._alarm.is_complete:
            self._alarm = self._due = None
        if not self.has_event:
            return None
        event = self._event.get_result()
        self._event = self._wait()
        return event

    def _wait(self) -> task.Task[Any]:
        # What somebody raises by hand may be anything: dict asks for JSON as it is.
        return self._ctx.wait_for_external_event(self._event_name, data_type=dict)

    def rest(self) -> None:
        """Takes the alarm away until somebody waits again; events are kept meanwhile."""
        self._set_alarm(None)

    def _set_alarm(self, due: datetime | None) -> None:
        """A timer for ``due``, unless there is one that fires no later: waking early does no harm.

        None is cancelled: a cancelled timer still fires, and the library complains about it.
        """
        is_soon_enough = self._due is not None and due is not None and self._due <= due
        if due is not None and not is_soon_enough:
            self._due = due
            self._alarm = self._ctx.create_timer(due)
