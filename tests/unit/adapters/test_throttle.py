"""Calls are paced by what the services say, without trying and failing."""

import asyncio
from typing import Any

import pytest
from azure.core.pipeline import AsyncPipeline
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.rest import HttpRequest

from adapters.throttle import (
    DELETES,
    READS,
    VAULT_RESOURCES,
    WRITES,
    Bucket,
    Limit,
    Throttle,
    ThrottlePolicy,
    bucket_key,
)
from domain.errors import ThrottledError
from tests.fakes import SUBSCRIPTION, FakeClock

ARM = "https://management.azure.com"
PROVIDER = "providers/Microsoft.RecoveryServices"
VAULT = f"{ARM}/subscriptions/{SUBSCRIPTION}/resourceGroups/g/{PROVIDER}/vaults/v1"
IN_GROUP_VAULTS = VAULT.replace("/g/", "/Vaults/")
SMALL = Limit(capacity=2, per_s=1, header="x-left")


def _throttle(clock: FakeClock) -> Throttle:
    return Throttle(monotonic=clock.monotonic, sleep=clock.sleep)


@pytest.mark.parametrize(
    ("method", "url", "limit"),
    [
        ("GET", VAULT, READS),
        ("PUT", VAULT, WRITES),
        ("DELETE", VAULT, DELETES),
        ("GET", IN_GROUP_VAULTS, READS),
        ("GET", f"{VAULT}/backupPolicies?api-version=1", VAULT_RESOURCES),
        ("PUT", f"{VAULT}/backupPolicies/p", WRITES),
        ("DELETE", f"{VAULT}/backupPolicies/p", DELETES),
        ("POST", f"https://classic/{SUBSCRIPTION}/cloudservices/c/x", WRITES),
        ("GET", f"https://classic/{SUBSCRIPTION}/cloudservices", READS),
    ],
)
def test_each_kind_of_call_has_its_bucket(method: str, url: str, limit: Limit) -> None:
    """Reads, writes, deletes and what lies inside a vault are counted apart."""
    assert limit == bucket_key(method, url)[1]


def test_spelling_does_not_make_another_bucket() -> None:
    """Resource Manager ignores case, and so does the counting."""
    spelt_otherwise = VAULT.replace(SUBSCRIPTION, SUBSCRIPTION.upper())

    assert bucket_key("GET", VAULT) == bucket_key("get", spelt_otherwise)


def test_vaults_and_subscriptions_do_not_share() -> None:
    """A busy vault does not slow another, nor one subscription the next."""
    other_vault = f"{VAULT}x/backupJobs"
    other_subscription = VAULT.replace(SUBSCRIPTION, "0" * 8 + SUBSCRIPTION[8:])

    assert bucket_key("GET", f"{VAULT}/backupJobs")[0] != bucket_key("GET", other_vault)[0]
    assert bucket_key("GET", VAULT)[0] != bucket_key("GET", other_subscription)[0]


def test_the_documented_numbers_are_where_buckets_start() -> None:
    """250 reads and 25 a second, 200 writes and deletes and 10 a second."""
    numbers = [(limit.capacity, limit.per_s) for limit in (READS, WRITES, DELETES)]

    assert [(250, 25), (200, 10), (200, 10)] == numbers


def test_a_bucket_lets_its_capacity_pass_and_then_paces() -> None:
    """Two go at once, the next ones stand in line a second apart."""
    bucket = Bucket(SMALL, now=0)

    assert [0, 0, 1, 2] == [bucket.reserve(0) for _ in range(4)]


def test_a_bucket_fills_up_again() -> None:
    """After a pause there is capacity again, but never more than fits."""
    bucket = Bucket(SMALL, now=0)
    for _ in range(2):
        bucket.reserve(0)

    assert [0, 0, 1] == [bucket.reserve(100) for _ in range(3)]


def test_the_service_knows_better_how_much_is_left() -> None:
    """A low remainder slows down at once; a high one raises the capacity."""
    bucket = Bucket(SMALL, now=0)
    bucket.reserve(0)
    bucket.settle(0, remaining=0, closed_for_s=None)
    assert 1 == bucket.reserve(0)

    bucket.settle(0, remaining=100, closed_for_s=None)

    assert [0] * 50 == [bucket.reserve(0) for _ in range(50)]


def test_requests_on_their_way_count_as_used() -> None:
    """What the service has not counted yet is taken off what it says is left."""
    bucket = Bucket(SMALL, now=0)
    bucket.reserve(0)
    bucket.reserve(0)
    bucket.settle(0, remaining=1, closed_for_s=None)

    assert 1 == bucket.reserve(0)


