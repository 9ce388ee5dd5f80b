"""How numbers, moments and states are worded."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.findings import Verdict
from domain.upgrade import END_STATES, RunState
from reports.words import (
    STATES,
    VERDICTS,
    Tone,
    count,
    format_duration,
    format_moment,
    state_wording,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (-3, "0 s"),
        (0.4, "0 s"),
        (59.6, "1 min 00 s"),
        (61, "1 min 01 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (43_440, "12 h 04 min"),
        (86_400, "1 d 00 h"),
        (200_000, "2 d 07 h"),
    ],
)
def test_duration_has_its_two_largest_units(seconds, text):
    """A duration is shown with its two largest units."""
    assert text == format_duration(seconds)


def test_moment_is_shown_in_utc():
    """A moment of another zone is converted, never relabelled."""
    two_hours_east = timezone(timedelta(hours=2))

    assert "2017-09-05 10:00:00 UTC" == format_moment(
        datetime(2017, 9, 5, 12, 0, tzinfo=two_hours_east)
    )


def test_absent_moment_is_a_dash():
    """A moment nobody knows is a dash."""
    assert "-" == format_moment(None)


def test_microseconds_do_not_show():
    """Moments are shown to the second."""
    assert "2017-09-05 12:00:00 UTC" == format_moment(datetime(2017, 9, 5, 12, 0, 0, 9, tzinfo=UTC))


def test_every_end_has_a_wording():
    """No end of a run lacks its words."""
    assert END_STATES == set(STATES)


def test_every_verdict_has_a_wording():
    """No verdict lacks its words."""
    assert set(Verdict) == set(VERDICTS)


def test_only_closed_is_good():
    """Only a vault with nothing left to do is shown as good."""
    assert [RunState.CLOSED] == [s for s, wording in STATES.items() if wording.tone is Tone.GOOD]


def test_state_on_the_way_is_neutral():
    """A state that is no end is named as it is and asks for no attention."""
    wording = state_wording("awaiting_approval")

    assert ("awaiting approval", Tone.NEUTRAL) == (wording.label, wording.tone)


@pytest.mark.parametrize(("number", "text"), [(0, "0 vaults"), (1, "1 vault"), (2, "2 vaults")])
def test_noun_follows_its_number(number, text):
    """One thing is singular, everything else plural."""
    assert text == count(number, "vault")
