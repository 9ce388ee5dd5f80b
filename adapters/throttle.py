"""Keeps calls within what the services allow, in the HTTP pipeline of every client.

Resource Manager keeps a token bucket per subscription, identity and kind of operation: reads hold
250 and gain 25 a second, writes 200 and 10, deletes 200 and 10
(https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling;
facts recovery-services 8). Reads of what is in a vault are counted apart by the provider; starts of
149 to 299 were seen, its refill is not published. The numbers below are only where a bucket starts:
what the answers say in ``x-ms-ratelimit-remaining-*`` replaces them.
"""

import asyncio
import re
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import AsyncHTTPPolicy

from adapters.http_errors import find_retry_after_s
from domain.errors import ThrottledError


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A token bucket's size and gain, and the header that tells its level."""

    capacity: float
    per_s: float
    header: str


READS = Limit(capacity=250, per_s=25, header="x-ms-ratelimit-remaining-subscription-reads")
WRITES = Limit(capacity=200, per_s=10, header="x-ms-ratelimit-remaining-subscription-writes")
DELETES = Limit(capacity=200, per_s=10, header="x-ms-ratelimit-remaining-subscription-deletes")
VAULT_RESOURCES = Limit(
    # The lowest start seen; the gain is a guess on the safe side, a fifth of that of reads.
    capacity=149,
    per_s=5,
    header="x-ms-ratelimit-remaining-subscription-resource-requests",
)

LONGEST_WAIT_S = 60.0
"""Real seconds. Who would have to wait longer gets the error, and can wait without a worker."""

# The classic API has the subscription first, Resource Manager after a word.
_SUBSCRIPTION = re.compile(r"^/(?:subscriptions/)?([0-9a-f-]{36})(?:/|$)", re.IGNORECASE)
# Something must follow the name: the vault itself is counted with the subscription. And the
# provider must stand before it: a resource group may be called "vaults" as well.
_VAULT = re.compile(r"/Microsoft\.RecoveryServices/vaults/([^/]+)/[^/]", re.IGNORECASE)


class Bucket:
    """A token bucket that hands out places in line instead of making callers try again.

    Level and line are plain numbers, so one bucket serves every loop and thread of the process.
    """

    def __init__(self, limit: Limit, now: float) -> None:
        self.limit = limit
        self.level = limit.capacity
        self.capacity = limit.capacity
        self._at = now
        self._closed_until = now
        self._unanswered = 0

    def reserve(self, now: float) -> float:
        """Takes one token, also one yet to come; gives the seconds to wait until it is there."""
        self._refill(now)
        self.level -= 1
        self._unanswered += 1
        # A debt is a place in line: whoever comes next owes more and waits longer.
        wait_for_token_s = max(0.0, -self.level / self.limit.per_s)
        return max(wait_for_token_s, self._closed_until - now)

    def give_back(self) -> None:
        """Returns a token that was reserved and will not be used."""
        self.level += 1
        self._unanswered = max(0, self._unanswered - 1)

    def settle(self, now: float, remaining: float | None, closed_for_s: float | None) -> None:
        """Learns from an answer.

        Args:
            now: The time, seconds.
            remaining: What the service says is left, or None. Requests on their way are not
                counted in it yet.
            closed_for_s: Seconds the service wants no calls at all, or None.
        """
        self._refill(now)
        self._unanswered = max(0, self._unanswered - 1)
        if remaining is not None:
            # More left than was thought possible: the service's bucket is larger than documented.
            self.capacity = max(self.capacity, remaining)
            self.level = min(remaining, self.capacity) - self._unanswered
        # A shorter wish that comes later does not open what a longer one closed.
        if closed_for_s is not None:
            self._closed_until = max(self._closed_until, now + closed_for_s)

    def _refill(self, now: float) -> None:
        # Threads may take their times in one order and get here in the other.
        gained = max(0.0, now - self._at) * self.limit.per_s
        # Never above its size: an idle night must not allow a burst the service would refuse.
        self.level = min(self.capacity, self.level + gained)
        self._at = now


