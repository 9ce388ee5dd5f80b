"""The last backup before an upgrade and the first after it are told from the jobs."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.checks import items as items_check
from domain.checks.backups_around import Around, backups_around, tell_around, window_around
from domain.findings import Finding, Verdict
from tests.unit.domain.builders import NOW, reading
from tests.unit.domain.job_documents import agent_item, job_for, vm_item

ENDED = NOW - timedelta(days=2)
BEFORE, AFTER = ENDED - timedelta(hours=10), ENDED + timedelta(hours=13)


def _around(item: Any, *jobs: Any, others: tuple[Any, ...] = ()) -> Around:
    found = backups_around([item, *others], jobs, ENDED)
    return next(iter(found.values()))


def test_the_nearest_backups_on_both_sides_count() -> None:
    """Not the first ever, and not the last of all."""
    item = agent_item()
    moments = (BEFORE - timedelta(days=1), BEFORE, AFTER, AFTER + timedelta(days=1))

    found = _around(item, *(job_for(item, one) for one in moments))

    assert (BEFORE, AFTER) == (
        found.last_before and found.last_before.replace(microsecond=0),
        found.first_after and found.first_after.replace(microsecond=0),
    )


@pytest.mark.parametrize("status", ["Failed", "InProgress", "Cancelled", None])
def test_only_a_backup_that_ended_well_counts(status: str | None) -> None:
    """The others made no recovery point."""
    item = vm_item()

    assert None is _around(item, job_for(item, AFTER, status=status)).first_after


def test_a_job_of_another_item_does_not_count() -> None:
    """The same volume letter on another machine."""
    other = agent_item(machine="FS02.CONTOSO.LOCAL")

    assert None is _around(agent_item(), job_for(other, AFTER)).first_after


def test_a_job_without_a_holder_counts_for_the_only_item_of_its_name() -> None:
    """With two of that name nobody knows whose it is."""
    item, other = agent_item(), agent_item(machine="FS02.CONTOSO.LOCAL")
    nameless = job_for(item, AFTER, mabServerName="")

    assert _around(item, nameless).first_after is not None
    assert _around(item, nameless, others=(other,)).first_after is None


@pytest.mark.parametrize(
    ("ended_at", "days"),
    [(NOW - timedelta(days=2), 10), (NOW - timedelta(days=29), 30)],
)
def test_the_window_reaches_back_a_week_and_stays_within_thirty_days(
    ended_at: datetime, days: int
) -> None:
    """The service lists no more at once."""
    assert (NOW - timedelta(days=days), NOW) == window_around(ended_at, NOW)


@pytest.mark.parametrize("ended_at", [None, NOW - timedelta(days=31), NOW + timedelta(hours=1)])
def test_long_after_an_upgrade_no_job_is_asked_for(ended_at: datetime | None) -> None:
    """Its first backup is not listed any more."""
    assert None is window_around(ended_at, NOW)


def _told(*jobs: Any) -> Finding:
    item = vm_item()
    listed = reading((item,))
    found = items_check.check(listed, vault="v", upgrade_ended_at=ENDED, now=NOW)
    told = tell_around(found, listed.value, reading(jobs), ENDED)
    return next(one for one in told if one.check_id == "backups-go-on")


def test_both_backups_are_told_with_the_time_between_them() -> None:
    """That backups continued is shown, not only that they run today."""
    item = vm_item()
    found = _told(job_for(item, BEFORE), job_for(item, AFTER))

    assert (Verdict.PASS, True, 5) == (
        found.verdict,
        found.message.endswith(
            f"first backup after the upgrade {AFTER:%Y-%m-%d %H:%M} UTC, 23 h on"
        ),
        len(found.facts),
    )


def test_missing_jobs_take_nothing_away() -> None:
    """Job information comes late; the item's own last backup decides."""
    found = _told()

    assert (Verdict.PASS, False, [None, None]) == (
        found.verdict,
        "before the upgrade" in found.message,
        [one.value for one in found.facts[-2:]],
    )


def test_a_backup_after_without_one_before_says_so() -> None:
    """Classic vaults showed no jobs in ARM."""
    assert _told(job_for(vm_item(), AFTER)).message.endswith("no job from before it shows")
