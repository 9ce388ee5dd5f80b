"""What a settlement leaves open, in lines for people."""

from collections.abc import Iterator, Sequence

from cli.output import Output
from cli.settle_views import SettlementView


def show_open(output: Output, views: Sequence[SettlementView]) -> None:
    """What is left: statements that do not hold, and what a dry run would have written."""
    for view in views:
        for line in (*_open_lines(view), *(policy_lines(view) if view.is_dry_run else ())):
            output.say(f"{view.vault.name}: {line}")


def _open_lines(view: SettlementView) -> Iterator[str]:
    for one in view.checklist:
        if one.state in {"open", "unknown"}:
            yield f"{one.state}: {one.text} ({', '.join(one.open_subjects)})"
    yield from (f"would write {change}" for change in view.pending_changes)


def policy_lines(view: SettlementView) -> Iterator[str]:
    """What each policy's times mean, today and as they would be."""
    for policy in view.policies:
        yield f"{policy.policy}: {policy.decision}. {policy.reason}".rstrip()
        for when, text in (("now", policy.now), ("then", policy.then)):
            if text:
                yield f"{policy.policy}, {when}: {text}"
