"""Made-up estates."""

from collections import Counter

import pytest

from local.azure.random_estate import SCENARIOS, VAULTS_PER_SUBSCRIPTION, RandomEstate
from local.azure.upgrades import prerequisite_reasons
from tests.unit.simulated_azure.harness import START


def described(state):
    """What tells one estate from another."""
    return [
        (vault.subscription_id, vault.region, vault.name, vault.scenario, vault.plan)
        for vault in state.vaults
    ]


def test_the_same_seed_gives_the_same_vaults():
    """And another seed gives others."""
    first = described(RandomEstate(vaults=60, seed=1).open(START))

    assert first == described(RandomEstate(vaults=60, seed=1).open(START))
    assert first != described(RandomEstate(vaults=60, seed=2).open(START))


def test_a_larger_estate_begins_with_the_smaller_one():
    """A vault stays itself when the estate grows."""
    small, large = (RandomEstate(vaults=n, seed=3).open(START) for n in (10, 100))

    assert described(small) == described(large)[:10]


def test_vaults_are_spread_over_subscriptions():
    """No more in one than the classic service allowed."""
    state = RandomEstate(vaults=60).open(START)
    sizes = [len(state.vaults_of(one)) for one in state.subscription_ids()]

    assert sizes == [25, 25, 10]
    assert max(sizes) == VAULTS_PER_SUBSCRIPTION


def test_every_scenario_occurs_in_a_large_estate():
    """The clean ones most often."""
    kinds = Counter(vault.scenario for vault in RandomEstate(vaults=500).open(START).vaults)

    assert kinds.keys() == {name for name, _, _ in SCENARIOS}
    assert kinds.most_common(1)[0][0] == "clean"


def test_scenarios_show_in_the_vaults():
    """Blocked vaults have a reason, the others at most a warning."""
    state = RandomEstate(vaults=200, seed=5).open(START)
    for vault in state.vaults:
        target = (
            f"/subscriptions/{vault.subscription_id}/resourceGroups/g"
            f"/providers/Microsoft.RecoveryServices/Vaults/{vault.name}"
        )
        if vault.records:
            continue
        reasons = prerequisite_reasons(state, vault, target, START)
        errors = [reason for reason in reasons if reason.severity == "Error"]

        assert bool(errors) == (vault.expected_end == "blocked"), vault.scenario


def test_contents_are_made_when_looked_at():
    """A large estate must start fast."""
    vault = RandomEstate(vaults=1).open(START).vaults[0]

    assert "contents" not in vars(vault)
    assert vault.contents.policies
    assert "contents" in vars(vault)


def test_an_estate_of_nothing_is_refused():
    """One vault is the least."""
    with pytest.raises(ValueError, match="at least 1"):
        RandomEstate(vaults=0)