def bucket_key(method: str, url: str) -> tuple[tuple[str, ...], Limit]:
    """Which bucket a request draws from: one per service and subscription, or per vault."""
    parts = urlsplit(url)
    subscription = _SUBSCRIPTION.match(parts.path)
    subscription_id = subscription[1].casefold() if subscription else "-"
    limit = {"GET": READS, "HEAD": READS, "DELETE": DELETES}.get(method.upper(), WRITES)
    vault = _VAULT.search(parts.path) if limit is READS else None
    # Reads of what is in a vault have a bucket of their own; its writes are counted with all
    # others of the subscription, as the headers of every recorded one say (recovery-services 8).
    if vault is not None:
        return (parts.netloc, parts.path[: vault.end(1)].casefold()), VAULT_RESOURCES
    return (parts.netloc, subscription_id, limit.header), limit


class Throttle:
    """The buckets of one process; every pipeline of the process shares it.

    Args:
        monotonic: Seconds that never go back; real ones, as the services count real seconds.
        sleep: Waits some seconds.
    """

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._monotonic = monotonic
        self.sleep = sleep
        """Waits real seconds; the retries of all pipelines wait by it too."""
        self._buckets: dict[tuple[str, ...], Bucket] = {}
        # One lock for all buckets: it is held for a few additions, never while anybody waits.
        self._lock = threading.Lock()

    async def admit(self, method: str, url: str) -> Bucket:
        """Waits for a place and gives the bucket it was taken from.

        Raises:
            ThrottledError: The wait would be longer than LONGEST_WAIT_S.
        """
        key, limit = bucket_key(method, url)
        # A lock for threads, not tasks: nothing in it waits, and loops may run on several threads.
        with self._lock:
            now = self._monotonic()
            # Never dropped: a bucket is a handful of numbers, and a forgotten one would start full
            # again.
            bucket = self._buckets.setdefault(key, Bucket(limit, now))
            wait_s = bucket.reserve(now)
            if wait_s > LONGEST_WAIT_S:
                bucket.give_back()
                # Slept through here, it would hold a worker; a workflow's timer holds nothing.
                raise ThrottledError(
                    "the service wants no more calls for now; nothing was sent",
                    retry_after_s=wait_s,
                    subject=" ".join(key),
                )
        if wait_s > 0:
            await self._stand_in_line(bucket, wait_s)
        return bucket

    async def _stand_in_line(self, bucket: Bucket, wait_s: float) -> None:
        try:
            await self.sleep(wait_s)
        except BaseException:
            # Cancelled: no answer will ever settle this place.
            with self._lock:
                bucket.give_back()
            raise

    def learn(self, bucket: Bucket, status: int | None, headers: Mapping[str, str]) -> None:
        """Takes over what an answer says; ``status`` None when there was no answer."""
        remaining = _number(headers.get(bucket.limit.header))
        # Retry-After comes with a 202 as well, where it is about polling and closes nothing.
        throttled = status == HTTPStatus.TOO_MANY_REQUESTS
        closed_for_s = find_retry_after_s(headers) if throttled else None
        with self._lock:
            bucket.settle(self._monotonic(), remaining, closed_for_s)


def _number(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdecimal() else None


class ThrottlePolicy(AsyncHTTPPolicy[Any, Any]):
    """Stands behind the retry policy, so that every attempt is counted."""

    def __init__(self, throttle: Throttle) -> None:
        super().__init__()
        self._throttle = throttle

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Sends when the bucket allows it."""
        http = request.http_request
        bucket = await self._throttle.admit(http.method, http.url)
        status: int | None = None
        headers: Mapping[str, str] = {}
        # Whatever happens the place must be given back, or the bucket would shrink for good.
        try:
            response = await self.next.send(request)
            status = response.http_response.status_code
            headers = response.http_response.headers
        finally:
            self._throttle.learn(bucket, status, headers)
        return response
