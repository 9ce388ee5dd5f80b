"""The counting of a campaign."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.campaigns import Mark
from domain.ledger import Ledger, Place

marks = st.text(alphabet="".join(Mark), max_size=40)


def ledger(text: str) -> Ledger:
    """A ledger whose vaults are all in one place."""
    return Ledger(text, "AAA" * len(text))


def test_a_ledger_is_carried_as_one_letter_per_vault() -> None:
    """What is written is what was read."""
    assert ".spctdfbnxk" == ledger(".spctdfbnxk").marks


def test_places_must_fit_the_marks() -> None:
    """A state that was cut off is noticed before anything is started from it."""
    with pytest.raises(ValueError, match="4 characters of places for 2 vaults"):
        Ledger("..", "AAAA")


def test_vaults_wait_in_the_order_of_the_plan() -> None:
    """Those that were started are passed over."""
    assert [1, 3] == list(ledger("s.c.").waiting())


def test_a_vault_that_waits_again_gets_its_old_place() -> None:
    """A redriven vault comes before those the plan had after it."""
    again = ledger("bs.")
    assert [2] == list(again.waiting())

    again.redrive()

    assert [0, 2] == list(again.waiting())


@given(marks, st.integers(0, 45))
def test_positions_are_those_with_the_marks(text, start) -> None:
    """From the start on, in order, none left out."""
    found = [index for index, mark in enumerate(text) if mark in "fx" and index >= start]

    assert found == list(ledger(text).positions(Mark.NEEDS_SUPPORT, Mark.STOPPED, start=start))


@pytest.mark.parametrize(("text", "expected"), [("cfx", True), ("c.", False), ("cp", False)])
def test_a_campaign_is_finished_when_every_end_is_known(text: str, expected: object) -> None:
    """A vault that only waits for its jobs has not ended."""
    assert expected is ledger(text).is_finished


def test_only_failed_and_stopped_vaults_count_as_failures() -> None:
    """A vault that is blocked or not approved was never touched."""
    assert 2 == ledger("cfxbndtk").failures


def test_cancelling_gives_up_only_what_waits() -> None:
    """Whatever was sent goes on."""
    cancelled = ledger("s.p.c")

    assert 2 == cancelled.cancel_waiting()
    assert "skpkc" == cancelled.marks


def test_a_redrive_leaves_failed_upgrades_alone() -> None:
    """A failed upgrade is never started again by a campaign (DESIGN rule 2)."""
    again = ledger("fbnxdkc")

    assert 3 == again.redrive()
    assert "f...dkc" == again.marks


def test_slots_are_counted_by_place() -> None:
    """A vault takes a slot of its subscription and region until it proves or ends."""
    one = Ledger("..", "AAA" + "ABA")
    one.put(0, Mark.SENT)
    one.put(1, Mark.SENT)
    one.put(0, Mark.PROVING)

    assert Place("AB", "A") == one.place(1)
    assert {"AA": 0, "AB": 1} == dict(one.in_subscription)
    assert {"A": 1} == dict(one.in_region)


@given(marks, st.data())
def test_counts_always_agree_with_the_marks(text: str, data: st.DataObject) -> None:
    """Any sequence of changes leaves the counts of a ledger that was read anew."""
    changed = ledger(text)
    if text:
        for _ in range(data.draw(st.integers(0, 20))):
            position = data.draw(st.integers(0, len(text) - 1))
            changed.put(position, data.draw(st.sampled_from(Mark)))

    fresh = ledger(changed.marks)
    assert +fresh.counts == +changed.counts
    assert +fresh.in_region == +changed.in_region
    assert list(fresh.waiting()) == list(changed.waiting())
