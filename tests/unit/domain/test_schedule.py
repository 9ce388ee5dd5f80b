"""Which vault starts when, as far as the plan decides it."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.campaigns import CampaignOptions, Limits, Mark
from domain.errors import InvalidInputError
from domain.ledger import Ledger
from domain.maintenance import Day, Hours, MaintenanceWindow
from domain.requests import UpgradeRequest
from domain.schedule import (
    LONGEST,
    SHORTEST,
    UNKNOWN_SIZE,
    choose_starts,
    encode_places,
    expected_duration,
    forecast,
    plan_order,
)
from domain.vaults import ClassicVaultRef
from tests.unit.domain.builders import upgrade_request

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLACES = {"a": "AAA", "b": "ABA", "c": "ABB"}
"""One subscription with one region; another that shares it; and a second region of that one."""


def vault(
    name: str = "v1", *, subscription: str = "s1", region: str = "West US", items: int | None = None
) -> UpgradeRequest:
    """A request for a vault of a place and size."""
    ref = ClassicVaultRef(subscription_id=subscription, region=region, name=name)
    return upgrade_request(vault=ref, protected_items=items)


def names(requests: tuple[UpgradeRequest, ...]) -> list[str]:
    """The vaults' names in order."""
    return [one.vault.name for one in requests]


def ledger(marks: str, places: str) -> Ledger:
    """A ledger with one letter of :data:`PLACES` per vault."""
    return Ledger(marks, "".join(PLACES[one] for one in places))


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (None, UNKNOWN_SIZE),
        (0, SHORTEST),
        (500, timedelta(minutes=52.5)),
        (1000, LONGEST),
        (70_000, LONGEST),
    ],
)
def test_size_stands_for_duration(items: int | None, expected: timedelta) -> None:
    """Between the two documented durations the expected one grows with the items."""
    assert expected == expected_duration(items)


def test_large_vaults_go_first() -> None:
    """The longest starts first; one of unknown size stands between known large and known small."""
    given_vaults = [vault("small", items=3), vault("unknown"), vault("huge", items=900)]

    assert ["huge", "unknown", "small"] == names(plan_order(given_vaults, window=1))


def test_small_vaults_are_dealt_in_rounds_of_the_window() -> None:
    """Each round holds long and short ones, so that the slots end together."""
    given_vaults = [vault(f"v{items}", items=items) for items in (10, 20, 30, 40, 50, 60)]

    assert ["v60", "v40", "v20", "v50", "v30", "v10"] == names(plan_order(given_vaults, window=3))


def test_equals_keep_the_order_of_the_list() -> None:
    """Without sizes the plan is the list as the operator wrote it."""
    given_vaults = [vault(f"v{index}") for index in range(20)]

    assert names(tuple(given_vaults)) == names(plan_order(given_vaults, window=4))


@given(st.lists(st.none() | st.integers(0, 1500), max_size=40), st.integers(1, 12))
def test_the_plan_holds_every_vault_once(sizes: list[int | None], window: int) -> None:
    """Ordering neither loses nor repeats a vault."""
    given_vaults = [vault(f"v{index}", items=items) for index, items in enumerate(sizes)]

    assert sorted(names(tuple(given_vaults))) == sorted(names(plan_order(given_vaults, window)))


def test_places_tell_subscriptions_and_regions_apart() -> None:
    """Two vaults share a code exactly where they share subscription and region."""
    codes = encode_places(
        [
            vault(subscription="s1", region="West US"),
            vault(subscription="s1", region="westus"),
            vault(subscription="s2", region="West US"),
            vault(subscription="s2", region="North Europe"),
        ]
    )

    assert ["AAA", "AAA", "ABA", "ABB"] == [codes[at : at + 3] for at in range(0, len(codes), 3)]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([f"Region {index}" for index in range(65)], "65 regions"),
        ([f"s{index}" for index in range(4_097)], "4097 subscriptions"),
    ],
)
def test_more_places_than_there_are_codes_are_refused(members: list[str], expected: str) -> None:
    """So many in one campaign are a mistake in the list, not a plan."""
    kind = "region" if expected.endswith("regions") else "subscription"
    with pytest.raises(InvalidInputError) as caught:
        encode_places([vault(**{kind: member}) for member in members])

    problem = caught.value.problems[0]
    assert ("vaults", True) == (problem.field, problem.message.startswith(expected))


def test_as_many_places_as_there_are_codes_have_one_each() -> None:
    """Sixty-four regions are the most, and no two of them share a code."""
    codes = encode_places([vault(region=f"Region {index}") for index in range(64)])

    assert 64 == len({codes[at : at + 3] for at in range(0, len(codes), 3)})


@pytest.mark.parametrize(
    ("marks", "limits", "expected"),
    [
        ("....", Limits(window=2), (0, 1)),
        ("s.s.", Limits(window=2), ()),
        ("cs..", Limits(window=2), (2,)),
        ("pp..", Limits(window=1), (2,)),
        ("....", Limits(window=9), (0, 1, 2, 3)),
    ],
)
def test_the_window_is_filled_in_order(
    marks: str, limits: Limits, expected: tuple[int, ...]
) -> None:
    """As many start as slots are free; a vault that waits for its jobs takes none."""
    assert expected == choose_starts(ledger(marks, "aaaa"), limits)


def test_a_full_subscription_is_passed_over() -> None:
    """What cannot start now does not hold up the others."""
    limits = Limits(window=10, per_subscription=1)

    assert (0, 3) == choose_starts(ledger("....", "aaab"), limits)


def test_a_full_region_is_passed_over() -> None:
    """A region counts over all subscriptions."""
    limits = Limits(window=10, per_region=2)

    assert (2,) == choose_starts(ledger("ss.." + "s", "abcab"), limits)


