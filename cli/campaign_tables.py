"""How campaigns and messages look on a terminal."""

from collections.abc import Sequence
from datetime import datetime

from rich import box
from rich.markup import escape
from rich.table import Table

from cli.campaign_views import CampaignPlan, CampaignView, KeptMessageView

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


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _time(at: datetime | None) -> str:
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
    table = _table("Campaign", "Phase", "Started", "Ended", "Window", "Vaults")
    for view in views:
        cells = (
            view.id,
            view.phase,
            _time(view.started_at),
            _time(view.ended_at),
            str(view.window),
            count_words(view.counts),
        )
        table.add_row(*map(escape, cells))
    return table


def trouble_table(view: CampaignView) -> Table:
    """The vaults of a campaign that need somebody's eyes."""
    table = _table("Vault", "Upgrade", "Trouble")
    for words, vaults in (("failed", view.failed), ("no run yet", view.missing)):
        for one in vaults:
            table.add_row(escape(one.vault.name), one.id, words)
    return table


def trail_table(view: CampaignView) -> Table:
    """Who asked what and when, and what came of it."""
    table = _table("When", "What", "Who", "Detail")
    for line in view.trail:
        cells = (f"{line.at:%Y-%m-%d %H:%M:%S}", line.what, line.requested_by or "-", line.detail)
        table.add_row(*map(escape, cells))
    return table


def plan_table(plan: CampaignPlan) -> Table:
    """Who starts when, as far as fits on a screen."""
    table = _table("Start", "Vault", "Region", "Items", "Minutes")
    for one in plan.vaults[:SHOWN_VAULTS]:
        items = "-" if one.protected_items is None else str(one.protected_items)
        start = _time(one.expected_start)
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
        f"{_time(plan.expected_end)} UTC (no order could need less than "
        f"{plan.lower_bound_hours} h); {plan.unknown_sizes} of unknown size. Nothing was started."
    )
    return [
        *([f"... and {hidden} more; --json has them all."] if hidden > 0 else []),
        *(f"left out: {one.vault} {one.why}" for one in plan.skipped),
        total,
    ]


def message_table(messages: Sequence[KeptMessageView]) -> Table:
    """One row per message."""
    table = _table("Number", "Sent", "Deliveries", "Reason", "Description", "Message")
    for one in messages:
        cells = (
            str(one.sequence_number),
            _time(one.enqueued_at),
            str(one.delivery_count),
            one.reason,
            one.description,
            one.original_id,
        )
        table.add_row(*map(escape, cells))
    return table
