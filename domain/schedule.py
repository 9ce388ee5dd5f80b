"""The plan of a campaign as pure functions: which order, what to start next, how long it takes.

Vaults are started one by one as others end, never in batches, and those that take longest go
first: with the durations the service documents, batches take two to three times as long
(performance 4). How long an upgrade takes nobody knows beforehand; the size of the vault stands
for it.
"""

import heapq
import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.campaigns import CampaignOptions, Limits, Mark
from domain.errors import InvalidInputError, Problem
from domain.ledger import Ledger, Place
from domain.maintenance import next_opening
from domain.requests import UpgradeRequest

SHORTEST = timedelta(minutes=15)
"""The documented duration of a small vault (performance 1b)."""

LONGEST = timedelta(minutes=90)
"""The documented duration of a large vault."""

TYPICAL = timedelta(minutes=20)
"""Most upgrades take no longer (performance 1b)."""

LARGEST_VAULT = 1_000
"""Items of a full vault, which is taken to need the longest. That the time in between grows with
the number of items is an assumption; only order and forecast rest on it."""

UNKNOWN_SIZE = timedelta(minutes=24)
"""What a vault of unknown size is taken to need: the mean of the documented mix (performance 4).
It goes after those known to be large, and before those known to be small."""

# Sixty-four characters that JSON writes as one byte each: three of them name 4,096 subscriptions
# and 64 regions, so that the places of ten thousand vaults take 30 KB of the history.
_CODE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def expected_duration(protected_items: int | None) -> timedelta:
    """How long the upgrade of a vault is expected to take."""
    if protected_items is None:
        return UNKNOWN_SIZE
    return SHORTEST + (LONGEST - SHORTEST) * min(protected_items / LARGEST_VAULT, 1.0)


def plan_order(requests: Sequence[UpgradeRequest], window: int) -> tuple[UpgradeRequest, ...]:
    """The requests in the order of the plan; equals keep the order they were given in.

    Large vaults go first, the longest of them first. The others are dealt like cards, so that each
    round of the window holds long and short ones: the slot that is free first gets the longer one,
    and all slots end together. Longest first to the very end would leave them 15 minutes apart,
    which costs up to 4 % of the time when there are only ten vaults per slot.
    """
    ranked = sorted(requests, key=lambda one: -expected_duration(one.protected_items))
    large = sum(expected_duration(one.protected_items) > TYPICAL for one in ranked)
    small = ranked[large:]
    rounds = max(1, math.ceil(len(small) / window))
    dealt = [one for first in range(rounds) for one in small[first::rounds]]
    return (*ranked[:large], *dealt)


def encode_places(requests: Sequence[UpgradeRequest]) -> str:
    """Subscription and region of each vault in three characters, for the limits.

    Raises:
        InvalidInputError: More than 4,096 subscriptions or 64 regions in one campaign.
    """
    subscriptions = _numbered(request.vault.subscription_id for request in requests)
    regions = _numbered(_region(request) for request in requests)
    _check_count("subscriptions", len(subscriptions), len(_CODE) ** 2)
    _check_count("regions", len(regions), len(_CODE))
    codes = []
    for request in requests:
        high, low = divmod(subscriptions[request.vault.subscription_id], len(_CODE))
        codes.append(_CODE[high] + _CODE[low] + _CODE[regions[_region(request)]])
    return "".join(codes)


def _region(request: UpgradeRequest) -> str:
    # West US and westus are one region; lists have it either way.
    return request.vault.region.replace(" ", "").casefold()


