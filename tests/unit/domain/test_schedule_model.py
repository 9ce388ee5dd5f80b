"""A thousand vaults come close to the fastest schedule there is."""

import pytest

from tests.unit.domain.schedule_model import ratio

SEEDS = (1, 2, 3)


@pytest.mark.parametrize(("window", "limit"), [(10, 1.05), (50, 1.05), (100, 1.05), (200, 1.10)])
@pytest.mark.parametrize("seed", SEEDS)
def test_known_sizes_come_close_to_the_lower_bound(window: int, limit: float, seed: int) -> None:
    """Where size predicts duration, hardly any time is lost at the end of a campaign."""
    assert ratio(window, is_size_known=True, seed=seed) <= limit


@pytest.mark.parametrize(("window", "limit"), [(10, 1.06), (50, 1.20), (100, 1.40), (200, 1.75)])
@pytest.mark.parametrize("seed", SEEDS)
def test_unknown_sizes_cost_what_a_late_long_vault_costs(
    window: int, limit: float, seed: int
) -> None:
    """Without sizes the order is the list's: a long vault may come last and is waited for."""
    assert 1.0 < ratio(window, is_size_known=False, seed=seed) <= limit


def test_sizes_pay_the_more_the_wider_the_window() -> None:
    """What is known about sizes saves a tenth of the time at 50 in flight, and more beyond."""
    gains = [
        ratio(window, is_size_known=False) / ratio(window, is_size_known=True)
        for window in (10, 50, 200)
    ]

    assert sorted(gains) == gains
    assert gains[1] > 1.05
