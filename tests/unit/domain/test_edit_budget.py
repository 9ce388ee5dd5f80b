"""At most 50 edits in any 24 hours, whatever was sent when."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.edit_budget import EDIT_WINDOW, MAX_EDITS, first_possible_end, next_edit_at
from tests.unit.domain.builders import NOW

LIMIT = 50
"""What the service allows (recovery-services 1.4), told here apart from what the code counts by."""
DAY = timedelta(hours=24)
"""The service's own window."""

gaps = st.lists(st.integers(0, 7200), min_size=0, max_size=200)


def _obeying(gaps_s: list[int]) -> list[datetime]:
    """The moments of edits that each waited as long as they were told to."""
    sent: list[datetime] = []
    at = NOW
    for gap in gaps_s:
        at += timedelta(seconds=gap)
        at = next_edit_at(sent, at) or at
        sent.append(at)
    return sent


@given(gaps)
def test_no_day_ever_has_more_edits_than_the_budget(gaps_s: list[int]) -> None:
    """However the edits come in, any 24 hours hold at most fifty."""
    sent = _obeying(gaps_s)

    assert all(sum(at <= one < at + DAY for one in sent) <= LIMIT for at in sent)


def test_a_vault_s_whole_budget_is_used_and_not_one_edit_more() -> None:
    """Of a hundred edits that could go at once, fifty do; the others come a day later."""
    sent = _obeying([0] * (2 * LIMIT))

    assert LIMIT == sum(one < NOW + DAY for one in sent)


def test_the_first_fifty_wait_for_nothing() -> None:
    """An empty ledger lets fifty through at once."""
    assert [NOW] * MAX_EDITS == _obeying([0] * MAX_EDITS)


def test_the_fifty_first_waits_for_the_oldest() -> None:
    """The window rolls with the edits; it is no calendar day."""
    edits = [NOW + timedelta(minutes=number) for number in range(MAX_EDITS)]

    assert NOW + EDIT_WINDOW == next_edit_at(edits, NOW + timedelta(hours=2))


def test_the_fifty_first_goes_when_the_oldest_has_left_the_window() -> None:
    """At the very moment, not one wait later."""
    edits = [NOW] * MAX_EDITS

    assert None is next_edit_at(edits, NOW + EDIT_WINDOW)


def test_older_edits_are_of_no_consequence() -> None:
    """Only the last fifty count."""
    edits = [NOW - timedelta(days=9)] * 500

    assert None is next_edit_at(edits, NOW)


def test_people_are_told_how_many_days_a_large_vault_takes() -> None:
    """200 policies take three waits after the first fifty."""
    assert NOW + 3 * EDIT_WINDOW == first_possible_end(4 * MAX_EDITS, [], NOW)
