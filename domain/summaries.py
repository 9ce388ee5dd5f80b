"""What a step that makes findings comes to: counts that travel, while the findings stay behind."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

from domain.findings import Tally, add_tallies


@dataclass(frozen=True, kw_only=True)
class StepSummary:
    """What a settling step came to; its findings and tasks are in the evidence."""

    tally: Tally = field(default_factory=Tally)
    task_count: int = 0
    decisions: tuple[str, ...] = ()
    """Choices somebody has to make before this step can be finished."""
    unread: tuple[str, ...] = ()
    """What could not be read or done, and why; each is one unknown in the tally."""


def add_summaries(summaries: Iterable[StepSummary]) -> StepSummary:
    """The sum of several steps."""
    steps = tuple(summaries)
    return StepSummary(
        tally=add_tallies(step.tally for step in steps),
        task_count=sum(step.task_count for step in steps),
        decisions=tuple(chain.from_iterable(step.decisions for step in steps)),
        unread=tuple(chain.from_iterable(step.unread for step in steps)),
    )
