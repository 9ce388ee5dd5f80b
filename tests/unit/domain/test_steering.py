"""What a campaign makes of progress, commands and time."""

import json
from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from domain.campaigns import (
    MAX_VAULTS,
    MAX_WINDOW,
    CampaignOptions,
    CampaignPhase,
    CampaignState,
    Cause,
    Command,
    ErrorThreshold,
    Limits,
    Mark,
    VaultProgress,
    Verb,
)
from domain.codec import from_json, to_json
from domain.maintenance import Day, Hours, MaintenanceWindow
from domain.steering import LOOK_INTERVAL, LOST_AFTER, PROVING_PER_LOOK, RESEND_EVERY, Steering
from domain.upgrade import RunState

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
NIGHTS = MaintenanceWindow(
    time_zone="UTC", hours=(Hours(days=tuple(Day), start=time(22), end=time(4)),)
)


def steering(marks: str = "....", *, window: int = 2, **changes: object) -> Steering:
    """A campaign as it stands; changes are those of its options or of its state."""
    options = CampaignOptions(
        limits=Limits(window=window),
        threshold=changes.pop("threshold", None),
        maintenance=changes.pop("maintenance", None),
    )
    state = CampaignState(
        campaign_id="c1", options=options, marks=marks, places="AAA" * len(marks), started_at=AT
    )
    return Steering(replace(state, **changes))


def started(marks: str = "....", **changes: object) -> Steering:
    """The same, with the window filled."""
    one = steering(marks, **changes)
    one.send(one.starts(AT), AT)
    return one


def progress(position: int, state: RunState, request_id: str = "c1") -> VaultProgress:
    """A report of one vault."""
    return VaultProgress(position=position, request_id=request_id, state=state)


def command(verb: Verb) -> Command:
    """What an operator asks for."""
    return Command(verb=verb, requested_by="ada", at=AT)


def test_a_vault_that_proves_frees_its_slot() -> None:
    """Waiting for jobs may take 12 hours and keeps nobody from starting."""
    one = started()
    one.take_progress(progress(0, RunState.PROVING))

    assert "ps.." == one.ledger.marks
    assert (2,) == one.starts(AT)


@pytest.mark.parametrize(
    ("request_id", "expected"), [("c1", "c"), ("c1.r2", "c"), ("c1.r3", "p"), ("other", "p")]
)
def test_a_proving_vault_ends_by_its_own_runs_only(request_id: str, expected: str) -> None:
    """Of this round or an earlier one; a made-up slot does not speak for a vault."""
    one = steering("p.", round_no=2)
    one.take_progress(progress(0, RunState.CLOSED, request_id))

    assert expected == one.ledger.marks[0]


def test_a_vault_that_ends_frees_its_slot() -> None:
    """An end is kept as its mark."""
    one = started()
    one.take_progress(progress(1, RunState.BLOCKED))

    assert "sb.." == one.ledger.marks


@pytest.mark.parametrize(
    "late",
    [
        progress(0, RunState.CLOSED, "c1.r9"),
        progress(7, RunState.CLOSED),
        progress(-1, RunState.CLOSED),
        progress(2, RunState.CLOSED),
        progress(0, RunState.UPGRADING),
    ],
)
def test_a_report_that_is_not_about_this_round_changes_nothing(late: VaultProgress) -> None:
    """Late, foreign and premature reports neither free slots nor end vaults."""
    one = started()
    one.take_progress(late)

    assert "ss.." == one.ledger.marks


def test_a_second_report_of_an_end_changes_nothing() -> None:
    """Events come at least once."""
    one = started()
    one.take_progress(progress(0, RunState.CLOSED))
    one.take_progress(progress(0, RunState.NEEDS_SUPPORT))

    assert "cs.." == one.ledger.marks


def test_the_last_end_completes_the_campaign() -> None:
    """Nothing is left to wait for."""
    one = started("..")
    one.take_progress(progress(0, RunState.CLOSED))
    one.take_progress(progress(1, RunState.NEEDS_DECISION))

    assert CampaignPhase.COMPLETED is one.phase


