"""DESIGN rule 1 over the wire: real adapters, simulated Azure, and everything that may go wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.outcomes import VaultOutcome
from domain.upgrade import RunState
from local.azure import upgrades
from local.azure.faults import FaultKind, FaultRule
from orchestrators.flow import READ_RETRY
from tests.disasters.playing import engine, jostled, run_to_end
from tests.disasters.points import Kill, Watch, watched
from tests.integration.orchestrators.http_world import PORTAL, HttpWorld, http_world, request

START_POINTS = range(2, 58, 2)
"""After every call up to the first poll, the start among them; before the next is the same."""
LATER_POINTS = range(58, 178, 20)
"""Samples of the rest, every point of which is played on fakes (tests/disasters)."""

ROUTES = ("classic-list", "classic-check", "classic-upgrade", "classic-track", "vault")
FAULTS: tuple[FaultRule, ...] = tuple(
    FaultRule(kind=kind, route=route, skip=skip, count=1, status=status, retry_after_s=0)
    for kind, status in (
        (FaultKind.STATUS, 503),
        (FaultKind.STATUS, 429),
        (FaultKind.DROP, 500),
        (FaultKind.LOST_RESPONSE, 500),
        (FaultKind.WRONG_BODY, 500),
        (FaultKind.EXPIRE_TOKEN, 500),
    )
    for route in ROUTES
    for skip in ((0, 1) if route in {"classic-list", "classic-track"} else (0,))
)


def _name(rule: FaultRule) -> str:
    return f"{rule.kind}-{rule.status}-{rule.route}-{rule.skip}"


def _ended_right(world: HttpWorld, *outcomes: VaultOutcome) -> bool:
    """One upgrade, closed runs, and all of them following it."""
    (operation_id,) = world.begun
    told = {(outcome.state, outcome.operation_id) for outcome in outcomes}
    return told == {(RunState.CLOSED, operation_id)}


@pytest.mark.parametrize("at", [*START_POINTS, *LATER_POINTS])
async def test_a_kill_anywhere_leaves_one_upgrade_in_azure(tmp_path: Path, at: int) -> None:
    """Killed before or after any call, delivered again: one upgrade, and a closed run."""
    async with http_world(tmp_path) as world:
        mortal = replace(world, ports=watched(world.ports, Watch(Kill(at))))

        outcome = await run_to_end(engine(mortal), request=request())

        assert _ended_right(world, outcome)


@pytest.mark.parametrize("rule", FAULTS, ids=_name)
async def test_a_fault_on_the_wire_leaves_one_upgrade_in_azure(
    tmp_path: Path, rule: FaultRule
) -> None:
    """Refused, cut off, answered with nonsense or robbed of its token: one upgrade, closed."""
    async with http_world(tmp_path) as world:
        world.azure.service.faults.add(rule)

        outcome = await run_to_end(engine(world), request=request())

        assert [1] == [one["struck"] for one in world.azure.service.faults.listing()]
        assert _ended_right(world, outcome)


async def test_a_service_that_says_when_to_come_back_is_given_that_time(tmp_path: Path) -> None:
    """503 and an hour in Retry-After for longer than the retries last: waited out, and closed."""
    tries = READ_RETRY.max_number_of_attempts
    busy = FaultRule(
        kind=FaultKind.STATUS, route="classic-list", status=503, count=tries, retry_after_s=3600
    )
    async with http_world(tmp_path) as world:
        world.azure.service.faults.add(busy)
        began = world.clock.now()

        outcome = await run_to_end(engine(world), request=request())

        assert [tries] == [one["struck"] for one in world.azure.service.faults.listing()]
        assert world.clock.now() - began > timedelta(hours=1)
        assert _ended_right(world, outcome)


@dataclass
class Portal:
    """Somebody who starts the upgrade elsewhere, between two instructions of ours."""

    world: HttpWorld
    at: int

    def strike(self, point: Any) -> None:
        """Presses the button, unless an upgrade runs: then the service refuses."""
        vault = self.world.vault
        now = self.world.clock.now()
        if point.number == self.at and upgrades.start_refusal(vault, now) is None:
            upgrades.start(vault, request().target.arm_id, PORTAL, now)


@pytest.mark.parametrize("at", START_POINTS)
async def test_the_portal_at_the_same_moment_makes_one_upgrade(tmp_path: Path, at: int) -> None:
    """Whoever was faster, there is one upgrade and the run follows it."""
    async with http_world(tmp_path) as world:
        raced = replace(world, ports=watched(world.ports, Watch(Portal(world, at))))

        outcome = await run_to_end(engine(raced), request=request())

        assert _ended_right(world, outcome)


async def _run(world: HttpWorld, seed: int, name: str) -> VaultOutcome:
    mixed = replace(world, ports=jostled(world.ports, seed))
    return await run_to_end(engine(mixed), name, request())


@pytest.mark.parametrize("seed", range(6))
async def test_two_operators_make_one_upgrade(tmp_path: Path, seed: int) -> None:
    """Two runs of one installation at the same time share the intent, and the upgrade."""
    async with http_world(tmp_path) as world:
        outcomes = await _both(lambda number: _run(world, seed * 2 + number, f"run-{number}"))

        assert _ended_right(world, *outcomes)


@pytest.mark.parametrize("seed", range(6))
async def test_two_campaigns_make_one_upgrade(tmp_path: Path, seed: int) -> None:
    """Two installations that know nothing of each other: the slower adopts the faster's."""
    async with http_world(tmp_path / "first") as world:
        worlds = (world, world.second(tmp_path / "second"))
        outcomes = await _both(lambda number: _run(worlds[number], seed * 2 + number, "upgrade"))

        assert _ended_right(world, *outcomes)


async def _both(run: Callable[[int], Awaitable[VaultOutcome]]) -> list[VaultOutcome]:
    return list(await asyncio.gather(run(0), run(1)))
