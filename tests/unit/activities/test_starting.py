"""DESIGN rule 1: an activity killed at any instruction leaves at most one upgrade."""

from dataclasses import replace
from datetime import timedelta

import pytest

from activities.starting import run_start_upgrade
from adapters.ports import Ports
from domain.errors import OutcomeUnknownError, RefusedError, UnavailableError
from domain.steps import Run, StartAnswer, StartKind, StartRequest
from domain.upgrade import (
    SEND_WITHIN,
    START_GRACE,
    ClassicVault,
    UpgradeRecord,
    UpgradeStatus,
)
from domain.vaults import ClassicVaultRef, VaultRef
from tests.fakes import (
    NOON,
    FakeClassicVaults,
    FakeClock,
    MemoryEvidence,
    classic_vault,
    fake_ports,
    upgrade_record,
    upgrade_request,
)
from tests.kill_points import Killed, KillSwitch, count_points, mortal

OURS = "ours-2017-09-05 12:00:00Z-P"
KILL_POINTS = 16
"""Two for each of the eight port calls of an undisturbed start; a test below holds it to that."""
MAX_LOOKS = 5
SHOWN_AFTER = START_GRACE - timedelta(seconds=10)
"""How late the slow service shows a start: just within the grace period."""


class SlowClassicVaults(FakeClassicVaults):
    """The worst service there could be: shows a start late, and would start a second one."""

    async def read_vault(self, vault: ClassicVaultRef) -> ClassicVault:
        known = await super().read_vault(vault)
        started_at = known.record.started_at if known.record else None
        if started_at is None or self.clock.now() - started_at >= SHOWN_AFTER:
            return known
        return replace(known, record=None)

    async def start_upgrade(
        self, vault: ClassicVault, target: VaultRef, operation_id: str
    ) -> UpgradeRecord:
        self.vaults[vault.ref.key] = replace(vault, record=None)
        return await super().start_upgrade(vault, target, operation_id)


def _ports() -> tuple[Ports, FakeClassicVaults, FakeClock]:
    clock = FakeClock()
    classic = SlowClassicVaults(classic_vault(), clock=clock)
    return fake_ports(classic=classic, clock=clock, evidence=MemoryEvidence(clock)), classic, clock


def _request(
    look_no: int = 1, operation_id: str = OURS, attempt: int = 1, **changes: str
) -> StartRequest:
    run = Run(instance_id="upgrade-1", request=upgrade_request(**changes))
    superseded = None if attempt == 1 else "earlier"
    return StartRequest(
        run=run,
        operation_id=operation_id,
        attempt=attempt,
        look_no=look_no,
        superseded=superseded,
    )


class DatelessVaults(FakeClassicVaults):
    """Behind something that strips the Date header of every answer."""

    async def read_vault(self, vault: ClassicVaultRef) -> ClassicVault:
        return replace(await super().read_vault(vault), answered_at=None)


class HeldUpVaults(FakeClassicVaults):
    """The second list, the one right before the send, takes its time."""

    async def read_vault(self, vault: ClassicVaultRef) -> ClassicVault:
        if self.count("read_vault") == 1:
            self.clock.advance(SEND_WITHIN + timedelta(seconds=1))
        return await super().read_vault(vault)


async def _look_until_clear(ports: Ports, clock: FakeClock, first_look: int = 1) -> StartAnswer:
    """What the orchestrator does: look, and look again after the grace period."""
    for look_no in range(first_look, first_look + MAX_LOOKS):
        answer = await run_start_upgrade(ports, _request(look_no))
        if answer.kind is not StartKind.WAIT:
            return answer
        clock.advance(START_GRACE)
    raise AssertionError("no end after the last look")


async def test_the_kill_points_cover_the_whole_activity() -> None:
    """The number of kill points below is the number an undisturbed start passes."""
    ports, _, _ = _ports()

    passed = await count_points(lambda mine: run_start_upgrade(mine, _request()), ports)

    assert KILL_POINTS == passed


@pytest.mark.parametrize("kill_at", range(1, KILL_POINTS + 1))
async def test_a_kill_anywhere_leaves_exactly_one_upgrade(kill_at: int) -> None:
    """Killed at any point and run again by the engine, the vault is upgraded once."""
    ports, classic, clock = _ports()
    with pytest.raises(Killed):
        await run_start_upgrade(mortal(ports, KillSwitch(kill_at=kill_at)), _request())

    answer = await _look_until_clear(ports, clock)

    assert (StartKind.STARTED, [OURS]) == (answer.kind, classic.started)


