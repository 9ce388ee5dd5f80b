"""Whether data of the reports arrives (MON-03)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.checks.catalog import REPORT_DATA
from domain.codec import JsonObject
from domain.diagnostics import (
    CATEGORIES,
)
from domain.findings import Fact, Finding, Verdict
from domain.moments import parse_moment
from domain.readings import Attempt, FailedRead, unread

FIRST_PUSH = timedelta(hours=24)
"""How long the first rows may take (recovery-services 6.2)."""


DATA_WITHIN = timedelta(hours=48)
"""Items and policies are pushed once a day; two days without a row are a gap."""


def _judge_arrivals(last: Iterable[datetime | None], *, is_early: bool) -> tuple[Verdict, str, str]:
    # One table is proof enough: some stay empty for want of anything to say.
    arrived = [moment for moment in last if moment is not None]
    if arrived:
        return Verdict.PASS, f"last rows arrived {max(arrived):%Y-%m-%d %H:%M} UTC", ""
    if is_early:
        return Verdict.NOT_APPLICABLE, "no rows yet; the first may take 24 hours", ""
    to_do = "Look whether the diagnostic setting still sends to this workspace."
    return Verdict.FAIL, "no rows about the vault arrived within 48 hours", to_do


def check(
    rows: Attempt[tuple[JsonObject, ...]],
    *,
    vault: str,
    set_up_at: datetime | None,
    now: datetime,
) -> tuple[Finding, ...]:
    """One finding about the data: arrived, not yet due, or missing.

    Args:
        rows: The arrivals query's rows of the last 48 hours.
        vault: The vault's name.
        set_up_at: UTC; when the setting was made or the vault upgraded, whichever is known and
            later; None: long ago.
        now: UTC.
    """
    if isinstance(rows, FailedRead):
        return (unread(REPORT_DATA.id, vault, rows),)
    last = {str(row.get("TableName")): parse_moment(row.get("LastArrival")) for row in rows.value}
    facts = tuple(
        Fact(
            field=f"{table}.LastArrival",
            value=moment.isoformat() if (moment := last.get(table)) else None,
            provenance=rows.provenance,
        )
        for table in CATEGORIES
    )
    is_early = set_up_at is not None and now - set_up_at < FIRST_PUSH
    verdict, text, to_do = _judge_arrivals(last.values(), is_early=is_early)
    return (
        Finding(
            check_id=REPORT_DATA.id,
            verdict=verdict,
            subject=vault,
            message=text,
            what_to_do=to_do,
            facts=facts,
        ),
    )
