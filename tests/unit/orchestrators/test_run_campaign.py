"""A campaign carried out: the app's own workflows on fakes, in virtual time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time, timedelta

import pytest

from domain.campaigns import CampaignPhase, ErrorThreshold, Limits, Mark, Verb
from domain.errors import UnavailableError
from domain.maintenance import Day, Hours, MaintenanceWindow
from domain.requests import UpgradeRequest
from orchestrators import names
from tests.fakes import NOON, upgrade_request
from tests.fleet import Fleet, fleet_requests

# Whole fleets with every replay: on a machine that is busy with others they take minutes.
pytestmark = pytest.mark.timeout(600)

MINUTE = timedelta(minutes=1)


def fleet(
    count: int = 4, *, minutes: Sequence[int] = (), failing: Sequence[str] = ()
) -> tuple[Fleet, list[UpgradeRequest]]:
    """A fleet of equal vaults, or of vaults that take some minutes each."""
    requests = fleet_requests(upgrade_request(), count)
    durations = {
        one.vault.name: timedelta(minutes=minutes[index] if minutes else 17)
        for index, one in enumerate(requests)
    }
    return Fleet.make(requests, durations, failing=failing), requests


def most_at_once(one: Fleet) -> int:
    """The largest number of upgrades that ran together, as the service saw it."""
    spans = [
        (vault.record.started_at, vault.record.ended_at)
        for vault in one.classic.vaults.values()
        if vault.record is not None
    ]
    return max(sum(begun <= at < ended for begun, ended in spans) for at, _ in spans)


@pytest.mark.parametrize("window", [1, 2, 3])
async def test_every_vault_is_upgraded_within_the_window(window: int) -> None:
    """All end closed, and never more at once than the window allows."""
    one, requests = fleet(7)
    await one.start(requests, window=window)
    await one.workflow.settle()

    assert (CampaignPhase.COMPLETED, "c" * 7) == (one.end.phase, one.end.marks)
    assert window == most_at_once(one)


async def test_the_next_vault_starts_when_one_is_upgraded() -> None:
    """A long vault holds up nobody, and neither do the hours in which jobs are awaited."""
    one, requests = fleet(5, minutes=(85, 15, 15, 15, 15))
    await one.start(requests, window=2)
    await one.workflow.settle()

    last = max(vault.record.ended_at for vault in one.classic.vaults.values())
    assert timedelta(minutes=85) <= last - NOON <= timedelta(minutes=90)


async def test_a_subscription_is_not_flooded() -> None:
    """Vaults of one subscription wait for each other, whatever the window."""
    one, requests = fleet(4)
    await one.start(requests, limits=Limits(window=4, per_subscription=1))
    await one.workflow.settle()

    assert ("cccc", 1) == (one.end.marks, most_at_once(one))


async def test_failures_beyond_the_threshold_pause_and_resuming_finishes() -> None:
    """The campaign stops starting, keeps following, says so, and goes on when told."""
    failing = [f"vault-{index:04d}" for index in (0, 1, 9)]
    one, requests = fleet(12, failing=failing)
    await one.start(requests, window=3, threshold=ErrorThreshold(count=1))
    await one.workflow.settle()
    assert ("paused", 2) == (one.status["phase"], one.status["counts"]["needs_support"])

    one.command(Verb.RESUME)
    await one.workflow.settle()

    assert (CampaignPhase.COMPLETED, 3, 9) == (
        one.end.phase,
        one.end.marks.count(Mark.NEEDS_SUPPORT),
        one.end.marks.count(Mark.CLOSED),
    )
    assert ["paused-by-threshold", "resume-done"] == one.trail


async def test_cancelling_lets_running_upgrades_finish() -> None:
    """What was started is followed to its verdict; what was not never is."""
    one, requests = fleet(6)
    await one.start(requests, window=2)
    one.command(Verb.CANCEL, after=5 * MINUTE)
    await one.workflow.settle()

    assert (CampaignPhase.CANCELLED, "cckkkk") == (one.end.phase, one.end.marks)
    assert 2 == len(one.classic.started)


async def test_pausing_and_resuming_by_hand() -> None:
    """Between the two nothing starts."""
    one, requests = fleet(4)
    await one.start(requests, window=1)
    one.command(Verb.PAUSE, after=5 * MINUTE)
    await one.workflow.settle(until=NOON + timedelta(hours=20))
    assert ("paused", 1) == (one.status["phase"], len(one.classic.started))

    one.command(Verb.RESUME)
    await one.workflow.settle()

    assert ("cccc", ["pause-done", "resume-done"]) == (one.end.marks, one.trail)


async def test_a_lost_report_does_not_stall_the_campaign() -> None:
    """The look a quarter of an hour later finds the run and frees the slot."""
    one, requests = fleet(3)
    one.workflow.lost_events.add(("upgrade-" + requests[0].vault.key, "slot"))
    await one.start(requests, window=1)
    await one.workflow.settle()

    assert "ccc" == one.end.marks
    assert "look_at_runs" in one.workflow.activity_calls


async def test_a_lost_message_is_sent_again() -> None:
    """A vault without a trace of a run gets its message once more."""
    one, requests = fleet(2)
    one.queue.lost.add(requests[0].vault.name)
    await one.start(requests, window=1)
    await one.workflow.settle()

    assert ("cc", 3) == (one.end.marks, len(one.queue.sent))


async def test_a_queue_that_is_away_pauses_the_campaign() -> None:
    """What may have been sent counts as in flight; the operator resumes when the queue is back."""
    one, requests = fleet(2)
    away = UnavailableError("no route", subject="queue vault-upgrades")
    one.queue.fail("send", *[away] * 5)
    await one.start(requests, window=1)
    await one.workflow.settle(until=NOON + timedelta(minutes=10))
    assert "paused" == one.status["phase"]
    assert "no route" in one.status["reason"]

    one.command(Verb.RESUME)
    await one.workflow.settle()

    assert "cc" == one.end.marks


async def test_a_run_that_is_there_already_is_joined() -> None:
    """Somebody else's run of the vault counts when it ends, though it reports to nobody."""
    one, requests = fleet(2)
    other = replace(requests[0], request_id="somebody-else")
    await one.queue.runs.start(other)
    await one.start(requests, window=1)
    await one.workflow.settle()

    assert ("cc", 2) == (one.end.marks, len(one.classic.started))


