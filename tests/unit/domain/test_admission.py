"""The order in which vaults wait that nobody paces."""

from datetime import UTC, datetime

import pytest

from domain.admission import (
    BLOCK_SIZE,
    LOOK_INTERVAL,
    RETRY_AFTER,
    Admission,
    AdmissionState,
    AdmitAnswer,
    AdmitRequest,
    Admitted,
    AdmittedAnswer,
    Arrival,
    block_of,
    block_prefix,
    entry_key,
    position_of,
    taken_key,
    waiting_keys,
)
from domain.campaigns import VaultProgress
from domain.codec import from_json, to_json
from domain.upgrade import RunState
from tests.unit.domain.builders import VAULT, upgrade_request

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def admission(*, window: int = 2, must_search: bool = False) -> Admission:
    """Admission with nothing in flight."""
    return Admission(AdmissionState(window=window, must_search=must_search))


def arrival(block: int = 0, window: int = 2) -> Arrival:
    """Something waits in a folder."""
    return Arrival(block=block, window=window)


def admitted(*positions: int) -> tuple[Admitted, ...]:
    """Vaults that were started."""
    return tuple(Admitted(position=one, request_id="r1", vault=VAULT) for one in positions)


def answer(*positions: int, blocks: tuple[int, ...] = (), waiting: int = 0) -> AdmitAnswer:
    """What a call came to."""
    return AdmitAnswer(admitted=admitted(*positions), blocks=blocks, waiting=waiting)


def progress(position: int, request_id: str = "r1") -> VaultProgress:
    """A vault proves its jobs."""
    return VaultProgress(position=position, request_id=request_id, state=RunState.PROVING)


def test_entries_sort_in_the_order_of_arrival() -> None:
    """Over the borders of folders, and however many digits the numbers have."""
    numbers = [1, 2, 10, BLOCK_SIZE - 1, BLOCK_SIZE, 10**12]
    keys = [entry_key(number, upgrade_request()) for number in numbers]

    assert keys == sorted(keys)
    assert numbers == [position_of(key) for key in keys]


def test_an_entry_is_in_the_folder_of_its_number() -> None:
    """One listing of a folder is one look at the order."""
    key = entry_key(1234, upgrade_request())

    assert key.startswith(block_prefix(block_of(1234)))


def test_entries_of_different_requests_never_share_a_key() -> None:
    """A broker that starts afresh counts from one again."""
    first, second = upgrade_request(request_id="a"), upgrade_request(request_id="b")

    assert entry_key(1, first) != entry_key(1, second)


def test_an_entry_that_was_taken_waits_no_longer() -> None:
    """What is listed is what is left, in order."""
    keys = tuple(entry_key(number, upgrade_request()) for number in (3, 1, 2))

    assert [keys[1], keys[0]] == waiting_keys((*keys, taken_key(keys[2])))


def test_nothing_is_started_before_something_has_arrived() -> None:
    """Idle admission asks for nothing."""
    assert admission().next_request(AT, "b") is None


def test_an_arrival_is_started_while_a_slot_is_free() -> None:
    """The call says where to look and how many at most."""
    one = admission(window=3)
    one.take_arrival(arrival(7, window=3))

    assert AdmitRequest(batch_id="b", blocks=(7,), must_search=False, limit=3) == one.next_request(
        AT, "b"
    )


def test_a_fresh_admission_searches_everywhere() -> None:
    """Whoever terminated the old one loses nothing that waits."""
    request = admission(must_search=True).next_request(AT, "b")

    assert request is not None
    assert request.must_search


def test_a_full_window_starts_nothing() -> None:
    """Until a vault reports; one that proves its jobs needs no slot."""
    one = admission()
    one.take_answer(answer(1, 2, blocks=(0,), waiting=5))
    assert one.next_request(AT, "b") is None

    one.take_progress(progress(2))

    assert 1 == getattr(one.next_request(AT, "b"), "limit", None)


def test_a_report_of_another_run_frees_nothing() -> None:
    """Positions repeat when a broker starts afresh; request ids do not."""
    one = admission(window=1)
    one.take_answer(answer(1, blocks=(0,)))
    one.take_progress(progress(1, "other"))

    assert one.next_request(AT, "b") is None


def test_a_folder_in_which_nothing_waits_is_forgotten() -> None:
    """Only a new arrival brings it back."""
    one = admission()
    one.take_arrival(arrival(0))
    one.take_answer(answer())
    assert one.next_request(AT, "b") is None

    one.take_arrival(arrival(0))
    assert one.next_request(AT, "b") is not None


def test_the_settings_of_the_latest_arrival_hold() -> None:
    """A changed window needs no restart of admission."""
    one = admission(window=1)
    one.take_arrival(arrival(0, window=50))

    assert 50 == one.state.window


def test_a_failed_start_is_tried_again_after_a_while() -> None:
    """Not at once, and not never."""
    one = admission()
    one.take_arrival(arrival())
    one.hold(AT)

    assert one.next_request(AT, "b") is None
    assert AT + RETRY_AFTER == one.wake_at(AT)
    assert one.next_request(AT + RETRY_AFTER, "b") is not None


def test_runs_in_flight_are_looked_at_after_a_while() -> None:
    """A report that was lost frees its slot at the next look."""
    one = admission(window=1)
    one.take_answer(answer(1, blocks=(0,), waiting=1))
    due = one.wake_at(AT)
    assert AT + LOOK_INTERVAL == due
    assert one.look(AT) is None

    look = one.look(AT + LOOK_INTERVAL)
    one.take_look(AdmittedAnswer(free=look.in_flight if look else ()))

    assert one.next_request(AT, "b") is not None


def test_idle_admission_needs_no_timer() -> None:
    """Nothing in flight, nothing to look at."""
    assert admission().wake_at(AT) is None


def test_everything_is_carried_to_the_next_history() -> None:
    """Admission read back from its state goes on as if nothing had been."""
    one = admission(window=4)
    one.take_arrival(arrival(3, window=4))
    one.take_answer(answer(1, 2, blocks=(3, 4), waiting=9))
    one.wake_at(AT)
    one.hold(AT)

    assert one.state == Admission(from_json(AdmissionState, to_json(one.state))).state


@pytest.mark.parametrize("window", [0, -3])
def test_a_window_is_never_closed(window: int) -> None:
    """A setting that makes no sense does not stop everything for good."""
    one = admission()
    one.take_arrival(arrival(0, window=window))

    assert 1 == one.state.window
