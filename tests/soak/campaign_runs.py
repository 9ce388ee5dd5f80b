"""Whole campaigns over many vaults: the app's own workflows and activities, in virtual time.

Everything is the app's own but for the services, which are fakes with durations of their own; the
engine replays every turn. What comes out is compared with the bound no schedule can beat.
"""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from domain.campaigns import CampaignState, ErrorThreshold, Verb
from domain.requests import UpgradeRequest
from tests.fakes import NOON
from tests.fleet import Fleet
from tests.unit.domain.schedule_model import bound_s, durations_s, requests_for

SUBSCRIPTIONS = ("7d7e3b8e-3c1b-4b65-9a43-1f2d6c0a9b11", "7d7e3b8e-3c1b-4b65-9a43-1f2d6c0a9b12")

ENOUGH_TURNS = 10_000_000
"""Beyond any campaign that ends."""


@dataclass(frozen=True, kw_only=True)
class CampaignRun:
    """What one campaign came to."""

    vaults: int
    window: int
    is_size_known: bool
    makespan_h: float
    """Until the last upgrade had ended."""
    bound_h: float
    most_at_once: int
    ends: dict[str, int]
    """Vaults by their mark."""
    starts_per_vault: float
    executions: int
    """Histories the campaign needed."""
    trail: tuple[str, ...]
    paused_with: int
    """Failures when it paused; 0 if it never did."""

    @property
    def ratio(self) -> float:
        """Makespan over the lower bound."""
        return self.makespan_h / self.bound_h


def _requests(durations: list[float], *, is_size_known: bool) -> list[UpgradeRequest]:
    requests = requests_for(durations, is_size_known=is_size_known)
    return [
        replace(one, vault=replace(one.vault, subscription_id=SUBSCRIPTIONS[index % 2]))
        for index, one in enumerate(requests)
    ]


async def run_campaign(
    vaults: int, window: int, *, is_size_known: bool = True, seed: int = 1
) -> CampaignRun:
    """Runs a campaign in which nothing fails."""
    durations = durations_s(vaults, seed)
    requests = _requests(durations, is_size_known=is_size_known)
    fleet = _fleet(requests, durations)
    await fleet.start(requests, window=window)
    await fleet.workflow.settle()
    return _result(fleet, durations, window, is_size_known=is_size_known)


async def run_failing_campaign(
    vaults: int, window: int, *, failing: float, tolerated_percent: float, seed: int = 1
) -> CampaignRun:
    """Runs a campaign in which a share of the upgrades fails, and resumes it when it pauses."""
    durations = durations_s(vaults, seed)
    requests = _requests(durations, is_size_known=True)
    every = round(1 / failing)
    names = [one.vault.name for one in requests[::every]]
    fleet = _fleet(requests, durations, failing=names)
    threshold = ErrorThreshold(percent=tolerated_percent)
    await fleet.start(requests, window=window, threshold=threshold)
    await fleet.workflow.settle()
    status = fleet.status
    paused_with = status["counts"]["needs_support"] if status["phase"] == "paused" else 0
    fleet.command(Verb.RESUME)
    await fleet.workflow.settle()
    return _result(fleet, durations, window, is_size_known=True, paused_with=paused_with)


def _fleet(requests: list[UpgradeRequest], durations: list[float], **options: Any) -> Fleet:
    # A timer that is no longer waited for is worth a line to the library, not to this run.
    logging.getLogger("tests.workflow").setLevel(logging.ERROR)
    by_name = {
        one.vault.name: timedelta(seconds=long)
        for one, long in zip(requests, durations, strict=True)
    }
    return Fleet.make(requests, by_name, max_turns=ENOUGH_TURNS, **options)


def _result(
    fleet: Fleet,
    durations: list[float],
    window: int,
    *,
    is_size_known: bool,
    paused_with: int = 0,
) -> CampaignRun:
    state: CampaignState = fleet.end
    records = [one.record for one in fleet.classic.vaults.values() if one.record is not None]
    last = max(one.ended_at for one in records if one.ended_at is not None)
    return CampaignRun(
        vaults=len(durations),
        window=window,
        is_size_known=is_size_known,
        makespan_h=(last - NOON) / timedelta(hours=1),
        bound_h=bound_s(durations, window, scopes=2) / 3600,
        most_at_once=_most_at_once(fleet),
        ends={mark: state.marks.count(mark) for mark in sorted(set(state.marks))},
        starts_per_vault=len(fleet.classic.started) / len(durations),
        executions=fleet.campaign.executions,
        trail=tuple(fleet.trail),
        paused_with=paused_with,
    )


def _most_at_once(fleet: Fleet) -> int:
    """The largest number of upgrades that ran together, as the service saw it."""
    changes: list[tuple[Any, int]] = []
    for vault in fleet.classic.vaults.values():
        if vault.record is not None:
            changes += [(vault.record.started_at, 1), (vault.record.ended_at, -1)]
    running = most = 0
    for _, change in sorted(changes):
        running += change
        most = max(most, running)
    return most
