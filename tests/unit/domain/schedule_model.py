"""A model of a whole campaign: our plan, the service's durations, ARM's token buckets.

Durations and budgets are those of the performance facts (sections 1b and 4): most upgrades take 15
to 20 minutes, a few up to 90; reads and writes are limited per subscription and region. What starts
next is decided by the code under test, nothing else.
"""

import bisect
import heapq
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

from domain.campaigns import Limits, Mark
from domain.ledger import Ledger
from domain.polling import next_delay
from domain.requests import UpgradeRequest
from domain.schedule import LARGEST_VAULT, choose_starts, encode_places, plan_order
from tests.fakes import classic_ref, upgrade_request

MIX = ((0.80, 15, 20), (0.15, 20, 60), (0.05, 60, 90))
"""Share of vaults, and the minutes between which their upgrades take."""
READS, WRITES = 25, 8
"""Calls per vault besides polls."""


def durations_s(count: int, seed: int) -> list[float]:
    """Durations of so many upgrades, in seconds."""
    chance = random.Random(seed)  # noqa: S311 - the same mix for the same seed
    shares = list(itertools.accumulate(share for share, _, _ in MIX))
    picked = (bisect.bisect_left(shares, chance.random()) for _ in range(count))
    return [chance.uniform(*MIX[kind][1:]) * 60 for kind in picked]


def requests_for(durations: list[float], *, is_size_known: bool) -> list[UpgradeRequest]:
    """One request per duration in two subscriptions; a known size predicts the duration."""
    return [
        upgrade_request(
            replace(classic_ref(f"vault-{index:04d}"), subscription_id=f"subscription-{index % 2}"),
            protected_items=_size(duration) if is_size_known else None,
        )
        for index, duration in enumerate(durations)
    ]


def _size(duration_s: float) -> int:
    return round((duration_s / 60 - 15) / 75 * LARGEST_VAULT)


@dataclass
class Bucket:
    """A token bucket, served in the order of asking."""

    size: float
    per_s: float
    tokens: float = field(init=False)
    at_s: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = self.size

    def take(self, now_s: float) -> float:
        """When the next token is granted."""
        self.tokens = min(self.size, self.tokens + max(0.0, now_s - self.at_s) * self.per_s)
        self.at_s = max(self.at_s, now_s)
        self.tokens -= 1
        return now_s if self.tokens >= 0 else now_s - self.tokens / self.per_s


class Model:
    """Plays a campaign through.

    Args:
        requests: The vaults.
        durations: Seconds each takes, by its vault's name.
        window: Vaults in flight.
    """

    def __init__(
        self, requests: list[UpgradeRequest], durations: dict[str, float], window: int
    ) -> None:
        self.planned = plan_order(requests, window)
        self.durations = [durations[one.vault.name] for one in self.planned]
        self.ledger = Ledger(Mark.WAITING * len(self.planned), encode_places(self.planned))
        self.limits = Limits(window=window)
        scopes = {one.vault.subscription_id for one in self.planned}
        self.reads = {scope: Bucket(250, 25) for scope in scopes}
        self.writes = {scope: Bucket(200, 10) for scope in scopes}

    def makespan_s(self) -> float:
        """Seconds until the last vault has ended."""
        order = itertools.count()
        running: list[tuple[float, int, int, Iterator[float]]] = []
        now_s = 0.0
        while not self.ledger.is_finished:
            for position in choose_starts(self.ledger, self.limits):
                self.ledger.put(position, Mark.SENT)
                steps = self._vault(position, now_s)
                heapq.heappush(running, (next(steps), next(order), position, steps))
            now_s, _, position, steps = heapq.heappop(running)
            following = next(steps, None)
            if following is None:
                self.ledger.put(position, Mark.CLOSED)
            else:
                heapq.heappush(running, (following, next(order), position, steps))
        return now_s

    def _vault(self, position: int, now_s: float) -> Iterator[float]:
        """The moments at which one vault has had its next call; calls are made in time order."""
        scope = self.planned[position].vault.subscription_id
        reads, writes = self.reads[scope], self.writes[scope]
        for _ in range(READS // 2):
            now_s = reads.take(now_s)
            yield now_s
        now_s = writes.take(now_s)
        yield now_s
        begun_s, done_s = now_s, now_s + self.durations[position]
        while now_s < done_s:
            asks_s = now_s + next_delay(timedelta(seconds=now_s - begun_s)).total_seconds()
            yield asks_s
            now_s = reads.take(asks_s)
        for bucket, calls in ((writes, WRITES - 1), (reads, READS - READS // 2)):
            for _ in range(calls):
                now_s = bucket.take(now_s)
                yield now_s


def bound_s(durations: list[float], window: int, scopes: int) -> float:
    """No schedule is faster: the longest vault, the window, and the budget of calls."""
    count = len(durations)
    writing_s = (count * WRITES - 200 * scopes) / (10 * scopes)
    reading_s = (count * (READS + 1) - 250 * scopes) / (25 * scopes)
    return max(*durations, sum(durations) / min(window, count), writing_s, reading_s)


def ratio(window: int, *, is_size_known: bool, count: int = 1000, seed: int = 1) -> float:
    """Makespan of a campaign over the lower bound."""
    durations = durations_s(count, seed)
    requests = requests_for(durations, is_size_known=is_size_known)
    by_name = {one.vault.name: long for one, long in zip(requests, durations, strict=True)}
    makespan_s = Model(requests, by_name, window).makespan_s()
    return makespan_s / bound_s(durations, window, scopes=2)