def test_everything_is_carried_to_the_next_history() -> None:
    """A campaign read back from its state goes on as if nothing had been."""
    one = started(threshold=ErrorThreshold(count=9))
    one.take_progress(progress(0, RunState.NEEDS_SUPPORT))
    one.take_command(command(Verb.PAUSE))
    one.take_command(command(Verb.RESUME))
    carried = Steering(from_json(CampaignState, to_json(one.state)))

    assert one.state == carried.state
    assert one.starts(AT) == carried.starts(AT)


def test_what_a_campaign_has_become_is_in_its_state() -> None:
    """What is missing there is as it was at the beginning in the next history."""
    one = started("...", pending=command(Verb.PAUSE))
    one.take_progress(progress(0, RunState.BLOCKED))
    one.take_command(command(Verb.REDRIVE))
    one.take_command(command(Verb.PAUSE))
    one.wake_at(AT)

    state = one.state
    assert (CampaignPhase.PAUSED, Cause.OPERATOR, "Paused by ada.", 2, None) == (
        state.phase,
        state.cause,
        state.reason,
        state.round_no,
        state.pending,
    )
    assert ([1], AT + LOOK_INTERVAL) == ([sent.position for sent in state.in_flight], state.look_at)


def test_forgiven_failures_are_in_the_state_and_in_the_reason() -> None:
    """Whoever reads that it paused again sees which failures are new."""
    one = started("......", window=4, threshold=ErrorThreshold(count=0))
    one.take_progress(progress(0, RunState.NEEDS_SUPPORT))
    assert "resumed" not in one.reason
    one.take_command(command(Verb.RESUME))
    assert 1 == one.state.forgiven

    one.take_progress(progress(1, RunState.NEEDS_SUPPORT))

    assert one.reason.startswith("1 of 6 vaults failed since it was resumed (1 before)")


def test_failures_of_a_paused_campaign_do_not_pause_it_again() -> None:
    """The reason stays what the operator gave."""
    one = started(threshold=ErrorThreshold(count=0))
    one.take_command(command(Verb.PAUSE))
    one.take_progress(progress(0, RunState.NEEDS_SUPPORT))

    assert Cause.OPERATOR is one.cause


@pytest.mark.parametrize("position", [-1, 4])
def test_a_report_of_no_vault_of_the_campaign_changes_nothing(position: int) -> None:
    """Neither one before the first nor one after the last."""
    one = started("....", window=4)
    one.take_progress(progress(position, RunState.CLOSED))

    assert "ssss" == one.ledger.marks


@pytest.mark.parametrize(
    ("phase", "verb", "expected"),
    [
        (CampaignPhase.COMPLETED, Verb.REDRIVE, (1,)),
        (CampaignPhase.CANCELLING, Verb.REDRIVE, ()),
        (CampaignPhase.RUNNING, Verb.PAUSE, ()),
    ],
)
def test_only_a_redrive_that_may_be_asks_for_instructions(
    phase: CampaignPhase, verb: Verb, expected: tuple[int, ...]
) -> None:
    """And for the failed upgrades only."""
    assert expected == steering("cfx", phase=phase).needs_instruction(command(verb))


def test_a_command_is_answered_and_noted() -> None:
    """Done or not, the trail and whoever asked are told."""
    one = steering()

    assert [True, False] == [one.take_command(command(Verb.PAUSE)) for _ in range(2)]
    assert ["pause-done", "pause-ignored"] == [note.what for note in one.take_notes()]


def test_a_vault_that_proves_is_looked_at_although_nothing_is_in_flight() -> None:
    """At the moment that was set first: a look put off by each event would never come."""
    one = steering("pc")

    assert [AT + LOOK_INTERVAL] * 2 == [one.wake_at(AT), one.wake_at(AT + LOOK_INTERVAL / 2)]


@pytest.mark.parametrize("phase", CampaignPhase)
def test_an_ended_campaign_has_nothing_to_wait_for(phase: CampaignPhase) -> None:
    """Paused and cancelling have."""
    ended = {CampaignPhase.COMPLETED, CampaignPhase.CANCELLED}

    assert (phase in ended) == steering(phase=phase).is_ended


