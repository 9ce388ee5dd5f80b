"""Campaigns at scale: close to the bound, within the window, each vault upgraded once."""

import pytest

from tests.soak.campaign_runs import run_campaign, run_failing_campaign

THOUSAND = 1000


@pytest.mark.soak
@pytest.mark.parametrize(("window", "limit"), [(10, 1.05), (50, 1.05), (100, 1.05), (200, 1.10)])
async def test_a_thousand_vaults_come_close_to_the_bound(window: int, limit: float) -> None:
    """Where size predicts duration; nothing runs twice, and never more than the window at once."""
    run = await run_campaign(THOUSAND, window)

    assert ({"c": THOUSAND}, 1.0, window) == (run.ends, run.starts_per_vault, run.most_at_once)
    assert run.ratio <= limit


@pytest.mark.soak
async def test_five_in_a_hundred_that_fail_pause_at_three_and_finish_after_resuming() -> None:
    """The 31st failure of a thousand pauses; the rest is done once somebody has looked."""
    run = await run_failing_campaign(THOUSAND, 100, failing=0.05, tolerated_percent=3)

    assert {"c": 950, "f": 50} == run.ends
    assert 31 <= run.paused_with <= 50
    assert ("paused-by-threshold", "resume-done") == run.trail


async def test_a_small_campaign_stays_close_to_the_bound() -> None:
    """The same in small, for every run of the tests."""
    run = await run_campaign(60, 4)

    assert ({"c": 60}, 1.0, 4) == (run.ends, run.starts_per_vault, run.most_at_once)
    assert run.ratio <= 1.06


async def test_a_small_campaign_pauses_at_its_threshold() -> None:
    """One in ten fails, one in twenty is tolerated."""
    run = await run_failing_campaign(40, 4, failing=0.1, tolerated_percent=5)

    assert {"c": 36, "f": 4} == run.ends
    assert 3 <= run.paused_with <= 4