@pytest.mark.parametrize("second_kill", range(1, KILL_POINTS + 1))
@pytest.mark.parametrize("first_kill", [2, 10, 13, 14, 15])
async def test_two_kills_leave_exactly_one_upgrade(first_kill: int, second_kill: int) -> None:
    """The second execution may die anywhere, too."""
    ports, classic, clock = _ports()
    with pytest.raises(Killed):
        await run_start_upgrade(mortal(ports, KillSwitch(kill_at=first_kill)), _request())
    try:
        await run_start_upgrade(mortal(ports, KillSwitch(kill_at=second_kill)), _request())
    except Killed:
        clock.advance(timedelta(seconds=1))

    answer = await _look_until_clear(ports, clock)

    assert (StartKind.STARTED, [OURS]) == (answer.kind, classic.started)


async def test_a_lost_answer_is_found_again_and_nothing_sent_twice() -> None:
    """The effect happened and the answer was lost: the record shows it at the next look."""
    ports, classic, clock = _ports()
    classic.lose_answer("start_upgrade", OutcomeUnknownError("connection lost"))

    answer = await _look_until_clear(ports, clock)

    assert (StartKind.STARTED, [OURS]) == (answer.kind, classic.started)


async def test_a_request_that_never_left_is_sent_after_the_grace_period() -> None:
    """Nothing was sent, nothing shows: the same OperationId is sent once the grace is over."""
    ports, classic, clock = _ports()
    classic.fail("start_upgrade", UnavailableError("no route"))

    answer = await _look_until_clear(ports, clock)

    assert (StartKind.STARTED, [OURS]) == (answer.kind, classic.started)


async def test_nothing_is_sent_within_the_grace_period() -> None:
    """A second look before the grace period is over only looks."""
    ports, classic, clock = _ports()
    classic.fail("start_upgrade", UnavailableError("no route"))
    sent = await run_start_upgrade(ports, _request())
    clock.advance(START_GRACE - timedelta(seconds=1))

    answer = await run_start_upgrade(ports, _request(look_no=2))

    assert (StartKind.WAIT, 1) == (answer.kind, classic.count("start_upgrade"))
    assert ("no route", True) == (sent.reasons[0], "nothing shows yet" in answer.reasons[0])


async def test_a_send_that_was_held_up_is_left_out() -> None:
    """Another process may be about to find the grace period over: this one's turn has passed."""
    clock = FakeClock()
    classic = HeldUpVaults(classic_vault(), clock=clock)

    answer = await run_start_upgrade(fake_ports(classic=classic, clock=clock), _request())

    assert (StartKind.WAIT, 0) == (answer.kind, classic.count("start_upgrade"))


@pytest.mark.parametrize("wrong_by", [timedelta(hours=1), -timedelta(hours=1)])
async def test_the_grace_period_is_measured_by_the_services_clock(wrong_by: timedelta) -> None:
    """A machine whose clock is wrong neither sends early nor waits for ever."""
    ports, classic, clock = _ports()
    classic.fail("start_upgrade", UnavailableError("no route"), UnavailableError("no route"))
    await run_start_upgrade(ports, _request())
    elsewhere = replace(ports, clock=FakeClock(clock.now() + wrong_by))
    early = await run_start_upgrade(elsewhere, _request(look_no=2))
    sent_early = classic.count("start_upgrade")
    clock.advance(START_GRACE)

    await run_start_upgrade(elsewhere, _request(look_no=3))

    assert (StartKind.WAIT, 1, 2) == (early.kind, sent_early, classic.count("start_upgrade"))


async def test_an_answer_without_a_date_is_timed_by_this_machines_clock() -> None:
    """The grace period holds there, too; only its measure is the poorer one."""
    clock = FakeClock()
    classic = DatelessVaults(classic_vault(), clock=clock)
    classic.fail("start_upgrade", UnavailableError("no route"))
    ports = fake_ports(classic=classic, clock=clock, evidence=MemoryEvidence(clock))
    await run_start_upgrade(ports, _request())
    clock.advance(START_GRACE - timedelta(seconds=1))
    early = await run_start_upgrade(ports, _request(look_no=2))
    clock.advance(timedelta(seconds=1))

    answer = await run_start_upgrade(ports, _request(look_no=3))

    assert (StartKind.WAIT, StartKind.STARTED, [OURS]) == (early.kind, answer.kind, classic.started)


async def test_the_sends_of_an_attempt_are_counted_in_evidence() -> None:
    """Whoever reads the folder sees how often the start was sent, in order."""
    ports, classic, clock = _ports()
    classic.fail("start_upgrade", UnavailableError("no route"))
    await _look_until_clear(ports, clock)

    folder = f"vaults/{classic_vault().ref.key}/start/attempt-1"
    keys = await ports.evidence.list_keys(f"{folder}/send-")

    assert (f"{folder}/send-01.json", f"{folder}/send-02.json") == tuple(keys)


