"""Shows how upgrades move: a table that redraws itself, plain lines, JSON lines, or nothing."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.live import Live

from adapters.ports import Clock
from cli.output import Output
from cli.tables import approval_hint, finding_words, live_view, summary_line, upgrade_table
from cli.views import UpgradeView
from reports.words import format_duration, state_wording


class LiveProgress:
    """One table, redrawn in place."""

    def __init__(self, output: Output, clock: Clock) -> None:
        self._output = output
        self._clock = clock
        # Gone at the end: the last table is printed for good, on whatever the terminal is by then.
        self._live = Live(console=output.stdout, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def update(self, views: Sequence[UpgradeView]) -> None:
        """Redraws the table."""
        self._live.update(live_view(views, self._clock.now()), refresh=True)

    def note(self, text: str) -> None:
        """Prints above the table."""
        self._output.say(text)


class LineProgress:
    """One line, or one JSON object, for every change; nothing when the user wants quiet."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._shown: dict[str, tuple[str, str | None]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return

    def update(self, views: Sequence[UpgradeView]) -> None:
        """A line for every upgrade whose state or OperationId changed since the last look."""
        for view in views:
            now = (view.state, view.operation_id)
            # Logs of a long run have a line per change, not one per look.
            if self._shown.get(view.id) != now:
                self._shown[view.id] = now
                self._output.event("state", upgrade=view.model_dump(mode="json", by_alias=True))
                self._output.say(change_line(view))

    def note(self, text: str) -> None:
        """A line of its own."""
        self._output.event("note", message=text)
        self._output.say(text)


def change_line(view: UpgradeView) -> str:
    """One upgrade as a plain line: state, and what is known of it."""
    parts = [f"{view.vault.name}: {state_wording(view.state).label}"]
    if view.operation_id:
        parts.append(f"OperationId {view.operation_id}")
    if view.end_state:
        parts.append(f"after {format_duration(view.duration_seconds)}")
        parts.append(f"findings {finding_words(view.findings)}")
    if hint := approval_hint(view):
        parts.append(hint.partition(": ")[2])
    parts.extend(view.reasons)
    return "; ".join(parts)


# The app's clock, not ours: a run's duration is shown against the times the app gives.
def progress_for(output: Output, clock: Clock) -> LiveProgress | LineProgress:
    """The form that fits where the output goes; ``clock`` tells the app's time."""
    return LiveProgress(output, clock) if output.is_live else LineProgress(output)


def show_result(output: Output, clock: Clock, views: Sequence[UpgradeView]) -> None:
    """The last word about a set of upgrades: the table, the reasons, the counts."""
    # Last and once, whatever was shown before: a program that reads only this line knows the end.
    output.event(
        "result",
        summary=summary_line(views),
        upgrades=[view.model_dump(mode="json", by_alias=True) for view in views],
    )
    if views:
        output.show(upgrade_table(views, now=clock.now()))
    for view in views:
        for reason in view.reasons:
            output.say(f"{view.vault.name}: {reason}")
        if hint := approval_hint(view):
            output.say(hint)
    output.say(summary_line(views))
