"""The poll schedule: few calls, and the end noticed soon."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from domain.polling import is_escalation_due, is_stalled, next_delay

MINUTE = 60


def looks(duration_s: float, call_s: float = 0.0) -> list[float]:
    """When each look at an upgrade of that length is taken, up to the one that sees its end.

    Args:
        duration_s: How long the upgrade takes.
        call_s: How long one look takes.
    """
    taken: list[float] = []
    elapsed = 0.0
    while not taken or taken[-1] < duration_s:
        elapsed += next_delay(timedelta(seconds=elapsed)).total_seconds()
        taken.append(elapsed)
        elapsed += call_s
    return taken


def notice_p95_s(durations_s: Iterable[int]) -> float:
    """The 95th percentile of the seconds between an end and the look that sees it."""
    waits = sorted(looks(duration)[-1] - duration for duration in durations_s)
    return waits[int(len(waits) * 0.95)]


def test_a_twenty_minute_upgrade_takes_eighteen_looks() -> None:
    """The old client took 40 looks and 40 lists."""
    assert 18 == len(looks(20 * MINUTE))


@pytest.mark.parametrize(
    ("first_min", "last_min"), [(15, 20), (14, 40), (20, 40)], ids=["typical", "most", "longer"]
)
def test_an_end_is_noticed_within_45_seconds(first_min: int, last_min: int) -> None:
    """For 95 of 100 upgrades, whatever second of the usual range they end in."""
    assert 45 >= notice_p95_s(range(first_min * MINUTE, last_min * MINUTE))


@pytest.mark.parametrize(("duration_s", "within_s"), [(74, 60), (138, 60), (600, 120)])
def test_an_empty_vault_is_not_kept_waiting(duration_s: int, within_s: int) -> None:
    """The recorded ones took 74 and 138 seconds (vault-upgrade 1.6)."""
    assert within_s >= looks(duration_s)[-1] - duration_s


def test_a_slow_answer_does_not_add_calls() -> None:
    """Looks that take five seconds each are fewer, not more."""
    assert len(looks(20 * MINUTE)) >= len(looks(20 * MINUTE, call_s=5))


def test_a_ninety_minute_upgrade_stays_within_the_read_budget() -> None:
    """Even the largest vault takes about a hundred looks."""
    assert 98 == len(looks(90 * MINUTE))


@pytest.mark.parametrize(
    ("elapsed_s", "delay_s"),
    [
        *((-5, 60), (0, 60), (239, 60), (240, 120), (839, 120), (840, 40), (2399, 40)),
        *((2400, 60), (6000, 300), (10**6, 3600)),
    ],
)
def test_the_interval_changes_at_the_listed_moments(elapsed_s: int, delay_s: int) -> None:
    """Fine, coarse, finest, coarse; and a clock that runs behind is no reason to ask faster."""
    assert timedelta(seconds=delay_s) == next_delay(timedelta(seconds=elapsed_s))


@pytest.mark.parametrize(("elapsed_s", "is_due"), [(5999, False), (6000, True)])
def test_a_person_is_told_when_the_old_client_would_have_given_up(
    elapsed_s: int,
    is_due: bool,
) -> None:
    """One hundred minutes after the start."""
    assert is_due is is_escalation_due(timedelta(seconds=elapsed_s))


@pytest.mark.parametrize(("hours", "has_stalled"), [(23.9, False), (24, True)])
def test_an_upgrade_counts_as_stalled_after_a_day(hours: float, has_stalled: bool) -> None:
    """Long after anything documented."""
    assert has_stalled is is_stalled(timedelta(hours=hours), is_read=True)


@pytest.mark.parametrize(("days", "has_stalled"), [(1, False), (21, False), (90, True)])
def test_what_cannot_be_read_is_waited_for_through_weeks(days: int, has_stalled: bool) -> None:
    """An outage says nothing about the upgrade, so it ends nothing either."""
    assert has_stalled is is_stalled(timedelta(days=days), is_read=False)