@pytest.mark.parametrize(
    ("threshold", "failures", "expected"),
    [
        (ErrorThreshold(count=0), 1, CampaignPhase.PAUSED),
        (ErrorThreshold(count=1), 1, CampaignPhase.RUNNING),
        (ErrorThreshold(percent=10), 1, CampaignPhase.RUNNING),
        (ErrorThreshold(percent=10), 2, CampaignPhase.PAUSED),
        (None, 5, CampaignPhase.RUNNING),
    ],
)
def test_more_failures_than_tolerated_pause_the_campaign(
    threshold: ErrorThreshold | None, failures: int, expected: CampaignPhase
) -> None:
    """The threshold is what is tolerated; per cents are of all vaults."""
    one = started("." * 10, window=5, threshold=threshold)
    for position in range(failures):
        one.take_progress(progress(position, RunState.NEEDS_SUPPORT))

    assert expected is one.phase


def test_a_pause_says_why() -> None:
    """The operator reads numbers and what to do, and the trail keeps them."""
    one = started("." * 10, threshold=ErrorThreshold(count=0))
    one.take_progress(progress(0, RunState.STOPPED))

    assert one.reason.startswith("1 of 10 vaults failed")
    assert ["paused-by-threshold"] == [note.what for note in one.take_notes()]


def test_a_paused_campaign_starts_nothing() -> None:
    """What is in flight goes on."""
    one = started()
    one.take_command(command(Verb.PAUSE))
    one.take_progress(progress(0, RunState.CLOSED))

    assert () == one.starts(AT)
    assert "cs.." == one.ledger.marks


def test_resuming_forgives_the_failures_that_are_known() -> None:
    """Otherwise the next failure would pause it again, however long it ran well."""
    one = started("." * 6, window=3, threshold=ErrorThreshold(count=0))
    one.take_progress(progress(0, RunState.NEEDS_SUPPORT))
    one.take_command(command(Verb.RESUME))

    assert CampaignPhase.RUNNING is one.phase
    one.take_progress(progress(1, RunState.NEEDS_SUPPORT))
    assert CampaignPhase.PAUSED is one.phase


def test_cancelling_follows_what_runs_to_its_end() -> None:
    """Cancelled is what was never sent; the rest is tracked to the last."""
    one = started()
    one.take_command(command(Verb.CANCEL))
    assert (CampaignPhase.CANCELLING, "sskk") == (one.phase, one.ledger.marks)

    one.take_progress(progress(0, RunState.PROVING))
    one.take_progress(progress(1, RunState.CLOSED))
    assert CampaignPhase.CANCELLING is one.phase
    one.take_progress(progress(0, RunState.CLOSED))
    assert (CampaignPhase.CANCELLED, "cckk") == (one.phase, one.ledger.marks)


def test_cancelling_with_nothing_in_flight_ends_at_once() -> None:
    """There is nothing to wait for."""
    one = steering()
    one.take_command(command(Verb.CANCEL))

    assert CampaignPhase.CANCELLED is one.phase


def test_a_redrive_sends_under_a_new_request_id() -> None:
    """The old id would join the run that has ended."""
    one = started("..")
    one.take_progress(progress(0, RunState.BLOCKED))
    one.take_command(command(Verb.REDRIVE))

    assert "c1.r2" == one.request_id
    assert (0,) == one.starts(AT)


def test_a_redrive_of_an_ended_campaign_runs_it_again() -> None:
    """Only vaults that may be run again wait; a failed upgrade keeps its mark."""
    one = steering("cfx", phase=CampaignPhase.COMPLETED)
    one.take_command(command(Verb.REDRIVE))

    assert (CampaignPhase.RUNNING, "cf.") == (one.phase, one.ledger.marks)


def test_a_redrive_with_nothing_to_run_again_changes_nothing() -> None:
    """A completed campaign stays completed."""
    one = steering("cf", phase=CampaignPhase.COMPLETED)
    one.take_command(command(Verb.REDRIVE))

    assert (CampaignPhase.COMPLETED, 1) == (one.phase, one.state.round_no)


def test_a_failed_redrive_counts_afresh() -> None:
    """After a redrive the threshold counts from what is left as failed."""
    one = started("..x", threshold=ErrorThreshold(count=0), forgiven=1)
    one.take_command(command(Verb.REDRIVE))
    one.take_progress(progress(0, RunState.NEEDS_SUPPORT))

    assert CampaignPhase.PAUSED is one.phase


def test_a_command_out_of_turn_is_noted_and_ignored() -> None:
    """Two people may press at once; the second learns from the trail."""
    one = steering()
    one.take_command(command(Verb.RESUME))

    assert CampaignPhase.RUNNING is one.phase
    assert [("resume-ignored", "ada")] == [
        (note.what, note.requested_by) for note in one.take_notes()
    ]