async def test_a_redrive_runs_the_allowed_ones_again() -> None:
    """A vault that was stopped runs again; one whose upgrade failed does not."""
    one, requests = fleet(3, failing=["vault-0001"])
    one.classic.fail("list_vaults", UnavailableError("later", subject="list"))
    one.classic.fail("read_vault", *[UnavailableError("later", subject="list")] * 5)
    await one.start(requests, window=1)
    one.command(Verb.REDRIVE, after=timedelta(minutes=50))
    await one.workflow.settle()

    assert ("cfc", 2) == (one.end.marks, one.end.round_no)


async def test_starts_wait_for_the_maintenance_window() -> None:
    """Nothing starts before the hours; what runs when they end goes on."""
    nights = Hours(days=tuple(Day), start=time(22), end=time(22, 30))
    one, requests = fleet(2, minutes=(60, 60))
    maintenance = MaintenanceWindow(time_zone="UTC", hours=(nights,))
    await one.start(requests, window=1, maintenance=maintenance)
    await one.workflow.settle()

    begun = sorted(vault.record.started_at for vault in one.classic.vaults.values())
    assert ["05T22", "06T22"] == [f"{at:%dT%H}" for at in begun]


@pytest.mark.parametrize("event", ["nonsense", {"kind": "progress"}, {"kind": "command"}, 7])
async def test_an_event_nobody_understands_is_passed_over(event: object) -> None:
    """Anybody may raise events by hand; a campaign outlives it."""
    one, requests = fleet(1)
    await one.start(requests, window=1)
    one.workflow.raise_event("campaign-c1", "slot", event)
    await one.workflow.settle()

    assert "c" == one.end.marks


async def test_the_history_is_cut() -> None:
    """Many vaults fit, because no history holds more than a few dozen events."""
    one, requests = fleet(30)
    await one.start(requests, window=10)
    await one.workflow.settle()

    assert "c" * 30 == one.end.marks
    assert 2 <= one.campaign.executions
    assert 250 > len(one.campaign.history)


async def test_vaults_that_end_at_once_are_one_send() -> None:
    """A whole window that ends in one moment costs a few messages to the hub, not one a vault."""
    one, requests = fleet(60)
    await one.start(requests, window=30)
    await one.workflow.settle()

    assert "c" * 60 == one.end.marks
    assert one.workflow.activity_calls.count(names.SEND_VAULTS) <= 6


async def test_a_flood_of_events_does_not_keep_the_history_from_being_cut() -> None:
    """However densely reports come, no history holds more than one flood of them."""
    one, requests = fleet(90)
    await one.start(requests, window=80)
    await one.workflow.settle()

    assert "c" * 90 == one.end.marks
    # The last history is never cut, so it is none of those that the first number is about.
    assert max(one.campaign.longest_history, len(one.campaign.history)) <= 250


async def test_failures_that_come_at_once_count_before_more_is_started() -> None:
    """Ten failures in one moment: nothing is sent between the first and the one too many."""
    failing = [f"vault-{number:04d}" for number in range(10)]
    one, requests = fleet(40, failing=failing)
    await one.start(requests, window=10, threshold=ErrorThreshold(count=2))
    await one.workflow.settle(until=NOON + timedelta(hours=2))

    # The first report comes alone and lets one vault in before the others are there.
    assert ("paused", 10 + 1) == (one.status["phase"], len(one.classic.started))