@given(
    st.text(alphabet=".spcf", max_size=60),
    st.integers(1, 12),
    st.none() | st.integers(1, 6),
    st.none() | st.integers(1, 6),
    st.randoms(use_true_random=False),
)
def test_no_limit_is_ever_exceeded(marks, window, per_subscription, per_region, chance) -> None:
    """Whatever is in flight already, starting never goes beyond a limit that held before."""
    limits = Limits(window=window, per_subscription=per_subscription, per_region=per_region)
    places = "".join(chance.choice("abc") for _ in marks)
    before, after = ledger(marks, places), ledger(marks, places)

    for position in choose_starts(after, limits):
        after.put(position, Mark.SENT)

    assert after.counts[Mark.SENT] <= max(window, before.counts[Mark.SENT])
    for counter, earlier, limit in (
        (after.in_subscription, before.in_subscription, per_subscription),
        (after.in_region, before.in_region, per_region),
    ):
        assert all(limit is None or n <= max(limit, earlier[key]) for key, n in counter.items())


def look_through_all(of: Ledger, limits: Limits) -> tuple[int, ...]:
    """The choice as it is described: every vault that waits, in the order of the plan."""
    subscriptions, regions = Counter(of.in_subscription), Counter(of.in_region)
    chosen = []
    for position in of.waiting():
        place = of.place(position)
        is_full = (
            len(chosen) >= limits.window - of.counts[Mark.SENT]
            or (limits.per_subscription or 99) <= subscriptions[place.subscription]
            or (limits.per_region or 99) <= regions[place.region]
        )
        if not is_full:
            chosen.append(position)
            subscriptions[place.subscription] += 1
            regions[place.region] += 1
    return tuple(chosen)


@given(
    st.lists(st.tuples(st.sampled_from(".sbc"), st.sampled_from("abc")), max_size=40),
    st.integers(1, 12),
    st.none() | st.integers(1, 6),
    st.none() | st.integers(1, 6),
    st.booleans(),
)
def test_the_choice_is_that_of_looking_through_all(
    vaults, window, per_subscription, per_region, is_redriven
) -> None:
    """Looking place by place finds the same vaults in the same order."""
    limits = Limits(window=window, per_subscription=per_subscription, per_region=per_region)
    one = ledger("".join(mark for mark, _ in vaults), "".join(place for _, place in vaults))
    # Once before: what was passed over then is waited for again after the redrive.
    for position in choose_starts(one, limits):
        one.put(position, Mark.SENT)
    if is_redriven:
        one.redrive()

    assert look_through_all(one, limits) == choose_starts(one, limits)


@pytest.mark.timeout(20)
def test_a_limit_that_binds_does_not_cost_the_square_of_the_campaign() -> None:
    """Ten thousand vaults, twenty subscriptions in the order of the list, five of each at once."""
    places = "".join(f"A{chr(ord('A') + index // 500)}A" for index in range(10_000))
    options = CampaignOptions(limits=Limits(window=500, per_subscription=5))
    plan = forecast([timedelta(minutes=20)] * 10_000, places, options, AT)

    assert timedelta(minutes=20) * 100 == plan.ends_at - AT


def test_the_forecast_slides_its_window() -> None:
    """The next vault starts the moment one ends, not when all have ended."""
    minutes = [timedelta(minutes=long) for long in (60, 20, 20)]

    plan = forecast(minutes, "AAA" * 3, CampaignOptions(limits=Limits(window=2)), AT)

    assert [(0, 0), (1, 0), (2, 20)] == [
        (one.position, (one.starts_at - AT) // timedelta(minutes=1)) for one in plan.vaults
    ]
    assert AT + timedelta(minutes=60) == plan.ends_at


@given(st.lists(st.integers(1, 90), min_size=1, max_size=30), st.integers(1, 8))
def test_no_forecast_beats_the_lower_bound(minutes: list[int], window: int) -> None:
    """The bound holds, and a window of one needs exactly the sum."""
    durations = [timedelta(minutes=long) for long in minutes]
    options = CampaignOptions(limits=Limits(window=window))

    plan = forecast(durations, "AAA" * len(durations), options, AT)

    assert plan.ends_at - AT >= plan.lower_bound
    assert window > 1 or plan.ends_at - AT == sum(durations, timedelta(0))


def test_a_subscription_limit_shows_in_the_bound() -> None:
    """Four vaults of one subscription, one at a time, take four times as long."""
    options = CampaignOptions(limits=Limits(window=4, per_subscription=1))

    plan = forecast([timedelta(minutes=15)] * 4, "AAA" * 4, options, AT)

    assert timedelta(hours=1) == plan.lower_bound == plan.ends_at - AT


def test_a_forecast_waits_for_the_maintenance_window() -> None:
    """Starts fall into the hours; a vault that runs when they end is not cut off."""
    nights = Hours(days=tuple(Day), start=time(22), end=time(22, 30))
    maintenance = MaintenanceWindow(time_zone="UTC", hours=(nights,))
    options = CampaignOptions(limits=Limits(window=1), maintenance=maintenance)

    plan = forecast([timedelta(minutes=20)] * 3, "AAA" * 3, options, AT)

    assert ["23T22:00", "23T22:20", "24T22:00"] == [
        f"{one.starts_at:%dT%H:%M}" for one in plan.vaults
    ]


def test_starts_of_a_forecast_are_in_order() -> None:
    """A dry run reads from top to bottom."""
    durations = [timedelta(minutes=long) for long in (9, 5, 7, 3, 8, 2)]

    plan = forecast(durations, "AAA" * 6, CampaignOptions(limits=Limits(window=2)), AT)

    assert all(one.starts_at <= other.starts_at for one, other in pairwise(plan.vaults))