def _numbered(names: Iterator[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def _check_count(what: str, count: int, most: int) -> None:
    if count > most:
        message = f"{count} {what}; one campaign takes {most}. Split it."
        raise InvalidInputError([Problem(where="body", field="vaults", message=message)])


def choose_starts(ledger: Ledger, limits: Limits) -> tuple[int, ...]:
    """The positions to start now: as many as every limit allows, in the order of the plan.

    A vault whose subscription or region is full is passed over, not waited for.
    """
    free = limits.window - ledger.counts[Mark.SENT]
    if free <= 0:
        return ()
    chosen: list[int] = []
    subscriptions, regions = Counter(ledger.in_subscription), Counter(ledger.in_region)
    # One line per place, and the place whose next vault comes first in the plan is asked first. One
    # line for all would be looked through to its end whenever a limit binds: with ten thousand
    # vaults that is a hundred million looks in a campaign.
    heads = [(position, rest, place) for place, rest in ledger.lines() for position in _next(rest)]
    heapq.heapify(heads)
    while heads and len(chosen) < free:
        position, rest, place = heapq.heappop(heads)
        # Within one choice a place only fills up, so a full one is not asked again.
        if _has_room(limits, subscriptions[place.subscription], regions[place.region]):
            chosen.append(position)
            subscriptions[place.subscription] += 1
            regions[place.region] += 1
            for following in _next(rest):
                heapq.heappush(heads, (following, rest, place))
    return tuple(chosen)


def _next(positions: Iterator[int]) -> Iterator[int]:
    """The next position, if there is one."""
    yield from itertools.islice(positions, 1)


def _has_room(limits: Limits, in_subscription: int, in_region: int) -> bool:
    return (limits.per_subscription is None or in_subscription < limits.per_subscription) and (
        limits.per_region is None or in_region < limits.per_region
    )


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """When one vault is expected to run."""

    position: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """How a campaign is expected to go, if nothing fails."""

    vaults: tuple[Expectation, ...]
    """In the order of their starts."""
    ends_at: datetime
    lower_bound: timedelta
    """No order could be faster under these limits, whatever the maintenance window."""


def forecast(
    durations: Sequence[timedelta], places: str, options: CampaignOptions, starts_at: datetime
) -> Forecast:
    """Plays a campaign through with expected durations, by the rules that also run it.

    Args:
        durations: One per vault, in the order of the plan.
        places: As :func:`encode_places` gives them.
        options: Limits and maintenance window; the threshold plays no part.
        starts_at: When the campaign begins.
    """
    ledger = Ledger(Mark.WAITING * len(durations), places)
    running: list[tuple[datetime, int]] = []
    expected: list[Expectation] = []
    now = starts_at
    while not ledger.is_finished:
        opening = next_opening(options.maintenance, now) if options.maintenance else now
        for position in choose_starts(ledger, options.limits) if opening <= now else ():
            ledger.put(position, Mark.SENT)
            ends_at = now + durations[position]
            heapq.heappush(running, (ends_at, position))
            expected.append(Expectation(position=position, starts_at=now, ends_at=ends_at))
        # Nothing can start before the opening. A vault that ends earlier still comes first, because
        # it may free a slot of a limit.
        if not running or now < opening <= running[0][0]:
            now = opening
            continue
        now, position = heapq.heappop(running)
        ledger.put(position, Mark.CLOSED)
    return Forecast(
        vaults=tuple(expected),
        ends_at=max((one.ends_at for one in expected), default=starts_at),
        lower_bound=lower_bound(durations, ledger.place, options.limits),
    )


def lower_bound(
    durations: Sequence[timedelta], place_of: Callable[[int], Place], limits: Limits
) -> timedelta:
    """The shortest any order could take: by the longest vault, the window and each limit."""
    zero = timedelta(0)
    if not durations:
        return zero
    bounds = [max(durations), sum(durations, zero) / min(limits.window, len(durations))]
    # In seconds: a counter begins at the number zero, which no timedelta can be added to.
    per_subscription: Counter[str] = Counter()
    per_region: Counter[str] = Counter()
    for position, duration in enumerate(durations):
        place = place_of(position)
        per_subscription[place.subscription] += int(duration.total_seconds())
        per_region[place.region] += int(duration.total_seconds())
    for load_s, limit in (
        (max(per_subscription.values()), limits.per_subscription),
        (max(per_region.values()), limits.per_region),
    ):
        if limit is not None:
            bounds.append(timedelta(seconds=load_s) / limit)
    return max(bounds)
