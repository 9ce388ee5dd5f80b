"""Step 5 of an upgrade: following it to its end, however long that takes and whatever is away."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.errors import AccessDeniedError, UnavailableError
from domain.upgrade import ClassicVault, OperationInfo, RunState, UpgradeStatus
from orchestrators import names
from tests.estate import FakeEstate, estate_of_one
from tests.fakes import classic_ref, vault_ref
from tests.workflow import Workflow

KEY = classic_ref().key
WEEKS = timedelta(weeks=3)
FORBIDDEN = 403


def _away_until(estate: FakeEstate, until: datetime, *, status: int = 503) -> Workflow:
    """A workflow whose service cannot be asked until a moment."""
    workflow = estate.workflow()
    read = workflow.activities[names.READ_OPERATION]

    async def away(asked: Any) -> Any:
        if estate.clock.now() < until:
            # A new one each time: an exception raised again drags its whole past along.
            raise AccessDeniedError("no") if status == FORBIDDEN else UnavailableError("away")
        return await read(asked)

    workflow.activities = {**workflow.activities, names.READ_OPERATION: away}
    return workflow


@pytest.mark.parametrize("status", [503, FORBIDDEN])
async def test_weeks_in_which_nothing_can_be_read_are_outlived(status: int) -> None:
    """Not to be readable says nothing about the upgrade, so it ends nothing."""
    estate = estate_of_one()
    workflow = _away_until(estate, estate.clock.now() + WEEKS, status=status)

    outcome, _ = await estate.upgrade(workflow=workflow)

    assert (RunState.CLOSED, 1) == (outcome.state, len(estate.classic.started))


async def test_an_outage_of_weeks_keeps_its_history_short() -> None:
    """Hourly looks after the first day, cut every ten."""
    estate = estate_of_one()
    workflow = _away_until(estate, estate.clock.now() + WEEKS)

    await estate.upgrade(workflow=workflow)

    (waiting,) = [one for key, one in workflow.instances.items() if key.endswith(".await")]
    assert len(waiting.history) < 400


async def test_an_app_that_was_off_for_weeks_goes_on_where_it_was() -> None:
    """Timers fire late; the first look finds the end."""
    estate = estate_of_one()
    workflow = estate.workflow()
    read = workflow.activities[names.READ_OPERATION]
    looks: list[datetime] = []

    async def off(asked: Any) -> Any:
        looks.append(estate.clock.now())
        answer = await read(asked)
        if len(looks) == 1:
            estate.clock.advance(WEEKS)
        return answer

    workflow.activities = {**workflow.activities, names.READ_OPERATION: off}
    outcome, _ = await estate.upgrade(workflow=workflow)

    assert (RunState.CLOSED, 2) == (outcome.state, len(looks))


async def test_nothing_readable_for_three_months_ends_the_wait_not_the_upgrade() -> None:
    """There is an end to patience, and the reason says what is not known."""
    estate = estate_of_one()
    workflow = _away_until(estate, estate.clock.now() + timedelta(days=400))
    workflow.max_turns = 20_000
    estate.classic.duration = timedelta(days=399)

    outcome, _ = await estate.upgrade(workflow=workflow)

    assert (RunState.STOPPED, 1) == (outcome.state, len(estate.classic.started))
    assert outcome.reasons[0].startswith("Nothing could be read about the upgrade after 2160 hours")


async def test_an_upgrade_that_runs_for_a_day_ends_the_wait() -> None:
    """The service itself says that it is still at work; nothing is restarted."""
    estate = estate_of_one(duration=timedelta(days=30))
    began_at = estate.clock.now()

    outcome, _ = await estate.upgrade()

    assert (RunState.STOPPED, 1) == (outcome.state, len(estate.classic.started))
    assert timedelta(hours=24) <= estate.clock.now() - began_at < timedelta(hours=25)
    assert "Still running after 24 hours" in outcome.reasons[0]


@pytest.mark.parametrize(("minutes", "times"), [(95, 0), (105, 1), (300, 1)])
async def test_a_person_is_told_once_after_a_hundred_minutes(minutes: int, times: int) -> None:
    """Where the old client gave up; the upgrade goes on, and so does the run."""
    estate = estate_of_one(duration=timedelta(minutes=minutes))
    workflow = estate.workflow()

    outcome, _ = await estate.upgrade(workflow=workflow)

    assert (RunState.CLOSED, times) == (
        outcome.state,
        workflow.activity_calls.count(names.RECORD_ESCALATION),
    )


async def test_the_escalation_is_in_the_evidence() -> None:
    """With the OperationId, for whoever has to ask."""
    estate = estate_of_one(duration=timedelta(minutes=120))

    outcome, _ = await estate.upgrade()

    kept = await estate.evidence.read(f"{outcome.evidence_prefix}/07-escalation.json")
    assert outcome.operation_id == (kept["data"]["operationId"] if kept else None)


def _list_behind(estate: FakeEstate, lag: timedelta) -> Callable[[Any], Any]:
    """The list shows the end some time after the operation told it."""
    inspect = estate.workflow().activities[names.INSPECT_VAULT]

    async def behind(asked: Any) -> Any:
        answer = await inspect(asked)
        record = estate.classic.vaults[KEY].record
        if record is None or record.ended_at is None:
            return answer
        if estate.clock.now() - record.ended_at < lag:
            return {**answer, "record": {**answer["record"], "status": "InProgress"}}
        return answer

    return behind


async def test_a_twenty_minute_upgrade_takes_at_most_25_calls_in_all() -> None:
    """Lists, check, start and polls; the old client took 84."""
    estate = estate_of_one(duration=timedelta(minutes=20))

    await estate.upgrade()

    assert len(estate.classic.calls) <= 25


async def test_a_list_that_lags_behind_the_end_is_read_again() -> None:
    """The operation is told as done before the record is."""
    estate = estate_of_one()
    behind = _list_behind(estate, timedelta(minutes=3))

    outcome, _ = await estate.upgrade(workflow=estate.workflow(inspect_vault=behind))

    assert RunState.CLOSED == outcome.state


async def test_a_list_that_never_shows_the_end_stops_the_run() -> None:
    """The two sources disagree for good: that is for a person, and nothing is restarted."""
    estate = estate_of_one()
    behind = _list_behind(estate, timedelta(days=9))

    outcome, _ = await estate.upgrade(workflow=estate.workflow(inspect_vault=behind))

    assert (RunState.STOPPED, 1) == (outcome.state, len(estate.classic.started))
    assert "Completed/Succeeded" in outcome.reasons[0]


async def test_the_code_of_a_failure_is_in_the_reason() -> None:
    """Support will ask for it."""
    estate = estate_of_one(end=UpgradeStatus.FAILED, message="It failed.")
    workflow = estate.workflow()
    read = workflow.activities[names.READ_OPERATION]

    async def coded(asked: Any) -> Any:
        return {**await read(asked), "error_code": "BackendUnreachable"}

    workflow.activities = {**workflow.activities, names.READ_OPERATION: coded}
    outcome, _ = await estate.upgrade(workflow=workflow)

    assert outcome.reasons[0].startswith("The upgrade failed: BackendUnreachable: It failed. ")


async def test_an_adopted_upgrade_counts_from_its_own_start() -> None:
    """It has run for 90 minutes already: ten more, and a person is told."""
    estate = estate_of_one(duration=timedelta(minutes=110))
    vault = estate.classic.vaults[KEY]
    await estate.classic.start_upgrade(vault, vault_ref(), "theirs")
    record = estate.classic.vaults[KEY].record
    started_at = estate.clock.now() - timedelta(minutes=90)
    if record is not None:
        estate.classic.vaults[KEY] = replace(vault, record=replace(record, started_at=started_at))
    workflow = estate.workflow()

    outcome, _ = await estate.upgrade(workflow=workflow)

    assert ("theirs", 1) == (
        outcome.operation_id,
        workflow.activity_calls.count(names.RECORD_ESCALATION),
    )


@pytest.mark.parametrize("word", ["Queued", ""])
async def test_a_status_not_seen_before_is_no_end_while_the_record_runs(word: str) -> None:
    """The old client would have called it a time-out (vault-upgrade 1.4)."""
    estate = estate_of_one()
    read = estate.classic.read_operation

    async def strange(vault: ClassicVault) -> OperationInfo:
        info = await read(vault)
        return replace(info, status=word, result="Invalid") if info.is_running else info

    estate.classic.read_operation = strange  # type: ignore[method-assign]

    outcome, _ = await estate.upgrade()

    assert (RunState.CLOSED, 1) == (outcome.state, len(estate.classic.started))


async def test_a_status_not_seen_before_is_an_end_once_the_record_has_ended() -> None:
    """The record of the list decides what it was."""
    estate = estate_of_one(end=UpgradeStatus.FAILED)
    read = estate.classic.read_operation

    async def strange(vault: ClassicVault) -> OperationInfo:
        info = await read(vault)
        return info if info.is_running else replace(info, status="Aborted")

    estate.classic.read_operation = strange  # type: ignore[method-assign]

    outcome, _ = await estate.upgrade()

    assert RunState.NEEDS_SUPPORT == outcome.state
