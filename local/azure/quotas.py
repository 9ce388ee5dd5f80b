"""The rate-limit headers of ARM, and 429 where an estate is told to enforce them.

A bucket per subscription and kind, and one per vault for the backup service's own calls, refilled
with virtual time (recovery-services 8). Starting figures are those seen on the wire in 2025.
"""

import math
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Size and refill of one kind of bucket."""

    header: str
    capacity: int
    refill_per_s: float
    is_per_vault: bool = False
    """Whether each vault has a bucket of its own, not only each subscription."""


READS = Limit(
    header="x-ms-ratelimit-remaining-subscription-reads", capacity=1100, refill_per_s=25.0
)
WRITES = Limit(
    header="x-ms-ratelimit-remaining-subscription-writes", capacity=800, refill_per_s=10.0
)
RESOURCE_REQUESTS = Limit(
    header="x-ms-ratelimit-remaining-subscription-resource-requests",
    capacity=300,
    refill_per_s=1.0,
    is_per_vault=True,
)
"""The backup service's own bucket; how fast it refills was never published."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What taking one call from a bucket came to."""

    header: str
    remaining: int
    wait_s: int
    """0: the call is allowed."""


class Quotas:
    """Every bucket."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], tuple[float, datetime]] = {}

    def take(self, limit: Limit, key: str, now: datetime) -> Taken:
        """Takes one call; an empty bucket gives the seconds until the next."""
        # Refilled when asked, not by a timer: virtual time may jump.
        level, since = self._buckets.get((limit.header, key), (float(limit.capacity), now))
        refilled = level + (now - since).total_seconds() * limit.refill_per_s
        level = min(float(limit.capacity), refilled)
        # Whole seconds, rounded up: Retry-After has no fractions.
        wait_s = 0 if level >= 1 else math.ceil((1 - level) / limit.refill_per_s)
        # A refused call costs nothing, or a client that keeps asking would never get in again.
        level = level if wait_s else level - 1
        self._buckets[limit.header, key] = (level, now)
        return Taken(header=limit.header, remaining=int(level), wait_s=wait_s)


_OWN_ROUTES = frozenset(
    {
        *("vault", "vaults", "vaults-of-group"),
        *("subscription", "groups", "provider", "feature"),
    }
)
"""Reads that Resource Manager answers by itself."""


def limit_of(method: str, route: str) -> Limit:
    """Which bucket a call is taken from: vaults are ARM's own, what is in them the service's."""
    if method != "GET":
        # Deletes have a bucket of their own, as large as this (recovery-services 8). One call
        # deletes here, and rarely.
        return WRITES
    return READS if route in _OWN_ROUTES else RESOURCE_REQUESTS
