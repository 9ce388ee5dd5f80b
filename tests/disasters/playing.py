"""Plays one disaster from the request to the verdict, and tells how it ended."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol

from adapters.ports import Ports
from domain.codec import from_json, to_json
from domain.outcomes import VaultOutcome
from domain.requests import UpgradeRequest, upgrade_instance_id
from domain.upgrade import START_GRACE, RunState, UpgradeStatus
from orchestrators import names
from tests.disasters.kinds import Case, Kind
from tests.disasters.points import (
    NO_CALLS,
    Blow,
    Break,
    Kill,
    Meanwhile,
    Nothing,
    Point,
    Watch,
    watched,
)
from tests.disasters.worlds import FairClassicVaults, World, held_up_world, make_world
from tests.estate import Desk, FakeEstate
from tests.fakes import FakeClock, upgrade_request
from tests.held_up import GONE
from tests.kill_points import Killed
from tests.workflow import ActivityBody, RememberedTurns, Workflow

SOON = timedelta(seconds=1)
LATE = START_GRACE + timedelta(minutes=2)
"""The engine delivers again at once, or when nobody would wait for the lost worker any more."""

HOUR = timedelta(hours=1)
WRONG_BY = {Kind.KILL_AHEAD: HOUR, Kind.KILL_BEHIND: -HOUR}
"""What the clock of the next machine is wrong by."""

MOST_DEATHS = 5

TURNS = RememberedTurns()
"""A blow changes few of a run's turns; the others are those of the runs before it."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What a disaster came to."""

    begun: list[str]
    """Every upgrade the service began, by OperationId."""
    states: list[RunState]
    """The end state of every run."""
    operation_ids: list[str | None]
    """What every run says the upgrade's OperationId is."""


def surviving(body: ActivityBody, clock: FakeClock, after: timedelta) -> ActivityBody:
    """The activity on an engine that delivers it again when its process dies."""

    async def deliver(request: Any) -> Any:
        for _ in range(MOST_DEATHS):
            try:
                return await body(request)
            except Killed:
                clock.advance(after)
        raise AssertionError("died on every delivery")

    return deliver


class Stage(Protocol):
    """An estate with a workflow."""

    clock: FakeClock

    def workflow(self) -> Workflow:
        """The app's activities on the estate's ports."""
        ...


def engine(estate: Stage, after: timedelta = SOON) -> Workflow:
    """The estate's workflow on an engine that delivers again."""
    workflow = estate.workflow()
    workflow.execute = TURNS.execute
    workflow.activities = {
        name: surviving(body, estate.clock, after) for name, body in workflow.activities.items()
    }
    return workflow


async def run_to_end(
    workflow: Workflow, instance_id: str = "", request: UpgradeRequest | None = None
) -> VaultOutcome:
    """One run of the vault's upgrade."""
    asked = request or upgrade_request()
    name = instance_id or upgrade_instance_id(asked.vault)
    instance = await workflow.run(names.UPGRADE_VAULT, to_json(asked), name)
    if instance.output is None:
        raise AssertionError(f"the run broke down: {instance.failure}")
    return from_json(VaultOutcome, instance.output)


def ending(world: World, *outcomes: VaultOutcome) -> Ending:
    """What the world and the runs show at the end."""
    return Ending(
        begun=world.classic.begun,
        states=[outcome.state for outcome in outcomes],
        operation_ids=[outcome.operation_id for outcome in outcomes],
    )


async def play_blow(
    world: World, blow: Blow, after: timedelta = SOON, request: UpgradeRequest | None = None
) -> tuple[Ending, Watch]:
    """One run on which one blow falls."""
    watch = Watch(blow)
    estate = replace(world.estate, ports=watched(world.estate.ports, watch))
    outcome = await run_to_end(engine(estate, after), request=request)
    return ending(world, outcome), watch


@dataclass(frozen=True)
class KillTwice:
    """The second delivery does not live long either."""

    at: int
    then: int = 10

    def strike(self, point: Any) -> None:
        """Dies at both points."""
        Kill(self.at).strike(point)
        Kill(self.at + self.then).strike(point)


async def _killed(case: Case) -> Ending:
    after = LATE if case.kind is Kind.KILL_LATE else SOON
    blow = KillTwice(case.at) if case.kind is Kind.KILL_TWICE else Kill(case.at)
    return (await play_blow(make_world(), blow, after))[0]


async def _killed_on_wrong_clock(case: Case) -> Ending:
    """The next machine's clock is wrong: it must not be what the grace period is measured by."""
    world, clock = make_world().with_own_clock()

    @dataclass(frozen=True)
    class Move:
        """To another machine, by dying on this one."""

        def strike(self, point: Point) -> None:
            """Dies there."""
            if point.number == case.at:
                clock.wrong_by = WRONG_BY[case.kind]
                raise Killed

    return (await play_blow(world, Move()))[0]


async def _killed_failing(case: Case) -> Ending:
    return (await play_blow(make_world(end=UpgradeStatus.FAILED), Kill(case.at)))[0]


async def retrying_world() -> World:
    """A world whose upgrade has failed, with Microsoft's instruction to start it once more."""
    world = make_world(end=UpgradeStatus.FAILED)
    await run_to_end(engine(world.estate))
    await world.estate.authorize_retry()
    world.classic.begun.clear()
    world.classic.end = UpgradeStatus.UPGRADED
    return world


