"""How campaigns look on a terminal."""

from collections.abc import Sequence
from datetime import datetime

from rich import box
from rich.markup import escape
from rich.table import Table

from cli.campaign_views import CampaignPlan, CampaignView

SHOWN_VAULTS = 40
"""Vaults of a plan that fit on a screen; JSON has them all."""

# The way of a vault, and not the alphabet: what is still ahead stands first.
_ORDER = (
    "waiting",
    "sent",
    "proving",
    "closed",
    "closed_with_tasks",
    "needs_decision",
    "blocked",
    "not_approved",
    "needs_support",
    "stopped",
    "cancelled",
)


def table_of(*headings: str) -> Table:
    """An empty table; long cells are folded, for nothing in them may be cut."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def time_text(at: datetime | None) -> str:
    """A moment to the minute; ``-`` for none."""
    return f"{at:%Y-%m-%d %H:%M}" if at else "-"


def count_words(counts: dict[str, int]) -> str:
    """The counts in the order vaults go through: ``3 waiting, 2 in flight, 1 closed``."""
    words = {"sent": "in flight"}
    known = [name for name in _ORDER if counts.get(name)]
    return ", ".join(f"{counts[name]} {words.get(name, name.replace('_', ' '))}" for name in known)


def campaign_sentence(view: CampaignView) -> str:
    """How a campaign stands, in one line."""
    tail = f" {view.reason}" if view.reason else ""
    return f"{view.id}: {view.phase}; {count_words(view.counts)} of {view.total}.{tail}"


def campaign_table(views: Sequence[CampaignView]) -> Table:
    """One row per campaign."""
    table = table_of("Campaign", "Phase", "Started", "Ended", "Window", "Vaults")
    for view in views:
        cells = (
            view.id,
            view.phase,
            time_text(view.started_at),
            time_text(view.ended_at),
            str(view.window),
            count_words(view.counts),
        )
        table.add_row(*map(escape, cells))
    return table


def trouble_table(view: CampaignView) -> Table:
    """The vaults of a campaign that need somebody's eyes."""
    table = table_of("Vault", "Upgrade", "Trouble")
    for words, vaults in (("failed", view.failed), ("no run yet", view.missing)):
        for one in vaults:
            # Names come from outside, and rich takes square brackets in them for markup.
            table.add_row(escape(one.vault.name), one.id, words)
    return table


def trail_table(view: CampaignView) -> Table:
    """Who asked what and when, and what came of it."""
    table = table_of("When", "What", "Who", "Detail")
    for line in view.trail:
        cells = (f"{line.at:%Y-%m-%d %H:%M:%S}", line.what, line.requested_by or "-", line.detail)
        table.add_row(*map(escape, cells))
    return table


def plan_table(plan: CampaignPlan) -> Table:
    """Who starts when, as far as fits on a screen."""
    table = table_of("Start", "Vault", "Region", "Items", "Minutes")
    for one in plan.vaults[:SHOWN_VAULTS]:
        items = "-" if one.protected_items is None else str(one.protected_items)
        start = time_text(one.expected_start)
        vault = one.vault
        table.add_row(
            start, escape(vault.name), escape(vault.region), items, str(one.expected_minutes)
        )
    return table


def plan_sentences(plan: CampaignPlan) -> list[str]:
    """What a plan comes to."""
    # Said, because a table that just ends reads like the whole plan.
    hidden = len(plan.vaults) - SHOWN_VAULTS
    total = (
        f"{plan.total} vaults, {plan.window} in flight: about {plan.expected_hours} h until "
        f"{time_text(plan.expected_end)} UTC (no order could need less than "
        f"{plan.lower_bound_hours} h); {plan.unknown_sizes} of unknown size. Nothing was started."
    )
    return [
        *([f"... and {hidden} more; --json has them all."] if hidden > 0 else []),
        *(f"left out: {one.vault} {one.why}" for one in plan.skipped),
        total,
    ]
