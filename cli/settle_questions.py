"""What a settlement asks somebody, told once while it is followed: a plan to agree to, a guard."""

from collections.abc import Callable, Iterator, Sequence

from cli.settle_lines import policy_lines
from cli.settle_views import SettlementPlanView, SettlementView
from domain.upgrade import RunState

WAITING_FOR_GUARD = "waiting_for_guard"


class Questions:
    """Tells every question once, however often the settlement is looked at.

    Args:
        tell: Shows one line.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told: set[tuple[str, str]] = set()

    def look(self, views: Sequence[SettlementView]) -> None:
        """Tells what the settlements ask now and did not ask before."""
        for view in views:
            if (view.id, view.state) in self._told:
                continue
            for line in _lines(view):
                # Only once there was something to tell: the plan may show a look later.
                self._told.add((view.id, view.state))
                self._tell(f"{view.vault.name}: {line}")


def _lines(view: SettlementView) -> Iterator[str]:
    if view.state == RunState.AWAITING_APPROVAL:
        if view.plan is not None:
            yield from _change_lines(view.plan)
        yield from policy_lines(view)
    elif view.state == WAITING_FOR_GUARD and view.guard is not None:
        yield view.guard.text


def _change_lines(plan: SettlementPlanView) -> Iterator[str]:
    yield from (f"would write {change}" for change in plan.changes)
    left = plan.count - len(plan.changes)
    if left > 0:
        yield f"would write {left} more; every one of them is in the evidence"