async def _killed_retrying(case: Case) -> Ending:
    return (await play_retry(Kill(case.at)))[0]


async def play_retry(blow: Blow) -> tuple[Ending, Watch]:
    """The second attempt, as a request of its own."""
    again = upgrade_request(request_id="request-2")
    return await play_blow(await retrying_world(), blow, request=again)


async def play_unregistering(blow: Blow) -> tuple[Ending, Watch]:
    """A run that unregisters a machine first, once somebody has approved the plan."""
    world = held_up_world()
    watch = Watch(blow)
    estate = replace(world.estate, ports=watched(world.estate.ports, watch))
    workflow = Desk(estate).workflow()
    workflow.execute = TURNS.execute
    workflow.activities = {
        name: surviving(body, estate.clock, SOON) for name, body in workflow.activities.items()
    }
    request = upgrade_request(unregister_machines=(GONE,))
    outcome = await run_to_end(workflow, request=request)
    gone = len(world.estate.classic_contents.unregistered)
    if gone != 1:
        raise AssertionError(f"the machine was unregistered {gone} times")
    return ending(world, outcome), watch


async def _killed_unregistering(case: Case) -> Ending:
    return (await play_unregistering(Kill(case.at)))[0]


async def _broken(case: Case) -> Ending:
    return (await play_blow(make_world(), Break(case.at)))[0]


async def _portal(case: Case) -> Ending:
    world = make_world(FairClassicVaults)
    return (await play_blow(world, Meanwhile(case.at, world.classic.start_from_portal)))[0]


async def _twice(case: Case) -> Ending:
    """The first result is lost, together with the worker that wanted to report it."""
    world = make_world()
    workflow = engine(world.estate)
    calls = 0

    def doubled(body: ActivityBody) -> ActivityBody:
        async def run(request: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == case.at:
                await body(request)
                world.estate.clock.advance(SOON)
            return await body(request)

        return run

    workflow.activities = {name: doubled(body) for name, body in workflow.activities.items()}
    return ending(world, await run_to_end(workflow))


class Jostled:
    """A port that lets others run before and after every call, as often as seeded dice say."""

    def __init__(self, port: Any, dice: random.Random) -> None:
        self._port = port
        self._dice = dice

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            await self._give_way()
            answer = await method(*arguments, **named)
            await self._give_way()
            return answer

        return call

    async def _give_way(self) -> None:
        for _ in range(self._dice.randrange(4)):
            await asyncio.sleep(0)


def jostled(ports: Ports, seed: int) -> Ports:
    """The same ports, whose calls are mixed with those of others."""
    dice = random.Random(seed)  # noqa: S311 - to mix, not to hide
    members = vars(ports).items()
    return Ports(**{name: one if name in NO_CALLS else Jostled(one, dice) for name, one in members})


def _jostled(estate: FakeEstate, seed: int) -> FakeEstate:
    return replace(estate, ports=jostled(estate.ports, seed))


async def _together(case: Case) -> Ending:
    """Two workers hold the same activity, and neither knows."""
    world = make_world()
    workflow = engine(_jostled(world.estate, case.at))

    def both(body: ActivityBody) -> ActivityBody:
        async def run(request: Any) -> Any:
            return (await asyncio.gather(body(request), body(request)))[case.at % 2]

        return run

    workflow.activities = {name: both(body) for name, body in workflow.activities.items()}
    return ending(world, await run_to_end(workflow))


async def _two_runs(case: Case) -> Ending:
    # Evidence alone keeps them apart: the service would begin both.
    world = make_world()
    first = engine(_jostled(world.estate, case.at))
    second = engine(_jostled(world.estate, case.at + 1000))
    outcomes = await asyncio.gather(run_to_end(first, "first"), run_to_end(second, "second"))
    return ending(world, *outcomes)


async def _two_installations(case: Case) -> Ending:
    world = make_world(FairClassicVaults)
    first = engine(_jostled(world.estate, case.at))
    second = engine(_jostled(world.second_estate(), case.at + 1000))
    outcomes = await asyncio.gather(run_to_end(first), run_to_end(second))
    return ending(world, *outcomes)


PLAYERS: dict[Kind, Callable[[Case], Awaitable[Ending]]] = {
    Kind.KILL: _killed,
    Kind.KILL_LATE: _killed,
    Kind.KILL_AHEAD: _killed_on_wrong_clock,
    Kind.KILL_BEHIND: _killed_on_wrong_clock,
    Kind.KILL_TWICE: _killed,
    Kind.KILL_FAILING: _killed_failing,
    Kind.KILL_RETRYING: _killed_retrying,
    Kind.KILL_UNREGISTERING: _killed_unregistering,
    Kind.BREAK: _broken,
    Kind.PORTAL: _portal,
    Kind.TWICE: _twice,
    Kind.TOGETHER: _together,
    Kind.TWO_RUNS: _two_runs,
    Kind.TWO_INSTALLATIONS: _two_installations,
}
"""Who plays which kind."""


async def play(case: Case) -> Ending:
    """Plays one disaster to its end."""
    return await PLAYERS[case.kind](case)


async def undisturbed(end: UpgradeStatus = UpgradeStatus.UPGRADED) -> tuple[Ending, Watch]:
    """A run on which nothing falls, and the points it passes."""
    return await play_blow(make_world(end=end), Nothing())