def test_a_closed_bucket_makes_everybody_wait() -> None:
    """After Retry-After nobody calls before the time is over, and a shorter one changes nothing."""
    bucket = Bucket(SMALL, now=0)
    bucket.settle(0, remaining=None, closed_for_s=30)
    bucket.settle(0, remaining=None, closed_for_s=5)

    assert [30, 20, 0] == [bucket.reserve(now) for now in (0, 10, 40)]


async def test_waiting_takes_real_seconds_from_the_clock_given() -> None:
    """The 251st read at once waits a twenty-fifth of a second."""
    clock = FakeClock()
    throttle = _throttle(clock)

    for _ in range(251):
        await throttle.admit("GET", VAULT)

    assert [1 / 25] == [pytest.approx(s) for s in clock.slept_s]


async def test_a_caller_that_gives_up_waiting_gives_its_place_back() -> None:
    """A cancelled wait leaves the line as if it had never stood in it."""
    never = asyncio.Event()
    throttle = Throttle(monotonic=lambda: 0.0, sleep=lambda _: never.wait())
    for _ in range(250):
        bucket = await throttle.admit("GET", VAULT)
    waiting = asyncio.create_task(throttle.admit("GET", VAULT))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert bucket.level == 0


class Answering(AsyncHttpTransport):  # type: ignore[misc]
    """A transport that gives prepared answers."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    async def send(self, request: Any, **_: Any) -> Any:
        """The next answer, or the next error."""
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def __aexit__(self, *_: object) -> None:
        """Nothing to close."""


class Response:
    """As much of an answer as the policy looks at."""

    def __init__(self, status_code: int, **headers: str) -> None:
        self.status_code = status_code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


async def test_a_429_closes_the_bucket_for_its_retry_after() -> None:
    """The next call of the same bucket waits as long as the service said."""
    clock = FakeClock()
    transport = Answering(Response(429, Retry_After="17"), Response(200))
    pipeline: Any = AsyncPipeline(transport, [ThrottlePolicy(_throttle(clock))])

    for _ in range(2):
        await pipeline.run(HttpRequest("GET", VAULT))

    assert [17] == clock.slept_s


async def test_a_long_wait_is_handed_to_the_caller() -> None:
    """While a bucket is closed for an hour nobody sleeps in it, and nothing is sent."""
    clock = FakeClock()
    transport = Answering(Response(429, Retry_After="3600"))
    pipeline: Any = AsyncPipeline(transport, [ThrottlePolicy(_throttle(clock))])
    await pipeline.run(HttpRequest("GET", VAULT))

    with pytest.raises(ThrottledError) as caught:
        await pipeline.run(HttpRequest("GET", VAULT))

    assert ([], 3600) == (clock.slept_s, caught.value.retry_after_s)


async def test_a_call_that_was_turned_away_costs_nothing() -> None:
    """The token it would have taken is there for the next."""
    throttle = _throttle(FakeClock())
    bucket = await throttle.admit("GET", VAULT)
    throttle.learn(bucket, 429, {"Retry-After": "3600"})
    level = bucket.level

    with pytest.raises(ThrottledError):
        await throttle.admit("GET", VAULT)

    assert level == bucket.level


async def test_a_failed_call_gives_its_place_back() -> None:
    """After an error without an answer the bucket does not count the call for ever."""
    clock = FakeClock()
    throttle = _throttle(clock)
    pipeline: Any = AsyncPipeline(Answering(OSError("gone")), [ThrottlePolicy(throttle)])
    with pytest.raises(OSError, match="gone"):
        await pipeline.run(HttpRequest("GET", VAULT))

    bucket = await throttle.admit("GET", VAULT)
    throttle.learn(bucket, 200, {READS.header: "7"})

    assert 7 == bucket.level


@pytest.mark.parametrize("text", ["", "many", "-1", "1.5", "٣"])
async def test_unreadable_headers_are_ignored(text: str) -> None:
    """A remainder that is no number changes nothing."""
    throttle = _throttle(FakeClock())
    bucket = await throttle.admit("GET", VAULT)

    throttle.learn(bucket, 200, {READS.header: text})

    assert READS.capacity - 1 == bucket.level


async def test_callers_at_once_stand_in_one_line() -> None:
    """However many start together, they leave at the documented pace."""
    clock = FakeClock()
    waits: list[float] = []

    async def remember(seconds: float) -> None:
        waits.append(seconds)

    throttle = Throttle(monotonic=clock.monotonic, sleep=remember)
    await asyncio.gather(*(throttle.admit("GET", VAULT) for _ in range(300)))

    assert 50 == len(waits)
    assert pytest.approx(50 / 25) == max(waits)