def test_nothing_starts_outside_the_maintenance_window() -> None:
    """At noon it waits, and wakes when the hours begin."""
    one = steering(maintenance=NIGHTS)

    assert () == one.starts(AT)
    assert AT.replace(hour=22) == one.wake_at(AT)
    assert (0, 1) == one.starts(AT.replace(hour=22))


def test_with_something_in_flight_it_looks_after_a_while() -> None:
    """A report that was lost is found at the next look."""
    one = started()

    assert AT + LOOK_INTERVAL == one.wake_at(AT)
    assert not one.is_look_due(AT)
    assert one.is_look_due(AT + LOOK_INTERVAL)


def test_with_nothing_in_flight_only_a_command_matters() -> None:
    """A paused campaign without running vaults needs no timer."""
    one = steering()
    one.take_command(command(Verb.PAUSE))

    assert one.wake_at(AT) is None


def test_a_look_counts_like_a_report() -> None:
    """What the run itself says is as good as the event that was lost."""
    one = started()
    one.take_look((progress(0, RunState.CLOSED), progress(1, RunState.PROVING)), ())

    assert "cp.." == one.ledger.marks


def test_looks_go_round_those_that_wait_for_their_jobs() -> None:
    """However many prove, each gets its turn and no look grows beyond its size."""
    count = 2 * PROVING_PER_LOOK + 5
    one = steering("p" * count)
    seen = [position for _ in range(3) for position in one.look(AT)[1]]

    assert list(range(count)) == seen
    assert 0 == one.look(AT)[1][0]


def test_looks_go_on_in_the_next_history_where_they_were() -> None:
    """Otherwise a history cut often would ask the same vaults again and again."""
    one = steering("p" * (PROVING_PER_LOOK + 5))
    one.look(AT)

    assert PROVING_PER_LOOK == Steering(one.state).look(AT)[1][0]


def test_a_message_without_a_run_is_sent_again() -> None:
    """After an hour without a trace; a trace in between starts the count anew."""
    one = started()
    for _ in range(RESEND_EVERY):
        one.take_look((), (0,))
    assert [0] == [lost.position for lost in one.resends()]

    one.take_look((), ())
    assert () == one.resends()


def test_a_vault_without_a_trace_is_given_up_in_the_end() -> None:
    """Half a day later it counts as stopped, and the trail says where to look."""
    one = started("..")
    for _ in range(LOST_AFTER):
        one.take_look((), (0,))

    assert "xs" == one.ledger.marks
    assert ["vault-lost"] == [note.what for note in one.take_notes()]


def largest(window: int) -> Steering:
    """A campaign of the most vaults there may be, with so many in flight and the longest id."""
    campaign = CampaignState(
        campaign_id="c" * 60,
        options=CampaignOptions(limits=Limits(window=window)),
        marks=Mark.WAITING * MAX_VAULTS,
        places="AAA" * MAX_VAULTS,
        started_at=AT,
        round_no=99,
    )
    one = Steering(campaign)
    one.send(one.starts(AT), AT)
    return one


@pytest.mark.parametrize("mark", ["f", "x", "c"])
def test_the_status_stays_small(mark: str) -> None:
    """Ten thousand ended vaults do not make a status of ten thousand names."""
    status = steering(mark * MAX_VAULTS).status()

    assert MAX_VAULTS == sum(status["counts"].values())
    assert 1_000 > len(json.dumps(status))


def test_the_status_stays_small_whatever_happens() -> None:
    """Most vaults, most in flight, none with a trace, and a service that answers with pages."""
    one = largest(MAX_WINDOW)
    one.take_look((), tuple(range(MAX_WINDOW)))
    one.pause(Cause.FAILURE, "x" * 100_000)

    assert 2_000 > len(json.dumps(one.status()))


@pytest.mark.parametrize(("window", "most_kb"), [(50, 50), (200, 75), (MAX_WINDOW, 120)])
def test_ten_thousand_vaults_do_not_travel_from_history_to_history(
    window: int, most_kb: int
) -> None:
    """Four letters a vault and a line for each in flight; the plan itself is some megabytes."""
    carried = json.dumps(to_json(largest(window).state))

    assert 1000 * most_kb > len(carried)