async def test_an_upgrade_of_somebody_else_is_adopted() -> None:
    """A foreign upgrade in progress is followed, not competed with."""
    ports, classic, _ = _ports()
    theirs = upgrade_record("theirs", started_at=NOON - timedelta(hours=1))
    classic.vaults[classic_vault().ref.key] = classic_vault(record=theirs)

    answer = await run_start_upgrade(ports, _request())

    assert (StartKind.ADOPTED, "theirs", 0) == (
        answer.kind,
        answer.record.operation_id if answer.record else None,
        classic.count("start_upgrade"),
    )


async def test_a_race_lost_to_the_portal_is_adopted() -> None:
    """The service refuses because somebody was faster: theirs is adopted."""
    ports, classic, _ = _ports()
    vault = classic_vault()

    class Faster(FakeClassicVaults):
        async def start_upgrade(self, *arguments: object) -> None:  # type: ignore[override]
            self.vaults[vault.ref.key] = replace(vault, record=upgrade_record("portal"))
            raise RefusedError("an upgrade is running", status=409)

    faster = Faster(vault, clock=classic.clock)

    answer = await run_start_upgrade(replace(ports, classic=faster), _request())

    assert (StartKind.ADOPTED, "portal") == (
        answer.kind,
        answer.record.operation_id if answer.record else None,
    )


async def test_a_refusal_without_a_record_is_given_back_with_its_reason() -> None:
    """The service's own words reach the operator."""
    ports, classic, _ = _ports()
    classic.fail("start_upgrade", RefusedError("a machine is registering"))

    answer = await run_start_upgrade(ports, _request())

    assert (StartKind.REFUSED, ("a machine is registering",)) == (answer.kind, answer.reasons)


async def test_an_upgraded_vault_is_left_alone() -> None:
    """A record that says Upgraded means there is nothing to start."""
    ports, classic, _ = _ports()
    done = upgrade_record("earlier", UpgradeStatus.UPGRADED, started_at=NOON - timedelta(hours=1))
    classic.vaults[classic_vault().ref.key] = classic_vault(record=done)

    answer = await run_start_upgrade(ports, _request())

    assert (StartKind.UPGRADED, 0) == (answer.kind, classic.count("start_upgrade"))


async def test_a_failed_record_is_never_started_over() -> None:
    """DESIGN rule 2: a failure stays a failure."""
    ports, classic, _ = _ports()
    failed = upgrade_record("earlier", UpgradeStatus.FAILED, started_at=NOON - timedelta(hours=1))
    classic.vaults[classic_vault().ref.key] = classic_vault(record=failed)

    answer = await run_start_upgrade(ports, _request())

    assert (StartKind.FAILED, 0) == (answer.kind, classic.count("start_upgrade"))
    assert "not started again unless Microsoft says so" in answer.reasons[0]


async def test_a_failure_on_record_bars_a_start_even_when_the_service_forgot_it() -> None:
    """DESIGN rule 2 holds by our own evidence, too."""
    ports, classic, _ = _ports()
    key = f"vaults/{classic_vault().ref.key}/start/attempt-1/failed.json"
    await ports.evidence.create(key, {"data": {}})

    answer = await run_start_upgrade(ports, _request())

    assert (StartKind.FAILED, 0) == (answer.kind, classic.count("start_upgrade"))


def _failed_earlier(classic: FakeClassicVaults) -> None:
    """The vault's first attempt has failed, and the list shows it."""
    failed = upgrade_record("earlier", UpgradeStatus.FAILED, started_at=NOON - timedelta(hours=1))
    classic.vaults[classic_vault().ref.key] = classic_vault(record=failed)


async def test_a_second_attempt_without_an_instruction_on_record_sends_nothing() -> None:
    """DESIGN rule 2: whoever asks for it, evidence has to hold Microsoft's instruction."""
    ports, classic, _ = _ports()
    _failed_earlier(classic)

    answer = await run_start_upgrade(ports, _request(attempt=2))

    assert (StartKind.FAILED, 0) == (answer.kind, classic.count("start_upgrade"))


async def test_a_second_attempt_with_an_instruction_on_record_sends_once() -> None:
    """The failure it is about does not stand in its way."""
    ports, classic, _ = _ports()
    _failed_earlier(classic)
    key = f"vaults/{classic_vault().ref.key}/start/attempt-2/authorization.json"
    await ports.evidence.create(key, {"data": {}})

    answer = await run_start_upgrade(ports, _request(attempt=2))

    assert (StartKind.STARTED, [OURS]) == (answer.kind, classic.started)


async def test_a_later_run_sends_the_operation_id_kept_first() -> None:
    """The intent outlives the run that wrote it: every send of an attempt has one id."""
    ports, classic, clock = _ports()
    classic.fail("start_upgrade", UnavailableError("no route"))
    await run_start_upgrade(ports, _request())
    clock.advance(START_GRACE)

    later = _request(operation_id="another", request_id="request-2")
    answer = await run_start_upgrade(ports, later)

    assert (OURS, [OURS]) == (answer.operation_id, classic.started)
