"""How messages that became no run look on a terminal."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from cli.campaign_tables import table_of, time_text
from cli.message_views import KeptMessageView


def message_table(messages: Sequence[KeptMessageView]) -> Table:
    """One row per message."""
    table = table_of("Number", "Sent", "Deliveries", "Reason", "Description", "Message")
    for one in messages:
        cells = (
            str(one.sequence_number),
            time_text(one.enqueued_at),
            str(one.delivery_count),
            one.reason,
            one.description,
            one.original_id,
        )
        table.add_row(*map(escape, cells))
    return table
