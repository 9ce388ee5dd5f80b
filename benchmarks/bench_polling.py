"""What following an upgrade costs, and how soon its end is noticed.

The app's own workflow in virtual time, with the service's calls counted, beside the loop of the
old cmdlet: a list of cloud services before each call, one poll every 30 s, the first after 30 s
(vault-upgrade 1.4). Two figures per way: calls to the classic API for one vault, and the time from
the end of the upgrade to the poll that tells it.

The mix is the one of performance 4: 80 % take 15 to 20 minutes, 15 % up to an hour, 5 % up to 90
minutes. An answer takes no time here; a slow one would delay both ways alike.
"""

import argparse
import asyncio
import json
import math
import random
import statistics
import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from domain.upgrade import RunState
from orchestrators import names
from tests.estate import estate_of_one

SCRIPT_INTERVAL_S = 30
SCRIPT_BEFORE = 4
"""Calls of the cmdlet before it polls: list and check, list and start."""
CALLS_OF_SCRIPT_POLL = 2
GOAL_CALLS, GOAL_NOTICE_S = 25, 45
SHARES = ((0.80, 15, 20), (0.95, 20, 60), (1.0, 60, 90))
"""Cumulative share, and the minutes it lies between."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one way of polling comes to."""

    calls_of_20_minutes: int
    polls_of_20_minutes: int
    calls_median: float
    calls_most: int
    notice_median_s: float
    notice_p95_s: float
    notice_most_s: float


@dataclass(frozen=True, kw_only=True)
class Followed:
    """One upgrade that was followed to its end."""

    calls: int
    polls: int
    notice_s: float


def durations(count: int, seed: int) -> list[timedelta]:
    """Upgrades of the mix."""
    dice = random.Random(seed)  # noqa: S311 - a sample, no secret
    drawn = []
    for _ in range(count):
        share = dice.random()
        _, least, most = next(one for one in SHARES if share <= one[0])
        drawn.append(timedelta(seconds=dice.uniform(least * 60, most * 60)))
    return drawn


async def follow(duration: timedelta) -> Followed:
    """Upgrades one vault of the fake estate and counts."""
    estate = estate_of_one(duration=duration)
    workflow = estate.workflow()
    read, noticed = workflow.activities[names.READ_OPERATION], []

    async def watched(asked: object) -> object:
        answer = await read(asked)
        if not answer["is_running"]:
            noticed.append(estate.clock.now())
        return answer

    workflow.activities = {**workflow.activities, names.READ_OPERATION: watched}
    began = estate.clock.now()
    outcome, _ = await estate.upgrade(workflow=workflow)
    assert outcome.state is RunState.CLOSED
    return Followed(
        calls=len(estate.classic.calls),
        polls=estate.classic.count("read_operation"),
        notice_s=(noticed[0] - began - duration).total_seconds(),
    )


def follow_by_script(duration: timedelta) -> Followed:
    """What the cmdlet would do."""
    polls = math.ceil(duration.total_seconds() / SCRIPT_INTERVAL_S)
    return Followed(
        calls=SCRIPT_BEFORE + polls * CALLS_OF_SCRIPT_POLL,
        polls=polls,
        notice_s=polls * SCRIPT_INTERVAL_S - duration.total_seconds(),
    )


def figures(twenty: Followed, mix: list[Followed]) -> Figures:
    """The figures of one way."""
    notices = sorted(one.notice_s for one in mix)
    calls = [one.calls for one in mix]
    return Figures(
        calls_of_20_minutes=twenty.calls,
        polls_of_20_minutes=twenty.polls,
        calls_median=statistics.median(calls),
        calls_most=max(calls),
        notice_median_s=round(statistics.median(notices), 1),
        notice_p95_s=round(notices[math.ceil(0.95 * len(notices)) - 1], 1),
        notice_most_s=round(notices[-1], 1),
    )


async def measure(count: int, seed: int) -> dict[str, Figures]:
    """Both ways over the same upgrades."""
    drawn, twenty = durations(count, seed), timedelta(minutes=20)
    return {
        "vaultlift": figures(await follow(twenty), [await follow(one) for one in drawn]),
        "script": figures(follow_by_script(twenty), [follow_by_script(one) for one in drawn]),
    }


def main() -> None:
    """Measures and writes the figures down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--upgrades", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begun = time.monotonic()
    found = asyncio.run(measure(options.upgrades, options.seed))
    for name, one in found.items():
        print(
            f"{name:10} 20 min: {one.calls_of_20_minutes} calls, {one.polls_of_20_minutes} of them "
            f"polls; mix: median {one.calls_median:.0f}, most {one.calls_most}; end noticed after "
            f"{one.notice_median_s} s (median), {one.notice_p95_s} s (95 %), "
            f"{one.notice_most_s} s (most)"
        )
    ours = found["vaultlift"]
    assert ours.calls_of_20_minutes <= GOAL_CALLS
    assert ours.notice_p95_s <= GOAL_NOTICE_S
    document = {name: asdict(one) for name, one in found.items()}
    document["run"] = {"upgrades": options.upgrades, "seed": options.seed}
    document["run"]["took_s"] = round(time.monotonic() - begun, 1)
    options.out.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
